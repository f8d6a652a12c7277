"""The gate before the operator: when nothing is sent, and what opens it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.bookkeeping import PERIOD, Bookkeeper, compare, three_due, today
from tests.stories.operators import run_state, states, work
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.reconciliation.queries import findings
from tracker.reconciliation.rules import DayNotBegun, StatementBusy
from tracker.reconciliation.service import explain, shut_gate
from tracker.settlement.ports import StatementLine
from tracker.settlement.standing import standing


@pytest.fixture
def operator(world: World) -> Bookkeeper:
    """Three members with 300.00 each on the started list of January."""
    return three_due(world)


def test_nothing_is_sent_while_the_statement_cannot_be_had(
    world: World, operator: Bookkeeper
) -> None:
    operator.breaks_off = True
    work(world, operator)
    assert operator.sent == []
    with unit_of_work(world.tools.engine) as session:
        stand = standing(session, "2011-01")
        assert stand.guard is not None
        assert (stand.guard.held_by or "").startswith("the statement of ")
        assert stand.seconds_left is None
    operator.breaks_off = False
    work(world, operator)
    assert len(operator.sent) == 3
    assert world.query("SELECT held_by FROM settlement_watch")[0].held_by is None


def test_what_nobody_can_explain_keeps_the_gate_shut_until_somebody_does(
    world: World, operator: Bookkeeper
) -> None:
    now = datetime.now(UTC)
    operator.added = [StatementLine("payout:77", "+79000009999", 500, "ref-77", now)]
    work(world, operator)
    assert operator.sent == []
    held = world.query("SELECT held_by FROM settlement_watch")[0].held_by
    assert held == "1 findings are to be explained"
    with unit_of_work(world.tools.engine) as session:
        (one,) = findings(session)
        explain(session, one.id, "boris", "of another system that shares the account")
    work(world, operator)
    assert len(operator.sent) == 3


def test_a_number_that_was_paid_under_an_unknown_key_is_left_to_staff(
    world: World, operator: Bookkeeper
) -> None:
    now = datetime.now(UTC)
    operator.added = [StatementLine("payout:77", world.phone(2), 500, "ref-77", now)]
    work(world, operator)
    assert states(world) == ["prepared", "with_staff", "prepared"]
    assert world.differences() == []


def test_staff_may_shut_the_gate(world: World, operator: Bookkeeper) -> None:
    work(world, operator)
    with unit_of_work(world.tools.engine) as session:
        shut_gate(
            session,
            datetime.now(UTC),
            datetime.now(UTC),
            who="anna",
            reason="restored from the backup",
        )
    assert world.query("SELECT settlement_may_send() AS may") == [(False,)]
    world.watch(operator)
    assert world.query("SELECT settlement_may_send() AS may") == [(True,)]


def test_a_gate_is_not_shut_since_a_moment_to_come(world: World, operator: Bookkeeper) -> None:
    now = datetime.now(UTC)
    with unit_of_work(world.tools.engine) as session, pytest.raises(DayNotBegun):
        shut_gate(session, now + timedelta(days=1), now, who="anna", reason="a slip")


def test_a_pulse_that_stood_still_shuts_the_gate(world: World, operator: Bookkeeper) -> None:
    world.watch(operator)
    world.change("UPDATE settlement_watch SET pulse_at = pulse_at - interval '20 minutes'")
    operator.breaks_off = True
    work(world, operator)
    assert operator.sent == []
    assert world.query("SELECT guard_reason FROM settlement_watch") == [("stale",)]
    operator.breaks_off = False
    work(world, operator)
    assert len(operator.sent) == 3


def test_two_workers_that_compare_one_day_do_no_harm(world: World, operator: Bookkeeper) -> None:
    """The second finds the day taken; should the first go away, its lease ends."""
    work(world, operator)
    world.change(
        "INSERT INTO operator_statements (day, whole, lease_until)"
        " VALUES (:day, true, now() + interval '1 minute')",
        day=today(),
    )
    with pytest.raises(StatementBusy):
        compare(world, operator)
    world.change("UPDATE operator_statements SET lease_until = now() - interval '1 second'")
    compare(world, operator)
    assert run_state(world, PERIOD) == "closed"
    taken = "SELECT FROM operator_statements WHERE state = 'compared' AND day = :day"
    assert len(world.query(taken, day=today())) == 1
