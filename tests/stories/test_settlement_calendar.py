"""The 1st of the month by the calendar: prepared once, late if need be, approved by limits."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.stories.months import FIRST, approved, earns
from tests.stories.operators import CONDUCT, Operator, run_state
from tests.world import Shop, World, day, rubles
from tracker.kit.clock import FixedClock, moscow_midnight
from tracker.kit.database import unit_of_work
from tracker.purchases.service import Programme
from tracker.reconciliation.jobs import see_to_the_gate
from tracker.settlement.calendar import prepare_due, run_is_due
from tracker.settlement.jobs import deliver
from tracker.settlement.rules import SYSTEM
from tracker.settlement.self_approval import LIMITS, Limits
from tracker.settlement.service import start

NONE = Limits()
GENEROUS = Limits(total=rubles(1_000), change=50)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent; and no welcome bonus, so that sums are seen through."""
    world.programme = Programme(welcome_bonus=0)
    return world.shop(cashback=1000)


def due(world: World, on: float) -> bool:
    with unit_of_work(world.tools.engine) as session:
        return run_is_due(session, day(on))


def look(world: World, on: float, limits: Limits = NONE) -> None:
    """The calendar looks, and does what is due."""
    assert prepare_due(world.tools.engine, day(on), minimum=100, cap=None, limits=limits) is False


def settled(world: World, operator: Operator) -> None:
    """January was paid, in its own time."""
    approved(world)
    with unit_of_work(world.tools.engine) as session:
        start(session, "2011-01")
    watch = replace(world.watch_of(operator), clock=FixedClock(FIRST))
    while see_to_the_gate(watch):
        pass
    while deliver(world.tools.engine, world.tools.settings.keys, operator, CONDUCT):
        pass


def periods(world: World) -> list[str]:
    return [row.period for row in world.query("SELECT period FROM settlement_runs ORDER BY 1")]


def test_a_month_is_prepared_on_its_first_at_midnight(world: World, shop: Shop) -> None:
    assert due(world, 5)
    look(world, 5)
    assert not due(world, 5)
    earns(world, shop, world.member(), 10, on=5)
    assert not due(world, 30.99)
    assert due(world, 31)
    look(world, 31)
    assert not due(world, 44)
    assert due(world, 62)
    (run,) = world.query("SELECT * FROM settlement_runs")
    assert (run.period, run.as_of, run.prepared_by) == ("2011-01", day(31), SYSTEM)
    assert world.differences() == []


def test_a_month_without_money_is_not_prepared(world: World) -> None:
    look(world, 5)
    assert not due(world, 31)


def test_a_calendar_that_was_away_catches_up_with_the_latest_month_once(
    world: World, shop: Shop
) -> None:
    look(world, 5)
    earns(world, shop, world.member(), 10, on=5)
    look(world, 100)
    look(world, 100.5)
    assert periods(world) == ["2011-03"]
    (run,) = world.query("SELECT * FROM settlement_runs")
    assert (run.as_of, run.total) == (day(100), rubles(10))


def test_an_installation_in_the_middle_of_a_month_begins_with_the_next(
    world: World, shop: Shop
) -> None:
    earns(world, shop, world.member(), 10, on=5)
    look(world, 40)
    assert not due(world, 41)
    assert due(world, 62)
    look(world, 62)
    assert periods(world) == ["2011-02"]


def test_a_clock_that_steps_back_prepares_nothing_twice(world: World, shop: Shop) -> None:
    look(world, 5)
    earns(world, shop, world.member(), 10, on=5)
    look(world, 31)
    assert not due(world, 30.9)
    look(world, 30.9)
    look(world, 31.1)
    assert periods(world) == ["2011-01"]


def test_a_clock_that_steps_back_prepares_no_month_that_was_passed_over(
    world: World, shop: Shop
) -> None:
    look(world, 5)
    earns(world, shop, world.member(), 10, on=5)
    look(world, 100)
    assert not due(world, 40), "its money is on the later list"
    look(world, 40)
    assert periods(world) == ["2011-03"]


def test_each_month_of_four_years_is_due_from_its_first_second_on(world: World, shop: Shop) -> None:
    """Leap day and all."""
    look(world, 5)
    earns(world, shop, world.member(), 10, on=5)
    for year in range(2011, 2015):
        for month in range(1, 13):
            first = moscow_midnight(date(year, month, 1))
            for seconds in (-1, 0, 1):
                now = first + timedelta(seconds=seconds)
                with unit_of_work(world.tools.engine) as session:
                    told = run_is_due(session, now)
                assert told == (seconds >= 0 and (year, month) >= (2011, 1))
            world.change(
                "INSERT INTO settlement_runs (period, as_of, payouts, total, sha256, prepared_by)"
                " VALUES (:period, :at, 0, 0, '', 'anna')",
                period=f"{year}-{month:02d}",
                at=first,
            )
            with unit_of_work(world.tools.engine) as session:
                assert not run_is_due(session, first + timedelta(days=27))


def test_a_run_waits_for_a_person_by_default(world: World, shop: Shop) -> None:
    look(world, 5)
    earns(world, shop, world.member(), 10, on=5)
    look(world, 31)
    look(world, 31.1)
    assert run_state(world, "2011-01") == "prepared"
    assert world.query("SELECT considered_at FROM settlement_runs")[0].considered_at is not None


def test_a_run_like_the_one_before_approves_itself(world: World, shop: Shop) -> None:
    look(world, 5)
    member, operator = world.member(), Operator()
    earns(world, shop, member, 10, on=5)
    settled(world, operator)
    earns(world, shop, member, 15, on=25)
    look(world, 62, GENEROUS)
    (run,) = world.query("SELECT * FROM settlement_runs WHERE period = '2011-02'")
    assert (run.state, run.prepared_by, run.approved_by) == ("running", SYSTEM, LIMITS)
    acts = world.query("SELECT who, action FROM audit_entries WHERE subject = 'settlement:2011-02'")
    assert [tuple(act) for act in acts] == [
        (SYSTEM, "settlement.prepare"),
        (LIMITS, "settlement.approve"),
        (LIMITS, "settlement.start"),
    ]
    assert world.differences() == []


def test_a_run_unlike_the_one_before_waits(world: World, shop: Shop) -> None:
    look(world, 5)
    member = world.member()
    earns(world, shop, member, 10, on=5)
    settled(world, Operator())
    earns(world, shop, member, 15.01, on=25)
    look(world, 62, GENEROUS)
    assert run_state(world, "2011-02") == "prepared"
    look(world, 63, Limits(total=rubles(1_000), change=1_000))
    assert run_state(world, "2011-02") == "prepared", "it is considered once"


def test_what_a_person_prepared_waits_for_another(world: World, shop: Shop) -> None:
    look(world, 5)
    member = world.member()
    earns(world, shop, member, 10, on=5)
    settled(world, Operator())
    earns(world, shop, member, 10, on=25)
    world.prepare("2011-02", day(62))
    look(world, 62.1, GENEROUS)
    assert run_state(world, "2011-02") == "prepared"


def test_a_calendar_killed_between_preparing_and_approving_goes_on(
    world: World, shop: Shop
) -> None:
    look(world, 5)
    member = world.member()
    earns(world, shop, member, 10, on=5)
    settled(world, Operator())
    earns(world, shop, member, 10, on=25)
    world.prepare("2011-02", day(62), by=SYSTEM)
    assert due(world, 62)
    look(world, 62, GENEROUS)
    assert run_state(world, "2011-02") == "running"
