"""A shop's dialect by the API: shown, checked and set."""

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.webhooks.mapping.samples import MAPPING, changed
from tests.webhooks.test_shops_dialect import ACTS, SETTINGS, token
from tests.world import Shop, World
from tracker.staff.rules import Role


@pytest.fixture
def admin(world: World) -> Mapping[str, str]:
    """The headers of an admin."""
    return {"Authorization": f"Bearer {token(world, Role.ADMIN)}"}


def put(world: World, shop: Shop, headers: Mapping[str, str], body: Any, query: str = "") -> Any:
    url = f"/admin/api/v1/shops/{shop.slug}/dialect{query}"
    answer: TestResponse = world.client().put(url, json=body, headers=headers)
    return answer.status_code, answer.get_json()


def test_the_api_shows_checks_and_saves(world: World, admin: Mapping[str, str]) -> None:
    shop = world.shop()
    wanted = {"dialect": "mapped", "mapping": MAPPING}
    status, found = put(world, shop, admin, wanted, "?check=true")
    assert (status, found["saved"], world.query(SETTINGS)) == (200, False, [])
    status, found = put(world, shop, admin, wanted)
    assert (status, found["saved"], found["was"]) == (200, True, "native")
    assert found["changes"]["/order_id"] == {"old": None, "new": "/заказ/номер"}
    viewer = {"Authorization": f"Bearer {token(world, Role.VIEWER)}"}
    shown = world.client().get(f"/admin/api/v1/shops/{shop.slug}/dialect", headers=viewer)
    assert shown.get_json()["mapping"] == MAPPING
    assert shown.get_json()["schemes"][1] == {
        "name": "header-key",
        "field": None,
        "trusted": True,
        "proves": "that the sender has the shop's key, which no address and no log line shows",
    }
    assert [row.who for row in world.query(ACTS)] == ["admin"]


def test_the_api_names_every_fault_of_a_mapping(world: World, admin: Mapping[str, str]) -> None:
    shop = world.shop()
    faulty = changed(MAPPING, numbers__unit="dollars", typo=1)
    status, found = put(world, shop, admin, {"dialect": "mapped", "mapping": faulty})
    assert (status, found["code"]) == (422, "mapping_invalid")
    assert {one["field"] for one in found["errors"]} == {"/numbers/unit", "/typo"}
    assert world.query(SETTINGS) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"dialect": "klingon"}, 422, "invalid"),
        ({"mapping": {}}, 422, "invalid"),
        ({"dialect": "mapped"}, 422, "mapping_invalid"),
        ({"dialect": "mapped", "mapping": []}, 422, "invalid"),
        ({"dialect": "native", "mapping": {}}, 422, "mapping_not_asked_for"),
        ({"dialect": "native", "role": "admin"}, 422, "invalid"),
    ],
)
def test_the_api_refuses(
    world: World, admin: Mapping[str, str], body: Any, status: int, code: str
) -> None:
    found = put(world, world.shop(), admin, body)
    assert (found[0], found[1]["code"]) == (status, code)


def test_the_api_knows_no_such_shop(world: World, admin: Mapping[str, str]) -> None:
    nowhere = Shop(0, "nowhere", b"")
    assert put(world, nowhere, admin, {"dialect": "native"})[0] == 404
    found = world.client().get("/admin/api/v1/shops/nowhere/dialect", headers=admin)
    assert found.status_code == 404
