"""Flags of purchases: noted when stated, in whatever order; they move no money."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest

from tests.stories.reports import book_all, given_back, purchase_id, stated, status_of
from tests.world import BONUS, Shop, World, day, rubles
from tracker.clicks.sanity import ORDERS_OF_A_CLICK, Sign
from tracker.kit.database import unit_of_work
from tracker.purchases.contracts import PurchaseStated
from tracker.purchases.service import reattribute

MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop(cashback=1000)


@pytest.fixture
def click(world: World, shop: Shop) -> str:
    return world.click(world.member(), shop, day(0))


def flags(world: World, order: str = "A-1") -> set[str]:
    """The flags of an order."""
    rows = world.query(
        "SELECT flag FROM purchase_flags JOIN purchases ON purchases.id = purchase_id"
        " WHERE order_id = :order",
        order=order,
    )
    return {row.flag for row in rows}


def flagged(world: World) -> set[tuple[str, str]]:
    rows = world.query(
        "SELECT order_id, flag FROM purchase_flags JOIN purchases ON purchases.id = purchase_id"
    )
    return {(row.order_id, row.flag) for row in rows}


@pytest.mark.parametrize(
    ("ordered_at", "amount", "expected"),
    [
        (day(0) - 6 * MINUTE, 100, {"before_click"}),
        (day(0), 100, {"too_soon"}),
        (day(0) + MINUTE, 100, set()),
        (day(30) - MINUTE, 100, {"end_of_window"}),
        (day(1), 1_000_000, {"large_total"}),
        (day(0), 1_000_000, {"too_soon", "large_total"}),
    ],
)
def test_odd_orders_are_flagged_and_booked_all_the_same(
    world: World,
    shop: Shop,
    click: str,
    *,
    ordered_at: datetime,
    amount: float,
    expected: set[str],
) -> None:
    book_all(world, stated(shop, "A-1", click, {"1": amount}, at=day(31), ordered_at=ordered_at))
    assert flags(world) == expected
    (member,) = [row.member_id for row in world.query("SELECT member_id FROM clicks")]
    assert status_of(world, "A-1") == "pending"
    assert world.balance(member).pending == rubles(amount / 10) + BONUS
    assert world.differences() == []


def test_what_is_dated_ahead_is_flagged(world: World, shop: Shop, click: str) -> None:
    book_all(world, stated(shop, "A-1", click, {"1": 1}, at=day(1), ordered_at=day(2)))
    book_all(world, stated(shop, "A-2", click, {"1": 1}, at=day(1), ordered_at=day(2), dated=False))
    assert flagged(world) == {("A-1", "dated_ahead")}


def test_what_is_nobodys_has_no_flags(world: World, shop: Shop, click: str) -> None:
    book_all(
        world,
        stated(shop, "A-1", "clk_never", {"1": 10_000_000}),
        stated(shop, "A-2", None, {"1": 10_000_000}),
        stated(shop, "A-3", click, {"1": 10_000_000}, at=day(40), ordered_at=day(40)),
        given_back(shop, "A-4", "r", {"1": 10_000_000}),
    )
    assert flagged(world) == set()


def test_a_restatement_adds_flags_and_takes_none_away(world: World, shop: Shop, click: str) -> None:
    book_all(world, stated(shop, "A-1", click, {"1": 100}, ordered_at=day(0)))
    assert flags(world) == {"too_soon"}
    told = stated(shop, "A-1", click, {"1": 2_000_000}, at=day(2), source="2", amended=True)
    book_all(world, told)
    book_all(world, told)
    assert flags(world) == {"too_soon", "large_total"}
    assert world.differences() == []


def test_whatever_order_statements_come_in_the_flags_of_what_holds_are_there(
    world: World, shop: Shop
) -> None:
    said: list[dict[str, Any]] = [
        {"at": day(1), "ordered_at": day(0)},
        {"at": day(2), "ordered_at": day(1), "source": "2", "amended": True, "amount": 2_000_000},
        {"at": day(3), "ordered_at": day(30) - MINUTE, "source": "3", "amended": True},
    ]
    possible = {"too_soon", "large_total", "end_of_window", "dated_ahead"}
    for place, order in enumerate(permutations(said)):
        click = world.click(world.member(), shop, day(0))
        for each in order:
            options = dict(each)
            lines = {"1": options.pop("amount", 100)}
            book_all(world, stated(shop, f"A-{place}", click, lines, **options))
        found = flags(world, f"A-{place}")
        assert {"end_of_window", "dated_ahead"} <= found <= possible


def of_clicks(shop: Shop, clicks: Sequence[str]) -> list[PurchaseStated]:
    return [stated(shop, f"B-{place}", click, {"1": 10}) for place, click in enumerate(clicks)]


@pytest.mark.parametrize("seed", range(6))
def test_many_orders_of_one_click_are_all_flagged_in_whatever_order_they_come(
    world: World, shop: Shop, seed: int
) -> None:
    random, member = Random(seed), world.member()
    many, enough = world.click(member, shop, day(0)), world.click(member, shop, day(0))
    reports = of_clicks(shop, [many] * (ORDERS_OF_A_CLICK + 4) + [enough] * ORDERS_OF_A_CLICK)
    random.shuffle(reports)
    while reports:
        size = random.randint(1, 7)
        book_all(world, *reports[:size])
        del reports[:size]
    expected = {(f"B-{place}", "many_orders") for place in range(ORDERS_OF_A_CLICK + 4)}
    assert flagged(world) == expected
    assert world.differences() == []


def test_as_many_as_are_allowed_are_not_many(world: World, shop: Shop, click: str) -> None:
    book_all(world, *of_clicks(shop, [click] * ORDERS_OF_A_CLICK))
    assert flagged(world) == set()
    book_all(world, *of_clicks(shop, [click] * ORDERS_OF_A_CLICK))
    assert flagged(world) == set()
    book_all(world, stated(shop, "one more", click, {"1": 10}))
    assert len(flagged(world)) == ORDERS_OF_A_CLICK + 1


def test_what_staff_have_credited_they_have_looked_at(world: World, shop: Shop, click: str) -> None:
    book_all(world, stated(shop, "A-1", None, {"1": 100}, ordered_at=day(0)))
    with unit_of_work(world.tools.engine) as session:
        reattribute(session, purchase_id(world, "A-1"), click, day(2), world.programme)
    assert status_of(world, "A-1") == "pending"
    assert flagged(world) == set()


def test_the_database_knows_the_list_of_signs(world: World, shop: Shop, click: str) -> None:
    book_all(world, stated(shop, "A-1", click, {"1": 100}))
    (row,) = world.query("SELECT id FROM purchases")
    for sign in Sign:
        world.change(
            "INSERT INTO purchase_flags (purchase_id, flag) VALUES (:id, :flag)",
            id=row.id,
            flag=str(sign),
        )
    assert len(flags(world)) == len(Sign)
