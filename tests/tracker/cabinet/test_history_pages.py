"""Periods, pages and cursors of a history."""

import pytest

from tests.cabinets import ask, pages, whole
from tests.clients import Cabinet
from tests.stories.reports import book_all, stated
from tests.world import Shop, World, day
from tracker.cabinet.cursors import seal, unseal
from tracker.cabinet.rules import Key, Wanted
from tracker.kit.clock import moscow_midnight
from tracker.kit.crypto import Keyring, key_from, new_key

SECOND = 1 / 86_400


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop(hold_days=30)


def buys(world: World, shop: Shop, member: int, order: str, on: float) -> None:
    """An order of 100 roubles, so many days into the story."""
    click = world.click(member, shop, day(on - 0.5))
    told = stated(shop, order, click, {"1": 100}, at=day(on), ordered_at=day(on))
    assert book_all(world, told) == []


def orders(cabinet: Cabinet, **query: str) -> list[str]:
    return [line["order_id"] for line in whole(cabinet, 2, **query) if line["kind"] == "purchase"]


def test_days_are_those_of_moscow_and_both_are_included(world: World, shop: Shop) -> None:
    member = world.member()
    buys(world, shop, member, "before", 4 - SECOND)
    buys(world, shop, member, "first", 4)
    buys(world, shop, member, "last", 6 - SECOND)
    buys(world, shop, member, "after", 6)
    cabinet = world.signed_in(member)
    assert orders(cabinet) == ["after", "last", "first", "before"]
    assert orders(cabinet, **{"from": "2010-12-05", "to": "2010-12-06"}) == ["last", "first"]
    assert orders(cabinet, **{"from": "2010-12-06"}) == ["after", "last"]
    assert orders(cabinet, to="2010-12-04") == ["before"]
    assert orders(cabinet, **{"from": "2010-12-05", "to": "2010-12-05"}) == ["first"]


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        ("2012-02-29", "2012-02-29", ["leap"]),
        ("2012-02-28", "2012-02-28", []),
        ("2012-03-01", "2012-03-31", ["march"]),
        ("2012-02-01", "2012-02-29", ["leap"]),
        ("2012-01-31", "2012-03-01", ["march", "leap"]),
    ],
)
def test_months_end_where_they_end(
    world: World, shop: Shop, first: str, last: str, wanted: list[str]
) -> None:
    member = world.member()
    buys(world, shop, member, "leap", 455 + 23 / 24)
    buys(world, shop, member, "march", 456)
    cabinet = world.signed_in(member)
    assert orders(cabinet, **{"from": first, "to": last}) == wanted


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2010-12-06", "to": "2010-12-05"},
        {"from": "2011-02-29"},
        {"from": "20101206"},
        {"from": "2010-W49-1"},
        {"from": "2010-12-6"},
        {"from": "0001-01-01"},
        {"to": "9999-12-31"},
        {"to": ""},
        {"status": "spent"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"cursor": ""},
        {"cursor": "x" * 5_000},
        {"cursor": "not a cursor"},
        {"cursor": "ÿÿÿÿ"},
        {"cursor": "AAAA"},
        {"cursor": "\x00"},
    ],
)
def test_what_cannot_be_asked_for_is_refused(world: World, query: dict[str, str]) -> None:
    cabinet = world.signed_in(world.member())
    assert cabinet.get("/api/v1/history", query_string=query).status_code == 422


def test_a_cursor_is_good_for_one_list_of_one_member(world: World, shop: Shop) -> None:
    member, other = world.members(2)
    for place in range(3):
        buys(world, shop, member, f"mine-{place}", place)
        buys(world, shop, other, f"theirs-{place}", place)
    cabinet, foreign = world.signed_in(member), world.signed_in(other)
    cursor = ask(cabinet, "history", limit=1)["next"]
    assert ask(cabinet, "history", cursor=cursor)["items"]
    for asked, query in (
        (foreign, {}),
        (cabinet, {"status": "pending"}),
        (cabinet, {"from": "2010-12-01"}),
        (cabinet, {"to": "2010-12-31"}),
    ):
        response = asked.get("/api/v1/history", query_string={"cursor": cursor, **query})
        assert response.status_code == 422
        assert response.get_json()["code"] == "cursor_not_usable"
    for place in range(len(cursor)):
        other_letter = "A" if cursor[place] != "A" else "B"
        forged = cursor[:place] + other_letter + cursor[place + 1 :]
        answer = cabinet.get("/api/v1/history", query_string={"cursor": forged})
        # The last letter holds bits that stand for nothing.
        assert answer.status_code == 422 or place == len(cursor) - 1


def test_a_cursor_outlives_a_change_of_the_key(world: World) -> None:
    former, fresh = key_from(new_key()), key_from(new_key())
    key = Key(moscow_midnight(day(1).date()), 4, 7, "заказ", 2)
    cursor = seal(Keyring(former), Wanted(1), key)
    assert unseal(Keyring(fresh, former), Wanted(1), cursor) == key


def test_pages_stay_whole_while_lines_are_added(world: World, shop: Shop) -> None:
    member = world.member()
    for place in range(6):
        buys(world, shop, member, f"old-{place}", place)
    cabinet = world.signed_in(member)
    before = whole(cabinet)
    seen = []
    for number, page in enumerate(pages(cabinet, 2)):
        seen += page
        buys(world, shop, member, f"new-{number}", 20 + number)
    assert [line["id"] for line in seen] == [line["id"] for line in before]


def test_orders_of_one_moment_are_told_apart(world: World, shop: Shop) -> None:
    """Feeds that tell no time of day date everything at midnight."""
    member, second = world.member(), world.shop("second")
    for place in range(5):
        for each in (shop, second):
            buys(world, each, member, f"{each.slug}-Ы-{place}", 3)
    cabinet = world.signed_in(member)
    lines = whole(cabinet)
    assert len(lines) == 11
    for size in (1, 2, 3, 7):
        assert whole(cabinet, size) == lines


def test_a_filter_that_is_not_there_is_not_passed_over(world: World) -> None:
    refused = world.signed_in(world.member()).get("/api/v1/history?state=pending")
    assert refused.status_code == 422
    assert refused.get_json()["errors"] == [{"field": "state", "reason": "Unknown field."}]
