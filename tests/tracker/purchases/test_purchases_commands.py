"""`tracker purchases …`: what the shops reported, as it is looked up."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from partners.shops.service import ids_by_slug
from tests.world import Shop, World, created, day, returned
from tracker.purchases.cli import build
from wsgi import programme_of

_, PURCHASES = build(programme_of, ids_by_slug)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop with two purchases: somebody's A-1, then nobody's A-2."""
    made = world.shop()
    click = world.click(world.member(), made)
    world.tell(made, created("A-1", click, 100, at=day(1)))
    world.tell(made, created("A-2", None, 100, at=day(1)))
    return made


def purchases(world: World, *arguments: str) -> Result:
    result = CliRunner().invoke(PURCHASES, list(arguments), obj=lambda: world.tools)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def told(world: World, *arguments: str) -> Any:
    return json.loads(purchases(world, *arguments, "--json").stdout)


def orders(world: World, *options: str) -> list[str]:
    return [one["order_id"] for one in told(world, "list", *options)]


def test_purchases_are_found_by_what_is_known_of_them(world: World, shop: Shop) -> None:
    other = world.shop("other")
    world.tell(other, created("A-1", None, 100, at=day(1)))
    member = told(world, "list")[0]["member_id"]
    assert orders(world) == ["A-1", "A-2", "A-1"]
    assert orders(world, "--order", "A-2") == ["A-2"]
    assert orders(world, "--shop-id", str(shop.id)) == ["A-1", "A-2"]
    assert orders(world, "--order", "A-1", "--shop-id", str(other.id)) == ["A-1"]
    assert orders(world, "--member-id", str(member)) == ["A-1"]
    assert orders(world, "--newest", "--limit", "2") == ["A-1", "A-2"]


def test_what_is_not_there_is_null(world: World, shop: Shop) -> None:
    first, second = told(world, "list")
    assert first["reason"] is None
    assert first["hold_ends_at"]
    assert (second["member_id"], second["hold_ends_at"]) == (None, None)


def test_in_a_pipe_a_row_is_a_line(world: World, shop: Shop) -> None:
    header, first, second = purchases(world, "list").stdout.splitlines()
    assert "hold ends at" in header
    assert "A-1" in first
    assert "None" not in second


def test_returns_that_match_nothing_are_listed(world: World, shop: Shop) -> None:
    assert purchases(world, "unmatched").stdout == "none\n"
    world.tell(shop, returned("A-1", "R-1", {"1": 1, "9": 2}, at=day(2)))
    world.tell(shop, returned("B-1", "R-2", {"1": 3}, at=day(2)))
    world.tell(shop, returned("B-2", "R-3", None, at=day(2)))
    found = told(world, "unmatched")
    assert {one["shop_id"] for one in found} == {shop.id}
    assert [tuple(one.values())[1:] for one in found] == [
        ("A-1", "R-1", "9", "2.00"),
        ("B-1", "R-2", "1", "3.00"),
        ("B-2", "R-3", None, None),
    ]
    assert len(told(world, "unmatched", "--limit", "1")) == 1
    world.tell(shop, created("B-1", None, 100, at=day(1)))
    assert [one["order_id"] for one in told(world, "unmatched")] == ["A-1", "B-2"]
