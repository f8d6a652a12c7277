"""Rates that change by more than one person may change them; shops and offers for staff."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from partners.offers.rules import is_far
from tests.clients import Cabinet
from tests.partners.offers.test_shops_import import done, import_rows
from tests.signing_in import at
from tests.tracker.adjustments.staff import hired, told
from tests.world import World, day
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.staff.rules import Role

OFFERS = "/admin/api/v1/offers"
NOW = day(60)


@pytest.fixture
def world(world: World) -> World:
    return at(world, NOW)


@pytest.fixture
def admin(world: World) -> Cabinet:
    return hired(world, "admin", Role.ADMIN)


@pytest.fixture
def anna(world: World) -> Cabinet:
    return hired(world, "anna", Role.APPROVER)


def wish(shop: str = "shop", cashback: str = "10.00", **more: Any) -> dict[str, Any]:
    said = {"shop": shop, "cashback_percent": cashback, "commission_percent": "12.00"}
    return said | {"hold_days": 30, "on_hold_end": "confirm", "reason": "agreed"} | more


def rates(world: World) -> list[int]:
    rows = world.query("SELECT cashback_bp FROM offers ORDER BY shop_id, valid_from")
    return [row.cashback_bp for row in rows]


def approve(world: World, by: Cabinet, proposal_id: int) -> Any:
    path = f"/admin/api/v1/proposals/{proposal_id}"
    seal = by.get(path).get_json()["payload_sha256"]
    return by.post(f"{path}/approve", json={"sha256": seal})


def test_small_changes_hold_at_once(world: World, admin: Cabinet) -> None:
    world.shop(cashback=1000)
    same = admin.post(OFFERS, json=wish())
    assert same.get_json() == {"state": "unchanged", "proposal_id": None}
    changed = admin.post(OFFERS, json=wish(cashback="13.00"))
    assert changed.get_json() == {"state": "changed", "proposal_id": None}
    assert rates(world) == [1000, 1300]


def test_large_ones_hold_when_another_agreed(world: World, admin: Cabinet, anna: Cabinet) -> None:
    world.shop(cashback=1000)
    asked = admin.post(OFFERS, json=wish(cashback="13.01")).get_json()
    assert asked["state"] == "proposed"
    assert rates(world) == [1000]
    assert told(admin.post(OFFERS, json=wish(cashback="14.00"))) == (409, "proposal_waits")
    assert told(approve(world, admin, asked["proposal_id"])) == (403, "approver_proposed_it")
    assert approve(world, anna, asked["proposal_id"]).status_code == 200
    assert rates(world) == [1000, 1301]
    acts = world.query("SELECT who, action FROM audit_entries WHERE subject = 'shop:shop'")
    assert [tuple(row) for row in acts] == [
        ("admin", "shop.terms.propose"),
        ("anna", "shop.terms"),
        ("anna", "shop.terms.approve"),
    ]


def test_they_hold_from_the_approval_on_and_not_before(
    world: World, admin: Cabinet, anna: Cabinet
) -> None:
    world.shop(cashback=1000)
    early, late = day(40), day(70)
    first = admin.post(OFFERS, json=wish(cashback="20.00", since=early.isoformat())).get_json()
    assert approve(world, anna, first["proposal_id"]).status_code == 200
    second = admin.post(OFFERS, json=wish(cashback="30.00", since=late.isoformat())).get_json()
    assert approve(world, anna, second["proposal_id"]).status_code == 200
    rows = world.query("SELECT valid_from FROM offers ORDER BY valid_from")
    assert [row.valid_from for row in rows][1:] == [NOW, late]


def test_small_steps_do_not_add_up(world: World, admin: Cabinet) -> None:
    world.shop(cashback=1000)
    said = [admin.post(OFFERS, json=wish(cashback=rate)) for rate in ("12.00", "13.00", "14.00")]
    assert [one.get_json()["state"] for one in said] == ["changed", "changed", "proposed"]


def test_nor_do_steps_into_the_past(world: World, admin: Cabinet) -> None:
    world.shop(cashback=1000)
    for step in range(7):
        since = NOW - timedelta(days=30 * (6 - step))
        admin.post(OFFERS, json=wish(cashback=f"{13 + 3 * step}.00", since=since.isoformat()))
    shop = admin.get("/admin/api/v1/shops/shop").get_json()
    assert shop["terms"]["cashback_percent"] == "13.00"
    rows = world.query("SELECT valid_from FROM offers ORDER BY valid_from")
    assert [row.valid_from for row in rows] == [day(-10), NOW], "nothing was promised before"


def test_nor_do_steps_into_the_future(world: World, admin: Cabinet) -> None:
    world.shop(cashback=1000)
    said = [
        admin.post(OFFERS, json=wish(cashback=rate, since=day(90 + 31 * step).isoformat()))
        for step, rate in enumerate(("13.00", "16.00"))
    ]
    assert [one.get_json()["state"] for one in said] == ["changed", "proposed"]


def test_a_shop_whose_terms_begin_later_has_had_its_first(world: World, admin: Cabinet) -> None:
    world.shop(cashback=1000)
    world.change_as_owner("DELETE FROM offers")
    first = admin.post(OFFERS, json=wish(since=day(90).isoformat()))
    assert first.get_json()["state"] == "changed"
    assert admin.post(OFFERS, json=wish(cashback="31.00")).get_json()["state"] == "proposed"


def test_a_hold_that_ends_much_sooner_takes_two(world: World, admin: Cabinet) -> None:
    world.shop(cashback=1000)
    said = [admin.post(OFFERS, json=wish(hold_days=days)) for days in (16, 15)]
    assert [one.get_json()["state"] for one in said] == ["changed", "proposed"]


def test_why_they_were_changed_stands_in_the_audit(world: World, admin: Cabinet) -> None:
    world.shop(cashback=1000)
    admin.post(OFFERS, json=wish(cashback="11.00", reason="their letter"))
    (row,) = world.query("SELECT reason FROM audit_entries WHERE action = 'shop.terms'")
    assert row.reason == "their letter"


def test_who_approves_sees_the_terms_of_then_and_all_later_ones(
    world: World, admin: Cabinet, anna: Cabinet
) -> None:
    world.shop(cashback=1000)
    later = admin.post(OFFERS, json=wish(cashback="11.00", since=day(120).isoformat()))
    assert later.get_json()["state"] == "changed"
    asked = admin.post(OFFERS, json=wish(cashback="20.00")).get_json()["proposal_id"]
    seen = anna.get(f"/admin/api/v1/proposals/{asked}").get_json()["seen"]
    assert seen["cashback_bp"] == 1000
    assert [one["cashback_bp"] for one in seen["later"]] == [1100]
    assert admin.post(OFFERS, json=wish(cashback="8.00")).get_json()["state"] == "changed"
    assert told(approve(world, anna, asked)) == (409, "proposal_stale")


def test_terms_that_changed_since_are_not_overwritten(
    world: World, admin: Cabinet, anna: Cabinet
) -> None:
    shop = world.shop(cashback=1000)
    asked = admin.post(OFFERS, json=wish(cashback="20.00")).get_json()
    world.promise(shop, Terms(1100, 1200, 30, OnHoldEnd.CONFIRM), NOW)
    assert told(approve(world, anna, asked["proposal_id"])) == (409, "proposal_stale")
    assert rates(world) == [1000, 1100]


@pytest.mark.parametrize(
    "change",
    [
        {"shop": "nobody"},
        {"cashback_percent": "50.01"},
        {"commission_percent": "100.01"},
        {"cashback_percent": 5},
        {"hold_days": 91},
        {"hold_days": "30"},
        {"on_hold_end": "perhaps"},
        {"reason": ""},
        {"since": "tomorrow"},
    ],
)
def test_what_cannot_be_is_refused(world: World, admin: Cabinet, change: Mapping[str, Any]) -> None:
    world.shop(cashback=1000)
    assert admin.post(OFFERS, json=wish() | dict(change)).status_code == 422
    assert rates(world) == [1000]


def test_an_import_takes_what_is_small_and_proposes_the_rest(
    world: World, anna: Cabinet, tmp_path: Path
) -> None:
    tea, mint = {"slug": "tea"}, {"slug": "mint"}
    first = import_rows(world, tmp_path, tea, mint)
    assert done(first) == {"rows": 2, "shops": 2, "new_terms": 2}
    changed = (
        tea | {"cashback_percent": "8", "name": "Tea"},
        mint | {"cashback_percent": "20", "name": "Mint"},
    )
    result = import_rows(world, tmp_path, *changed, as_of=50)
    assert "RATE_CHANGE_LIMIT" in result.stderr
    shown = json.loads(result.stdout)
    assert shown == {"rows": 2, "shops": 2, "new_terms": 1, "proposed": 1, "waiting": 0}
    assert [row.name for row in world.query("SELECT name FROM shops ORDER BY slug")] == [
        "Mint",
        "Tea",
    ]
    again = json.loads(import_rows(world, tmp_path, *changed, as_of=51).stdout)
    assert again == {"rows": 2, "shops": 2, "new_terms": 0, "proposed": 0, "waiting": 1}
    (waits,) = anna.get("/admin/api/v1/proposals?state=proposed").get_json()["items"]
    assert waits["action"] == "shop.terms"
    assert waits["proposed_by"].startswith("console:")
    assert approve(world, anna, waits["id"]).status_code == 200
    terms = anna.get("/admin/api/v1/shops/mint").get_json()["terms"]
    assert terms["cashback_percent"] == "20.00"


def test_shops_are_listed_with_their_terms(world: World) -> None:
    vera = hired(world, "vera", Role.VIEWER)
    for slug in ("mint", "rye", "tea"):
        world.shop(slug, cashback=500)
    page = vera.get("/admin/api/v1/shops?limit=2").get_json()
    assert [one["slug"] for one in page["items"]] == ["mint", "rye"]
    rest = vera.get(f"/admin/api/v1/shops?cursor={page['next']}").get_json()
    assert [one["slug"] for one in rest["items"]] == ["tea"]
    assert rest["items"][0]["terms"] == {
        "cashback_percent": "5.00",
        "commission_percent": "12.00",
        "hold_days": 30,
        "on_hold_end": "confirm",
    }
    assert vera.get("/admin/api/v1/shops?status=left").get_json()["items"] == []
    assert len(vera.get("/admin/api/v1/shops?section=services").get_json()["items"]) == 3
    assert vera.get("/admin/api/v1/shops/none").status_code == 404


def test_offers_are_listed_by_shop_and_moment(world: World) -> None:
    vera = hired(world, "vera", Role.VIEWER)
    tea, rye = world.shop("tea"), world.shop("rye")
    for on in (3, 7):
        world.promise(tea, Terms(1000 + on, 1200, 30, OnHoldEnd.CONFIRM), day(on))
    found: list[tuple[str, datetime]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = vera.get(OFFERS, query_string={"limit": 1, "cursor": cursor}).get_json()
        for one in page["items"]:
            found.append((one["shop"], datetime.fromisoformat(one["valid_from"])))
        cursor = page["next"]
    expected = [(tea.slug, day(-10)), (tea.slug, day(3)), (tea.slug, day(7)), (rye.slug, day(-10))]
    assert found == expected
    assert len(vera.get(f"{OFFERS}?shop=rye").get_json()["items"]) == 1
    assert told(vera.get(f"{OFFERS}?cursor=x")) == (422, "cursor_not_usable")
    assert told(vera.post(OFFERS, json=wish("tea"))) == (403, "role_too_low")


def test_how_far_is_far() -> None:
    known = [Terms(1000, 1200, 30, OnHoldEnd.CONFIRM)]

    def terms(cashback: int, commission: int) -> Terms:
        return Terms(cashback, commission, 30, OnHoldEnd.REJECT)

    assert not is_far(terms(1200, 1000), known, 200)
    assert is_far(terms(1201, 1200), known, 200)
    assert is_far(terms(799, 1200), known, 200)
    assert is_far(terms(1000, 1401), known, 200)
    assert not is_far(terms(5000, 0), [], 0)
    held = [replace(terms(1000, 1200), hold_days=30)]
    assert not is_far(replace(held[0], hold_days=16), held, 200)
    assert is_far(replace(held[0], hold_days=15), held, 200)
    assert is_far(replace(held[0], on_hold_end=OnHoldEnd.CONFIRM), held, 200)
