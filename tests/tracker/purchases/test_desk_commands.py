"""`tracker purchases decide|separate|vouch`: the word of staff, and who said it."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from partners.shops.service import ids_by_slug
from tests.stories.reports import book_all, confirmation, purchase_id, stated, status_of
from tests.world import Shop, World, day, rubles
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TrackerError
from tracker.purchases.cli import build
from tracker.staff.rules import Role, RoleTooLow
from tracker.staff.service import hire
from wsgi import programme_of

_, PURCHASES = build(programme_of, ids_by_slug)
AS_OF = ["--as-of", day(40).isoformat()]


def run(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(PURCHASES, list(arguments), obj=lambda: world.tools)


def ran(world: World, *arguments: str) -> Result:
    result = run(world, *arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def refused(world: World, *arguments: str) -> str:
    error = run(world, *arguments).exception
    assert isinstance(error, TrackerError), error
    return error.code


def noted(world: World) -> list[Any]:
    return world.query("SELECT * FROM audit_entries ORDER BY id")


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop with a pending purchase A-1 for 100.00 that nobody proved."""
    made = world.shop()
    click = world.click(world.member(), made)
    told = stated(made, "A-1", click, {"1": 100}, trusted=False, feed="cj/actions", upstream="new")
    book_all(world, told)
    return made


def test_a_decision_is_kept_with_who_made_it_and_why(world: World, shop: Shop) -> None:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "anna", Role.OPERATOR)
    found = str(purchase_id(world, "A-1"))
    ran(world, "decide", found, "confirm", "--reason", "asked", "--token", token, *AS_OF)
    assert status_of(world, "A-1") == "confirmed"
    (entry,) = noted(world)
    assert (entry.who, entry.action, entry.reason) == ("anna", "purchase.decide", "asked")
    assert entry.subject == f"purchase:{found}"
    assert (entry.before["status"], entry.after["status"]) == ("pending", "confirmed")
    assert entry.after["confirmed_cashback"] == rubles(10)


def test_who_may_only_look_decides_nothing(world: World, shop: Shop) -> None:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "vera", Role.VIEWER)
    found = str(purchase_id(world, "A-1"))
    assert refused(world, "decide", found, "confirm", "--token", token) == RoleTooLow.code
    assert status_of(world, "A-1") == "pending"
    assert noted(world) == []


@pytest.mark.parametrize("by", ["slug", "id"])
def test_an_order_is_declared_apart(world: World, shop: Shop, by: str) -> None:
    other = stated(shop, "a1", None, {"1": 5})
    assert book_all(world, other) == ["near_duplicate"]
    named = shop.slug if by == "slug" else str(shop.id)
    ran(world, "separate", named, "a1", "--reason", "two tills", *AS_OF)
    assert book_all(world, other) == []
    (entry,) = noted(world)
    assert (entry.action, entry.reason) == ("purchase.separate", "two tills")
    assert entry.who.startswith("console:")


def test_of_what_is_not_there_nothing_is_declared(world: World, shop: Shop) -> None:
    assert refused(world, "separate", "nowhere", "a1", "--reason", "x") == "shop_not_found"
    assert refused(world, "separate", shop.slug, "b1", "--reason", "x") == "purchase_not_suspected"
    assert run(world, "separate", shop.slug, "a1").exit_code == 2
    assert refused(world, "vouch", "999", "1.00", "--reason", "x") == "purchase_not_found"
    assert run(world, "vouch", "999", "1.001", "--reason", "x").exit_code == 2
    assert noted(world) == []


def test_staff_vouch_for_a_total(world: World, shop: Shop) -> None:
    ran(world, "vouch", str(purchase_id(world, "A-1")), "150.50", "--reason", "seen", *AS_OF)
    (row,) = world.query("SELECT vouched_total FROM purchases")
    assert row.vouched_total == 15_050
    assert [entry.action for entry in noted(world)] == ["purchase.vouch"]


def test_the_list_tells_the_way_it_came(world: World, shop: Shop) -> None:
    click = world.query("SELECT click_id FROM purchases")[0].click_id
    book_all(
        world,
        confirmation(shop, "A-1", trusted=False, upstream="locked"),
        stated(shop, "B-7", click, {"x": 100}),
    )
    first, second = json.loads(ran(world, "list", "--json").stdout)
    named = "status", "upstream", "feed", "trusted", "suspect_of"
    assert [first[name] for name in named] == ["pending", "locked", "cj/actions", False, None]
    assert [second[name] for name in named] == [
        "awaiting_staff",
        None,
        "native",
        True,
        first["id"],
    ]
