"""The operator's statements against our books: what differs is found, owned and explained."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.bookkeeping import (
    DUE,
    PERIOD,
    Bookkeeper,
    Later,
    compare,
    found,
    three_due,
    today,
)
from tests.stories.operators import run_state, states, wait, work
from tests.world import World
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.reconciliation.jobs import keep_watch
from tracker.reconciliation.queries import findings
from tracker.reconciliation.rules import (
    NotProved,
    PayoutNotUndecided,
    RunNotExplained,
)
from tracker.reconciliation.service import close, explain, resolve
from tracker.settlement.ports import GatewayUnavailable, Outcome, StatementLine
from tracker.settlement.rules import PayoutState


@pytest.fixture
def operator(world: World) -> Bookkeeper:
    """Three members with 300.00 each on the started list of January."""
    return three_due(world)


def test_what_agrees_closes_the_run(world: World, operator: Bookkeeper) -> None:
    work(world, operator)
    assert run_state(world, PERIOD) == "done"
    compare(world, operator)
    assert run_state(world, PERIOD) == "closed"
    assert found(world) == []
    assert world.differences() == []


def test_every_kind_of_difference_is_a_finding_and_comparing_again_adds_none(
    world: World, operator: Bookkeeper
) -> None:
    work(world, operator)
    now = datetime.now(UTC)
    first, second = (operator.paid[key] for key in ("payout:1", "payout:2"))
    operator.changed = {
        "payout:1": StatementLine("payout:1", first.phone, DUE + 100, "ref-payout:1", now),
        "payout:2": StatementLine("payout:2", first.phone, DUE, "ref-payout:2", now),
    }
    operator.left_out = {"payout:3"}
    operator.added = [
        StatementLine("payout:1", first.phone, DUE, "again", now + timedelta(seconds=1)),
        StatementLine("payout:77", second.phone, 500, "ref-77", now),
        StatementLine("foreign", "+79000009999", 600, "ref-f", now),
    ]
    expected = [
        ("amount_differs", "payout:1", "amount_differs", DUE, DUE + 100, "open"),
        ("duplicate", "payout:1", "paid_again", DUE, DUE, "open"),
        ("extra", "foreign", "no_such_payout", None, 600, "open"),
        ("extra", "payout:2", "number_differs", DUE, DUE, "open"),
        ("extra", "payout:77", "no_such_payout", None, 500, "open"),
        ("missing", "payout:3", "not_on_statement", DUE, None, "open"),
    ]
    for _ in range(2):
        compare(world, operator)
        assert found(world) == expected
    assert run_state(world, PERIOD) == "done"
    with unit_of_work(world.tools.engine) as session, pytest.raises(RunNotExplained):
        close(session, PERIOD, "boris")

    operator.changed, operator.left_out, operator.added = {}, set(), []
    compare(world, operator)
    assert {one[-1] for one in found(world)} == {"explained"}
    assert run_state(world, PERIOD) == "closed"
    assert world.differences() == []


def test_a_key_paid_again_on_another_day_is_a_duplicate(world: World, operator: Bookkeeper) -> None:
    work(world, operator)
    compare(world, operator)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    phone = operator.paid["payout:2"].phone
    operator.added = [StatementLine("payout:2", phone, DUE, "again", tomorrow)]
    compare(world, operator, moscow_date(tomorrow))
    assert found(world) == [("duplicate", "payout:2", "paid_again", DUE, DUE, "open")]


def test_what_staff_have_explained_is_not_asked_about_again(
    world: World, operator: Bookkeeper
) -> None:
    work(world, operator)
    operator.left_out = {"payout:3"}
    compare(world, operator)
    with unit_of_work(world.tools.engine) as session:
        (one,) = findings(session)
        explain(session, one.id, "boris", "the operator confirmed it by letter")
    compare(world, operator)
    assert [one[-1] for one in found(world)] == ["explained"]
    assert run_state(world, PERIOD) == "closed"
    assert world.differences() == []


def test_a_finding_explained_past_the_audit_is_seen_by_the_proof(
    world: World, operator: Bookkeeper
) -> None:
    work(world, operator)
    operator.left_out = {"payout:3"}
    compare(world, operator)
    world.change(
        "UPDATE settlement_findings SET state = 'explained', owner = 'boris',"
        " explanation = 'nothing', closed_at = now()"
    )
    assert [one.found for one in world.differences()] == ["not in the audit"]


def test_a_statement_settles_what_is_unknown_and_what_is_with_staff(
    world: World, operator: Bookkeeper
) -> None:
    operator.says = operator.tells = Outcome.UNKNOWN
    work(world, operator)
    world.change("UPDATE payouts SET state = 'with_staff', ended_at = now() WHERE id = 2")
    compare(world, operator)
    assert states(world) == ["paid", "paid", "paid"]
    assert run_state(world, PERIOD) == "closed"
    assert [world.balance(member) for member in (1, 2, 3)] == [Balance(0, 0, 0)] * 3
    told = world.query("SELECT count(*) FROM notifications WHERE kind = 'payout_paid'")
    assert told[0].count == 3
    assert world.differences() == []


def test_what_no_statement_shows_is_listed_and_decided_by_staff(
    world: World, operator: Bookkeeper
) -> None:
    operator.acts, operator.says, operator.tells = False, Outcome.UNKNOWN, Outcome.UNKNOWN
    work(world, operator)
    tools = world.tools
    with unit_of_work(tools.engine) as session, pytest.raises(NotProved):
        resolve(
            session, tools.clock, 120, 1, PayoutState.FAILED, who="boris", reason="they said so"
        )
    for number in range(3):
        compare(world, operator, today() + timedelta(days=number - 1))
    assert states(world) == ["unknown"] * 3
    assert [one[:3] for one in found(world)] == [
        ("unsettled", f"payout:{number}", "not_on_statements") for number in (1, 2, 3)
    ]
    with unit_of_work(tools.engine) as session:
        resolve(
            session, tools.clock, 120, 1, PayoutState.FAILED, who="boris", reason="they said so"
        )
        resolve(
            session,
            tools.clock,
            120,
            2,
            PayoutState.PAID,
            who="boris",
            reason="a letter",
            reference="L-1",
            unproved=True,
        )
    with unit_of_work(tools.engine) as session, pytest.raises(PayoutNotUndecided):
        resolve(session, tools.clock, 120, 1, PayoutState.FAILED, who="boris", reason="again")
    assert states(world) == ["failed", "paid", "unknown"]
    assert world.balance(1) == Balance(0, DUE, 0)
    assert world.balance(2) == Balance(0, 0, 0)
    assert world.differences() == []
    operator.tells = Outcome.FAILED
    wait(world, 60)
    work(world, operator)
    compare(world, operator)
    assert run_state(world, PERIOD) == "closed"
    assert world.differences() == []


def test_a_late_answer_after_the_decision_is_fenced_off(world: World, operator: Bookkeeper) -> None:
    operator.says = operator.tells = Outcome.UNKNOWN
    work(world, operator)
    fences = [row.fence for row in world.query("SELECT fence FROM payouts ORDER BY id")]
    compare(world, operator)
    after = [row.fence for row in world.query("SELECT fence FROM payouts ORDER BY id")]
    assert all(new > old for new, old in zip(after, fences, strict=True))


def test_a_fetch_that_breaks_off_leaves_nothing_that_counts(
    world: World, operator: Bookkeeper
) -> None:
    work(world, operator)
    operator.breaks_off = True
    with pytest.raises(GatewayUnavailable):
        compare(world, operator)
    compared = "SELECT FROM operator_statements WHERE state = 'compared' AND whole"
    assert world.query(compared) == []
    assert found(world) == []
    operator.breaks_off = False
    compare(world, operator)
    assert run_state(world, PERIOD) == "closed"
    with unit_of_work(world.tools.engine) as session:
        session.connection().exec_driver_sql("SELECT forget_dropped_statements(1000)")
    kept = world.query("SELECT DISTINCT statement_id FROM statement_lines")
    assert len(kept) == 1


def test_each_day_that_is_over_is_compared_once_and_days_of_downtime_are_caught_up(
    world: World, operator: Bookkeeper
) -> None:
    work(world, operator)
    watch = replace(world.watch_of(operator), clock=Later(4))
    while keep_watch(watch):
        pass
    days = world.query("SELECT day FROM operator_statements WHERE state = 'compared' AND whole")
    assert sorted(row.day for row in days)[0] == today()
    assert len(days) in (3, 4)
    assert run_state(world, PERIOD) == "closed"
    assert not keep_watch(watch)
