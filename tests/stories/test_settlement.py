"""The month's list: who is due what, sealed, and approved by a second person."""

from datetime import timedelta

import pytest

from tests.colleagues import BORIS
from tests.stories.months import FIRST, approved, earns, started
from tests.stories.operators import Operator, run_state, states, work
from tests.world import Shop, World, created, day, rubles
from tracker.kit.database import unit_of_work
from tracker.kit.money import MAX_KOPECKS
from tracker.purchases.service import Programme
from tracker.settlement.calendar import delivery_is_due
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.rules import PeriodInvalid, PeriodNotBegun
from tracker.settlement.service import approve, start


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent; and no welcome bonus, so that sums are seen through."""
    world.programme = Programme(welcome_bonus=0)
    return world.shop(cashback=1000)


def drawn_up(
    world: World, period: str = "2011-01", *, minimum: int = 100, cap: int | None = None
) -> dict[int, int]:
    """Prepare a list; kopecks by member."""
    prepare_once(world.tools.engine, period, FIRST, minimum=minimum, cap=cap)
    rows = world.query("SELECT * FROM payouts WHERE period = :period", period=period)
    return {row.member_id: row.amount for row in rows}


def test_everything_available_is_due_and_nothing_else(world: World, shop: Shop) -> None:
    one, other, waiting = world.members(3)
    earns(world, shop, one, 150)
    earns(world, shop, other, 20)
    earns(world, shop, other, 22.22)
    world.tell(shop, created("P-1", world.click(waiting, shop), 1000, at=day(1)))
    assert drawn_up(world) == {one: rubles(150), other: rubles(42.22)}
    assert world.differences() == []


def test_less_than_a_rouble_waits(world: World, shop: Shop) -> None:
    rich, poor, growing = world.members(3)
    earns(world, shop, rich, 1.00)
    earns(world, shop, poor, 0.99)
    earns(world, shop, growing, 0.99)
    assert drawn_up(world) == {rich: 100}
    earns(world, shop, growing, 0.01)
    assert drawn_up(world, "2010-12") == {rich: 100, growing: 100}
    assert world.differences() == []


def test_a_cap_leaves_the_rest_for_later(world: World, shop: Shop) -> None:
    one, other = world.members(2)
    earns(world, shop, one, 2000)
    earns(world, shop, other, 1500)
    assert drawn_up(world, cap=rubles(1500)) == {one: rubles(1500), other: rubles(1500)}
    with unit_of_work(world.tools.engine) as session:
        approve(session, "2011-01", _seal_of(world), BORIS)
        start(session, "2011-01")
    work(world, Operator())
    assert [world.balance(one).available, world.balance(other).available] == [rubles(500), 0]
    assert world.differences() == []


def test_more_than_one_payment_can_carry_harms_nobody_else(world: World, shop: Shop) -> None:
    rich, other = world.members(2)
    for on in range(1, 12):
        earns(world, shop, rich, MAX_KOPECKS // 1000, on=on)
    earns(world, shop, other, 10)
    assert world.balance(rich).available > MAX_KOPECKS
    assert drawn_up(world) == {rich: MAX_KOPECKS, other: rubles(10)}
    assert drawn_up(world, "2010-12", cap=2 * MAX_KOPECKS)[rich] == MAX_KOPECKS
    assert world.differences() == []


def _seal_of(world: World) -> str:
    return str(world.query("SELECT sha256 FROM settlement_runs")[0].sha256)


def test_who_is_not_a_member_then_is_not_paid(world: World, shop: Shop) -> None:
    members = [
        world.member(joined=FIRST),
        world.member(joined=FIRST + timedelta(seconds=1)),
        world.member(),
        world.member(),
    ]
    for member in members:
        earns(world, shop, member, 10)
    world.change("UPDATE members SET auto_payment = false WHERE id = :id", id=members[2])
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=members[3])
    assert drawn_up(world) == {members[0]: rubles(10)}
    assert world.differences() == []


def test_who_is_in_debt_is_not_on_the_list(world: World, shop: Shop) -> None:
    member = world.member()
    earns(world, shop, member, 100)
    world.settle("2010-12", FIRST)
    order = world.query("SELECT order_id FROM purchases WHERE member_id IS NOT NULL")[0].order_id
    world.tell(shop, created(order, None, 1000, at=day(41), kind="updated"))
    assert world.balance(member).available == -rubles(100)
    assert drawn_up(world) == {}
    assert world.differences() == []


def test_a_month_is_not_paid_before_it_begins(world: World) -> None:
    with pytest.raises(PeriodNotBegun):
        world.prepare("2011-01", FIRST - timedelta(microseconds=1))
    with pytest.raises(PeriodInvalid):
        world.prepare("January", FIRST)


def test_a_month_of_nothing_is_a_run_as_well(world: World) -> None:
    started(world)
    work(world, Operator())
    assert run_state(world, "2011-01") == "closed"
    assert world.differences() == []


def test_preparing_twice_draws_up_one_list(world: World, shop: Shop) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    first = world.prepare("2011-01", FIRST)
    earns(world, shop, member, 20)
    second = world.prepare("2011-01", day(40), by="boris")
    assert (second.sha256, second.total, second.prepared_by) == (first.sha256, rubles(10), "anna")
    assert len(states(world)) == 1
    assert world.differences() == []


def test_the_workers_are_wanted_while_a_run_is_open(world: World, shop: Shop) -> None:
    def due() -> bool:
        with unit_of_work(world.tools.engine) as session:
            return delivery_is_due(session)

    earns(world, shop, world.member(), 10)
    approved(world)
    assert not due()
    started(world)
    assert due()
    work(world, Operator())
    assert not due()


def test_two_months_prepared_at_once_pay_the_money_once(world: World, shop: Shop) -> None:
    member = world.member()
    earns(world, shop, member, 10)
    started(world, "2010-12")
    started(world, "2011-01")
    operator = Operator()
    work(world, operator)
    assert operator.total == rubles(10)
    assert states(world, "2010-12") == ["paid"]
    assert states(world, "2011-01") == ["withheld"]
    assert {run_state(world, "2010-12"), run_state(world, "2011-01")} == {"done"}
    assert world.differences() == []
