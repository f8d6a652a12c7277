"""Over HTTP a shop's secret takes two people; whoever approves it is shown it once."""

import base64
from typing import Any

import pytest

from partners.credentials.service import issue
from tests.clients import Cabinet
from tests.tracker.adjustments.staff import hired, told
from tests.world import Shop, World, created
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role


@pytest.fixture
def admin(world: World) -> Cabinet:
    return hired(world, "admin", Role.ADMIN)


@pytest.fixture
def anna(world: World) -> Cabinet:
    return hired(world, "anna", Role.APPROVER)


def asked(admin: Cabinet, shop: Shop, **more: Any) -> dict[str, Any]:
    url = f"/admin/api/v1/shops/{shop.slug}/secrets"
    response = admin.post(url, json={"reason": "theirs leaked"} | more)
    assert response.status_code == 201, response.get_json()
    found: dict[str, Any] = response.get_json()
    return found


def approved(by: Cabinet, one: dict[str, Any]) -> Any:
    body = {"sha256": one["payload_sha256"]}
    return by.post(f"/admin/api/v1/proposals/{one['id']}/approve", json=body)


def opens(world: World, shop: Shop, secret: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return world.post(Shop(shop.id, shop.slug, key), created("A-1", None, 1)).status_code < 300


def test_whoever_approves_is_shown_it_and_nobody_else(
    world: World, admin: Cabinet, anna: Cabinet
) -> None:
    shop = world.shop("tea")
    one = asked(admin, shop)
    assert len(world.query("SELECT FROM webhook_secrets")) == 1
    assert told(approved(admin, one)) == (403, "approver_proposed_it")
    made = approved(anna, one).get_json()["told"]
    assert opens(world, shop, made["secret"])
    assert world.post(shop, created("A-2", None, 1)).status_code == 202
    shown = anna.get(f"/admin/api/v1/proposals/{one['id']}").text
    kept = world.query("SELECT t::text FROM proposals t UNION SELECT t::text FROM audit_entries t")
    assert made["secret"] not in shown
    assert not any(made["secret"] in row[0] for row in kept)


def test_a_rotation_ends_the_present_ones_after_the_overlap(
    world: World, admin: Cabinet, anna: Cabinet
) -> None:
    shop = world.shop("tea")
    one = asked(admin, shop, rotate=True, overlap_hours=0)
    made = approved(anna, one).get_json()["told"]
    assert opens(world, shop, made["secret"])
    assert world.post(shop, created("A-2", None, 1)).status_code == 401
    cards = anna.get("/admin/api/v1/shops/tea/secrets").get_json()["items"]
    assert [card["revoked_at"] is None for card in cards] == [False, True]


def test_secrets_that_changed_since_are_looked_at_anew(
    world: World, admin: Cabinet, anna: Cabinet
) -> None:
    shop = world.shop("tea")
    one = asked(admin, shop)
    with unit_of_work(world.tools.engine) as session:
        issue(session, world.tools.settings.keys, shop.id)
    assert told(approved(anna, one)) == (409, "proposal_stale")
    again = admin.post("/admin/api/v1/shops/tea/secrets", json={"reason": "anew"})
    assert again.status_code == 201


@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": "a", "overlap_hours": -1}, {"reason": "a", "x": 1}]
)
def test_what_cannot_be_is_refused(world: World, admin: Cabinet, body: dict[str, Any]) -> None:
    world.shop("tea")
    assert admin.post("/admin/api/v1/shops/tea/secrets", json=body).status_code == 422
    nowhere = admin.post("/admin/api/v1/shops/none/secrets", json={"reason": "a"})
    assert told(nowhere) == (404, "shop_not_found")


def test_one_waits_at_a_time(world: World, admin: Cabinet) -> None:
    shop = world.shop("tea")
    asked(admin, shop)
    again = admin.post("/admin/api/v1/shops/tea/secrets", json={"reason": "again"})
    assert told(again) == (409, "proposal_waits")
