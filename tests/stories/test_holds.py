"""Holds: pending for the days promised at the click, then what was promised for silence."""

import pytest
from sqlalchemy.exc import IntegrityError

from tests.world import BONUS, World, cancelled, confirmed, created, day, returned, rubles
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.database import unit_of_work
from tracker.purchases.service import PurchaseNotAwaitingStaff, PurchaseNotFound, decide

CASHBACK = rubles(100)


def test_no_hold_is_longer_than_ninety_days(world: World) -> None:
    shop, member = world.shop(hold_days=90), world.member()
    with pytest.raises(IntegrityError, match="ck_offers_hold_days"):
        world.promise(shop, Terms(1000, 1200, 91, OnHoldEnd.CONFIRM), day(-1))
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.end_holds(day(90.99))
    assert world.balance(member).available == 0
    world.end_holds(day(91))
    assert world.balance(member).available == CASHBACK + BONUS
    assert world.differences() == []


def test_a_shop_may_hold_for_no_time_at_all(world: World) -> None:
    shop, member = world.shop(hold_days=0), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    assert world.balance(member).available == 0
    world.end_holds(day(1))
    assert world.balance(member).available == CASHBACK + BONUS
    assert world.differences() == []


def test_a_hold_ends_once_however_often_the_calendar_looks(world: World) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    assert world.end_holds(day(31)) == 1
    assert world.end_holds(day(31)) == 0
    assert world.end_holds(day(400)) == 0
    assert world.balance(member).available == CASHBACK + BONUS
    assert world.differences() == []


def test_the_shops_word_ends_the_hold_early(world: World) -> None:
    shop, member = world.shop(on_hold_end=OnHoldEnd.REJECT), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.tell(shop, confirmed("A-1", at=day(2)))
    assert world.balance(member).available == CASHBACK + BONUS
    world.end_holds(day(60))
    assert world.balance(member).available == CASHBACK + BONUS
    assert world.differences() == []


def test_the_shops_word_may_come_before_its_purchase(world: World) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, confirmed("A-1", at=day(2)))
    assert [row.status for row in world.query("SELECT status FROM purchases")] == ["unmatched"]
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    assert world.balance(member).available == CASHBACK + BONUS
    assert world.differences() == []


def test_the_shops_own_word_wins_over_the_silence_before_it(world: World) -> None:
    shop, member = world.shop(on_hold_end=OnHoldEnd.REJECT), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.end_holds(day(31))
    assert world.balance(member).pending == world.balance(member).available == 0
    world.tell(shop, confirmed("A-1", at=day(40)))
    assert world.balance(member).available == CASHBACK + BONUS
    assert world.differences() == []


@pytest.mark.parametrize(
    ("outcome", "available"), [(OnHoldEnd.CONFIRM, CASHBACK + BONUS), (OnHoldEnd.REJECT, 0)]
)
def test_staff_decide_what_awaits_them(world: World, outcome: OnHoldEnd, available: int) -> None:
    shop, member = world.shop(on_hold_end=OnHoldEnd.WAIT_FOR_STAFF), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    with pytest.raises(PurchaseNotAwaitingStaff):
        world.decide(shop, "A-1", outcome, day(2))
    world.end_holds(day(31))
    assert world.balance(member).pending == CASHBACK + BONUS

    world.decide(shop, "A-1", outcome, day(35))
    assert world.balance(member).pending == 0
    assert world.balance(member).available == available
    with pytest.raises(PurchaseNotAwaitingStaff):
        world.decide(shop, "A-1", outcome, day(36))
    assert world.end_holds(day(400)) == 0
    assert world.balance(member).available == available
    assert world.differences() == []


def test_staff_cannot_decide_what_is_not_there(world: World) -> None:
    shop = world.shop(on_hold_end=OnHoldEnd.WAIT_FOR_STAFF)
    world.tell(shop, confirmed("A-1", at=day(1)))
    with pytest.raises(PurchaseNotAwaitingStaff, match="unmatched"):
        world.decide(shop, "A-1", OnHoldEnd.CONFIRM, day(2))
    with pytest.raises(PurchaseNotFound), unit_of_work(world.tools.engine) as session:
        decide(session, 10**9, OnHoldEnd.CONFIRM, day(2), world.programme)


def test_the_shops_word_counts_while_staff_are_awaited(world: World) -> None:
    shop = world.shop(on_hold_end=OnHoldEnd.WAIT_FOR_STAFF)
    one, other = world.members(2)
    world.tell(shop, created("A-1", world.click(one, shop), 1000, at=day(1)))
    world.tell(shop, created("A-2", world.click(other, shop), 1000, at=day(1)))
    world.end_holds(day(31))
    world.tell(shop, confirmed("A-1", at=day(32)))
    world.tell(shop, cancelled("A-2", at=day(32)))
    assert world.balance(one).available == CASHBACK + BONUS
    assert world.balance(other).pending == world.balance(other).available == 0
    assert world.differences() == []


def test_what_staff_rejected_the_shop_may_still_confirm(world: World) -> None:
    shop, member = world.shop(on_hold_end=OnHoldEnd.WAIT_FOR_STAFF), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.end_holds(day(31))
    world.decide(shop, "A-1", OnHoldEnd.REJECT, day(32))
    world.tell(shop, confirmed("A-1", at=day(33)))
    assert world.balance(member).available == CASHBACK + BONUS
    assert world.differences() == []


def test_days_of_downtime_are_caught_up_once(world: World) -> None:
    shop = world.shop(hold_days=10)
    members = world.members(3)
    for number, click in enumerate(world.clicks(members, shop)):
        world.tell(shop, created(f"A-{number}", click, 1000, at=day(number)))
    assert world.end_holds(day(11)) == 2
    assert world.end_holds(day(300)) == 1
    assert {world.balance(member).available for member in members} == {CASHBACK + BONUS}
    assert world.differences() == []


def test_a_hold_that_ends_in_a_month_counts_on_its_own_day(world: World) -> None:
    shop, member = world.shop(hold_days=30), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.end_holds(day(45))
    (row,) = world.query("SELECT effective_at FROM ledger_transactions WHERE kind = 'confirmed'")
    assert row.effective_at == day(31)
    assert world.differences() == []


def test_a_rejected_purchase_is_not_confirmed_by_its_hold(world: World) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
    world.tell(shop, returned("A-1", "R-1", at=day(2)))
    assert world.end_holds(day(60)) == 0
    assert world.balance(member).available == world.balance(member).pending == 0
    assert world.differences() == []
