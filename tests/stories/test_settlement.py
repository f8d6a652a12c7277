"""The month's list: who is due what, sealed, and approved by a second person."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError, ProgrammingError

from tests.stories.operators import Operator, run_state, states, work
from tests.world import Shop, World, confirmed, created, day, rubles
from tracker.kit.database import unit_of_work
from tracker.purchases.service import Programme
from tracker.settlement.calendar import delivery_is_due, prepare_due, run_is_due
from tracker.settlement.models import SettlementRun
from tracker.settlement.rules import (
    SYSTEM,
    ApproverPreparedIt,
    PeriodInvalid,
    PeriodNotBegun,
    RunNotApproved,
    RunNotFound,
    RunNotPrepared,
    SealDiffers,
)
from tracker.settlement.service import approve, prepare, start

FIRST = day(31)
"""1 January 2011 in Moscow."""


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent; and no welcome bonus, so that sums are seen through."""
    world.programme = Programme(welcome_bonus=0)
    return world.shop(cashback=1000)


def earns(world: World, shop: Shop, member: int, cashback: float, on: float = 1) -> None:
    """The member has so many roubles more available."""
    order = f"order-{member}-{on}-{cashback}"
    world.tell(shop, created(order, world.click(member, shop), cashback * 10, at=day(on)))
    world.tell(shop, confirmed(order, at=day(on)))


def drawn_up(
    world: World, period: str = "2011-01", *, minimum: int = 100, cap: int | None = None
) -> dict[int, int]:
    """Prepare a list; kopecks by member."""
    with unit_of_work(world.tools.engine) as session:
        prepare(session, period, FIRST, minimum=minimum, cap=cap)
    rows = world.query("SELECT * FROM payouts WHERE period = :period", period=period)
    return {row.member_id: row.amount for row in rows}


def approved(world: World, period: str = "2011-01") -> SettlementRun:
    """A list that anna prepared and boris approved."""
    run = world.prepare(period, FIRST)
    with unit_of_work(world.tools.engine) as session:
        return approve(session, period, run.sha256, "boris")


def started(world: World, period: str = "2011-01") -> None:
    """A list that was prepared, approved and given to the workers."""
    approved(world, period)
    with unit_of_work(world.tools.engine) as session:
        start(session, period)


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
        approve(session, "2011-01", _seal_of(world), "boris")
        start(session, "2011-01")
    work(world, Operator())
    assert [world.balance(one).available, world.balance(other).available] == [rubles(500), 0]
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
    assert run_state(world, "2011-01") == "done"
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


def test_the_calendar_prepares_the_month_once_there_was_money_before_it(
    world: World, shop: Shop
) -> None:
    engine = world.tools.engine

    def due(on: float) -> bool:
        with unit_of_work(engine) as session:
            return run_is_due(session, day(on))

    assert not due(40)
    earns(world, shop, world.member(), 10, on=5)
    assert not due(30.99)
    assert due(31)
    assert prepare_due(engine, day(44), minimum=100, cap=None) is False
    assert not due(44)
    assert due(62)
    (run,) = world.query("SELECT * FROM settlement_runs")
    assert (run.period, run.as_of, run.prepared_by) == ("2011-01", day(44), SYSTEM)
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


def test_it_takes_two_people(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    run = world.prepare("2011-01", FIRST, by="anna")
    with pytest.raises(ApproverPreparedIt), unit_of_work(world.tools.engine) as session:
        approve(session, "2011-01", run.sha256, "anna")
    with pytest.raises(IntegrityError, match="two_people"):
        world.change("UPDATE settlement_runs SET state = 'approved', approved_by = 'anna'")
    with pytest.raises(RunNotApproved), unit_of_work(world.tools.engine) as session:
        start(session, "2011-01")
    work(world, Operator())
    assert states(world) == ["prepared"]
    assert world.differences() == []


def test_the_second_person_approves_exactly_this_list(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    with pytest.raises(SealDiffers), unit_of_work(world.tools.engine) as session:
        approve(session, "2011-01", "0" * 64, "boris")
    with pytest.raises(RunNotFound), unit_of_work(world.tools.engine) as session:
        approve(session, "2011-02", "0" * 64, "boris")
    assert run_state(world, "2011-01") == "prepared"


def test_an_approval_is_given_once(world: World, shop: Shop) -> None:
    earns(world, shop, world.member(), 10)
    run = approved(world)
    with unit_of_work(world.tools.engine) as session:
        again = approve(session, "2011-01", run.sha256, "boris")
        assert again.approved_at == run.approved_at
    with pytest.raises(RunNotPrepared), unit_of_work(world.tools.engine) as session:
        approve(session, "2011-01", run.sha256, "vera")
    assert world.differences() == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE payouts SET amount = amount + 1",
        "UPDATE payouts SET phone = '+79009999999'",
        "DELETE FROM payouts",
    ],
)
def test_a_list_that_was_tampered_with_is_not_paid(
    world: World, shop: Shop, tampering: str
) -> None:
    earns(world, shop, world.member(), 10)
    approved(world)
    world.change_as_owner(tampering)
    with pytest.raises(SealDiffers), unit_of_work(world.tools.engine) as session:
        start(session, "2011-01")
    operator = Operator()
    work(world, operator)
    assert operator.sent == []
    assert [one.what for one in world.differences()] == ["settlement 2011-01"]


@pytest.mark.parametrize("begun", [False, True])
def test_a_sealed_list_takes_no_further_line(world: World, shop: Shop, *, begun: bool) -> None:
    member, other = world.members(2)
    earns(world, shop, member, 10)
    approved(world)
    if begun:
        started(world)
    with pytest.raises(IntegrityError, match="takes no further line"):
        world.change(
            "INSERT INTO payouts (period, member_id, phone, amount)"
            " VALUES ('2011-01', :other, '+79009999999', 1000)",
            other=other,
        )
    assert world.differences() == []


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE settlement_runs SET sha256 = 'another'",
        "UPDATE settlement_runs SET prepared_by = 'nobody'",
        "UPDATE payouts SET amount = 1",
        "UPDATE payouts SET phone = '+79009999999'",
        "INSERT INTO settlement_runs (period, state, as_of, payouts, total, sha256, prepared_by)"
        " VALUES ('2011-02', 'running', now(), 0, 0, '', 'anna')",
    ],
)
def test_the_application_cannot_forge_what_was_sealed(
    world: World, shop: Shop, forgery: str
) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    with pytest.raises(ProgrammingError, match="permission denied"):
        world.change(forgery)
    assert world.differences() == []


@pytest.mark.parametrize("state", ["approved", "running", "done"])
def test_no_run_goes_on_without_somebody_who_approved_it(
    world: World, shop: Shop, state: str
) -> None:
    earns(world, shop, world.member(), 10)
    world.prepare("2011-01", FIRST)
    with pytest.raises(IntegrityError, match="ck_settlement_runs_approved"):
        world.change("UPDATE settlement_runs SET state = :state", state=state)


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
