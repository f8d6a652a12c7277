"""Earning: from a click over a webhook to money that is there, or not."""

from tests.world import BONUS, World, confirmed, created, day, returned, rubles
from tracker.clicks.rules import OnHoldEnd


def test_a_purchase_is_pending_until_its_hold_is_over_and_then_available(world: World) -> None:
    shop, member = world.shop(cashback=1000, hold_days=30), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1500, at=day(1)))
    assert world.balance(member).pending == rubles(150) + BONUS

    world.end_holds(day(30.9))
    assert world.balance(member).available == 0

    world.end_holds(day(31))
    assert world.balance(member).available == rubles(150) + BONUS
    assert world.balance(member).pending == 0
    assert world.differences() == []


def test_a_partial_return_rejects_the_returned_part(world: World) -> None:
    shop, member = world.shop(cashback=1000), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, 500, at=day(1)))
    world.tell(shop, returned("A-1", "R-1", {"2": 500}, at=day(2)))
    assert world.balance(member).pending == rubles(100) + BONUS

    world.tell(shop, confirmed("A-1", at=day(3)))
    assert world.balance(member).available == rubles(100) + BONUS
    assert world.differences() == []


def test_the_three_policies_when_a_hold_ends_in_silence(world: World) -> None:
    members = {}
    for policy in OnHoldEnd:
        shop, member = world.shop(str(policy).replace("_", "-"), on_hold_end=policy), world.member()
        world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
        members[policy] = member
    world.end_holds(day(60))
    assert world.balance(members[OnHoldEnd.CONFIRM]).available == rubles(100) + BONUS
    assert world.balance(members[OnHoldEnd.REJECT]).pending == 0
    assert world.balance(members[OnHoldEnd.WAIT_FOR_STAFF]).pending == rubles(100) + BONUS
    assert world.differences() == []


def test_the_month_is_paid_to_the_phone(world: World) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(0)))
    world.end_holds(day(31))
    world.settle("2011-01", day(31))
    assert [one.amount for one in world.billing.paid.values()] == [rubles(100) + BONUS]
    assert world.balance(member).available == world.balance(member).in_flight == 0
    assert world.differences() == []
