"""Corrections: purchases stated anew, with other lines, other sums, another member."""

from itertools import product

import pytest

from tests.world import BONUS, Shop, World, confirmed, created, day, returned, rubles, updated
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.ledger.service import Balance

NOTHING = Balance(0, 0, 0)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def member(world: World) -> int:
    return world.member()


@pytest.fixture
def click(world: World, shop: Shop, member: int) -> str:
    """The member's click, by which order A-1 of 1000.00 was made."""
    click = world.click(member, shop)
    world.tell(shop, created("A-1", click, 1000, at=day(0)))
    return click


@pytest.mark.parametrize("amounts", [(400.0,), (3000.0,), (1000.0, 50.0)])
def test_a_pending_purchase_is_worth_what_was_stated_last(
    world: World, shop: Shop, member: int, click: str, amounts: tuple[float, ...]
) -> None:
    world.tell(shop, updated("A-1", click, *amounts, at=day(1)))
    assert world.balance(member).pending == rubles(sum(amounts)) // 10 + (
        BONUS if any(amounts) else 0
    )
    world.end_holds(day(30))
    assert world.balance(member).available == rubles(sum(amounts)) // 10 + (
        BONUS if any(amounts) else 0
    )
    assert world.differences() == []


@pytest.mark.parametrize("amounts", [(400.0,), (3000.0,), (1000.0, 50.0)])
def test_so_is_a_confirmed_one(
    world: World, shop: Shop, member: int, click: str, amounts: tuple[float, ...]
) -> None:
    world.tell(shop, confirmed("A-1", at=day(1)))
    world.tell(shop, updated("A-1", click, *amounts, at=day(2)))
    assert world.balance(member).available == rubles(sum(amounts)) // 10 + (
        BONUS if any(amounts) else 0
    )
    assert world.balance(member).pending == 0
    assert world.differences() == []


@pytest.mark.parametrize("kept", [False, True])
def test_a_purchase_put_right_to_nothing_brings_nothing(
    world: World, shop: Shop, member: int, click: str, *, kept: bool
) -> None:
    if kept:
        world.tell(shop, confirmed("A-1", at=day(1)))
    world.tell(shop, updated("A-1", click, 0, at=day(2)))
    assert world.balance(member) == NOTHING
    world.tell(shop, updated("A-1", click, 1000, at=day(3)))
    total = rubles(100) + BONUS
    assert world.balance(member) == (Balance(0, total, 0) if kept else Balance(total, 0, 0))
    assert world.differences() == []


def test_less_after_the_payout_is_a_debt(world: World, shop: Shop, member: int, click: str) -> None:
    world.tell(shop, confirmed("A-1", at=day(1)))
    world.settle("2011-01", day(31))
    world.tell(shop, updated("A-1", click, 400, at=day(32)))
    assert world.balance(member).available == -rubles(60)
    world.tell(shop, updated("A-1", click, 1000, at=day(33)))
    assert world.balance(member) == NOTHING
    assert world.differences() == []


def test_returns_apply_to_the_lines_as_last_stated(
    world: World, shop: Shop, member: int, click: str
) -> None:
    world.tell(shop, returned("A-1", "R-1", {"1": 300}, at=day(1)))
    world.tell(shop, updated("A-1", click, 2000, at=day(2)))
    assert world.balance(member).pending == rubles(170) + BONUS
    world.tell(shop, updated("A-1", click, 200, at=day(3)))
    assert world.balance(member) == NOTHING
    world.tell(shop, updated("A-1", click, 200, 900, at=day(4)))
    assert world.balance(member).pending == rubles(90) + BONUS
    assert world.differences() == []


def test_what_was_returned_in_full_stays_returned(
    world: World, shop: Shop, member: int, click: str
) -> None:
    world.tell(shop, returned("A-1", "R-1", at=day(1)))
    world.tell(shop, updated("A-1", click, 5000, at=day(2)))
    assert world.balance(member) == NOTHING
    assert world.differences() == []


def test_an_older_statement_does_not_undo_a_newer_one(
    world: World, shop: Shop, member: int, click: str
) -> None:
    world.tell(shop, updated("A-1", click, 400, at=day(5)))
    world.tell(shop, updated("A-1", click, 700, at=day(4)))
    assert world.balance(member).pending == rubles(40) + BONUS
    world.tell(shop, created("A-1", click, 1000, at=day(9), ordered_at=day(0)))
    assert world.balance(member).pending == rubles(40) + BONUS
    assert world.differences() == []


def test_an_update_may_come_before_the_purchase_it_restates(
    world: World, shop: Shop, member: int
) -> None:
    click = world.click(member, shop)
    world.tell(shop, updated("B-1", click, 400, at=day(5)))
    assert world.balance(member).pending == rubles(40) + BONUS
    world.tell(shop, created("B-1", click, 1000, at=day(0)))
    assert world.balance(member).pending == rubles(40) + BONUS
    assert world.differences() == []


