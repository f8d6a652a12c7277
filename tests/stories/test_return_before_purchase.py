"""A return before its purchase, or together with it, leaves the same trail of money."""

import itertools
from typing import Any

import pytest

from tests.world import World, created, day, returned, rubles
from tracker.clicks.rules import OnHoldEnd


def moved(world: World) -> dict[str, int]:
    """Kopecks of members' pending money, by kind of movement."""
    rows = world.query("""
        SELECT kind, -sum(amount) AS amount
        FROM ledger_transactions JOIN ledger_entries ON transaction_id = ledger_transactions.id
        WHERE account = 'member_pending' AND kind NOT LIKE 'bonus%' GROUP BY kind
    """)
    return {row.kind: int(row.amount) for row in rows}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("together", [False, True])
def test_what_was_sold_is_tracked_and_what_came_back_rejected(
    world: World, order: tuple[int, ...], together: bool
) -> None:
    shop, member = world.shop(cashback=1000), world.member()
    events: list[dict[str, Any]] = [
        created("A-1", world.click(member, shop), 1000, 500, at=day(1)),
        returned("A-1", "R-1", {"2": 500}, at=day(2)),
        returned("A-1", "R-2", {"1": 400}, at=day(3)),
    ]
    for place in order:
        assert world.post(shop, events[place]).status_code == 202
        if not together:
            world.work()
    world.work()
    assert moved(world) == {"tracked": rubles(150), "rejected": -rubles(90)}
    assert world.balance(member).pending == rubles(60 + 200)
    assert world.differences() == []


def test_a_purchase_that_had_come_back_whole_was_tracked_all_the_same(world: World) -> None:
    shop, member = world.shop(cashback=1000), world.member()
    world.tell(shop, returned("A-1", "R-1", at=day(2)))
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    assert moved(world) == {"tracked": rubles(100), "rejected": -rubles(100)}
    assert world.balance(member).pending == 0
    assert world.differences() == []


def test_a_purchase_with_a_return_moves_to_another_member(world: World) -> None:
    shop, one, other = world.shop(cashback=1000), world.member(), world.member()
    clicks = world.click(one, shop), world.click(other, shop)
    world.tell(shop, returned("A-1", "R-1", {"1": 400}, at=day(2)))
    world.tell(shop, created("A-1", clicks[0], 1000, at=day(1)))
    world.tell(shop, created("A-1", clicks[1], 1000, at=day(3), kind="updated"))
    assert world.balance(one).pending == 0
    assert world.balance(other).pending == rubles(60 + 200)
    assert world.differences() == []


def test_a_purchase_with_a_return_is_confirmed_for_what_is_left(world: World) -> None:
    shop, member = world.shop(cashback=1000, on_hold_end=OnHoldEnd.CONFIRM), world.member()
    world.tell(shop, returned("A-1", "R-1", {"1": 400}, at=day(2)))
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.end_holds(day(40))
    assert moved(world) == {
        "tracked": rubles(100),
        "rejected": -rubles(40),
        "confirmed": -rubles(60),
    }
    assert world.balance(member).available == rubles(60 + 200)
    assert world.differences() == []