def test_two_statements_of_one_moment_are_taken_in_one_order(world: World, shop: Shop) -> None:
    first, second = world.members(2)
    told = {"aaa": 400, "bbb": 700}
    for member, ids in ((first, ["aaa", "bbb"]), (second, ["bbb", "aaa"])):
        click = world.click(member, shop)
        for name in ids:
            statement = updated(f"B-{member}", click, told[name], at=day(1))
            world.tell(shop, statement, webhook_id=f"{name}-{member}")
    assert world.balance(first) == world.balance(second)
    assert world.differences() == []


def test_every_statement_is_kept(world: World, shop: Shop, click: str) -> None:
    world.tell(shop, updated("A-1", click, 400, at=day(1)))
    lines = world.query("SELECT statement_no, amount FROM purchase_lines ORDER BY statement_no")
    assert [(row.statement_no, row.amount) for row in lines] == [
        (1, rubles(1000)),
        (2, rubles(400)),
    ]
    assert world.differences() == []


def test_a_purchase_restated_with_another_members_click_moves(
    world: World, shop: Shop, member: int, click: str
) -> None:
    other = world.member()
    theirs = world.click(other, shop)
    world.tell(shop, updated("A-1", theirs, 1000, at=day(1)))
    assert world.balance(member) == NOTHING
    assert world.balance(other).pending == rubles(100) + BONUS

    world.tell(shop, confirmed("A-1", at=day(2)))
    assert world.balance(other).available == rubles(100) + BONUS
    world.tell(shop, updated("A-1", click, 1000, at=day(3)))
    assert world.balance(other) == NOTHING
    assert world.balance(member).available == rubles(100) + BONUS
    assert world.differences() == []


def test_it_moves_after_the_payout_and_leaves_a_debt(
    world: World, shop: Shop, member: int, click: str
) -> None:
    other = world.member()
    world.tell(shop, confirmed("A-1", at=day(1)))
    world.settle("2011-01", day(31))
    world.tell(shop, updated("A-1", world.click(other, shop), 1000, at=day(32)))
    assert world.balance(member).available == -rubles(100) - BONUS
    assert world.balance(other).available == rubles(100) + BONUS
    assert world.differences() == []


@pytest.mark.parametrize("hold_ends_first", [True, False])
def test_what_moved_ends_by_the_promise_it_moved_to(world: World, *, hold_ends_first: bool) -> None:
    expected = {
        OnHoldEnd.CONFIRM: Balance(0, rubles(100) + BONUS, 0),
        OnHoldEnd.REJECT: NOTHING,
        OnHoldEnd.WAIT_FOR_STAFF: Balance(rubles(100) + BONUS, 0, 0),
    }
    moved, kept = {}, world.members(9)
    for number, (mine, theirs) in enumerate(product(OnHoldEnd, OnHoldEnd)):
        shop, other = world.shop(f"shop-{number}", hold_days=10, on_hold_end=mine), world.member()
        click = world.click(kept[number], shop)
        world.promise(shop, Terms(1000, 1200, 50, theirs), day(0.1))
        world.tell(shop, created("A-1", click, 1000, at=day(0)))
        restated = updated("A-1", world.click(other, shop, day(0.1)), 1000, at=day(20))
        moved[other] = (shop, restated, expected[theirs])

    if hold_ends_first:
        world.end_holds(day(15))
    for shop, restated, _ in moved.values():
        world.tell(shop, restated)
    world.end_holds(day(49))
    assert {world.balance(member) for member in kept} == {NOTHING}
    assert {world.balance(member).pending for member in moved} == {rubles(100) + BONUS}
    assert world.differences() == []

    world.end_holds(day(50.1))
    assert {member: world.balance(member) for member in moved} == {
        member: balance for member, (_, _, balance) in moved.items()
    }
    assert world.differences() == []


def test_another_click_of_the_same_member_holds_by_its_own_promise(world: World) -> None:
    shop, member = world.shop("b", cashback=1000, hold_days=10), world.member()
    click = world.click(member, shop)
    world.promise(shop, Terms(500, 700, 50, OnHoldEnd.CONFIRM), day(0.1))
    world.tell(shop, created("B-1", click, 1000, at=day(0)))
    world.end_holds(day(10))
    assert world.balance(member).available == rubles(100) + BONUS

    world.tell(shop, updated("B-1", world.click(member, shop, day(0.1)), 1000, at=day(11)))
    assert world.balance(member) == Balance(rubles(50) + BONUS, 0, 0)
    assert world.differences() == []
    world.end_holds(day(50.1))
    assert world.balance(member) == Balance(0, rubles(50) + BONUS, 0)
    assert world.differences() == []


def test_no_entry_is_ever_edited(world: World, shop: Shop, click: str) -> None:
    def entries() -> list[tuple[int, int, int]]:
        rows = world.query("SELECT * FROM ledger_entries ORDER BY transaction_id, leg")
        return [(row.transaction_id, row.leg, row.amount) for row in rows]

    seen = entries()
    for number, event in enumerate(
        (
            updated("A-1", click, 400, at=day(1)),
            confirmed("A-1", at=day(2)),
            updated("A-1", click, 900, at=day(3)),
            returned("A-1", "R-1", at=day(4)),
        )
    ):
        world.tell(shop, event, webhook_id=f"step-{number}")
        assert entries()[: len(seen)] == seen
        seen = entries()
    assert world.differences() == []
