"""The operator's statements against our books: what differs is found, owned and explained."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.stories.operators import Operator, run_state, states, wait, work
from tests.world import BONUS, World, confirmed, created, day, rubles
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.reconciliation.jobs import keep_watch
from tracker.reconciliation.queries import findings
from tracker.reconciliation.rules import (
    NotProved,
    PayoutNotUndecided,
    RunNotExplained,
    StatementBusy,
)
from tracker.reconciliation.service import close, explain, resolve, shut_gate
from tracker.reconciliation.watching import compare_day
from tracker.settlement.ports import Answer, GatewayUnavailable, Outcome, StatementLine, TopUp
from tracker.settlement.rules import PayoutState
from tracker.settlement.service import approve, start

DUE = rubles(100) + BONUS
PERIOD = "2011-01"


@dataclass(slots=True)
class Bookkeeper(Operator):
    """Its statement may be told to differ from what it did."""

    left_out: set[str] = field(default_factory=set)
    changed: dict[str, StatementLine] = field(default_factory=dict)
    added: list[StatementLine] = field(default_factory=list)
    breaks_off: bool = False

    def statement(self, day: date) -> Iterator[StatementLine]:
        lines = [
            self.changed.get(one.key, one)
            for one in Operator.statement(self, day)
            if one.key not in self.left_out
        ]
        lines += [one for one in self.added if moscow_date(one.at) == day]
        yield from sorted(lines, key=lambda line: (line.key, line.reference))
        if self.breaks_off:
            raise GatewayUnavailable("cut off")

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        return [
            replace(one, paid_at=self.paid_at.get(one.key)) for one in Operator.submit(self, batch)
        ]


@dataclass(frozen=True, slots=True)
class Later:
    """So many days from now; what was done is as long ago as it is."""

    days: int

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)

    def at(self, real: datetime) -> datetime:
        return real


def today() -> date:
    return moscow_date(datetime.now(UTC))


@pytest.fixture
def operator(world: World) -> Bookkeeper:
    """Three members with 300.00 each on the started list of January."""
    shop = world.shop(cashback=1000)
    for number, member in enumerate(world.members(3)):
        world.tell(shop, created(f"A-{number}", world.click(member, shop), 1000, at=day(1)))
        world.tell(shop, confirmed(f"A-{number}", at=day(2)))
    run = world.prepare(PERIOD, day(31))
    with unit_of_work(world.tools.engine) as session:
        approve(session, PERIOD, run.sha256, "boris")
        start(session, PERIOD)
    return Bookkeeper()


def compare(world: World, operator: Operator, on: date | None = None) -> None:
    """The day after: the statement of the day on which it was paid."""
    compare_day(replace(world.watch_of(operator), clock=Later(3)), on or today())


def found(world: World) -> list[tuple[str, str, str, int | None, int | None, str]]:
    rows = world.query("SELECT * FROM settlement_findings ORDER BY kind, key, reference")
    return [(row.kind, row.key, row.detail, row.ours, row.theirs, row.state) for row in rows]


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


def test_nothing_is_sent_while_the_statement_cannot_be_had(
    world: World, operator: Bookkeeper
) -> None:
    operator.breaks_off = True
    work(world, operator)
    assert operator.sent == []
    operator.breaks_off = False
    work(world, operator)
    assert len(operator.sent) == 3


def test_what_nobody_can_explain_keeps_the_gate_shut_until_somebody_does(
    world: World, operator: Bookkeeper
) -> None:
    now = datetime.now(UTC)
    operator.added = [StatementLine("payout:77", "+79000009999", 500, "ref-77", now)]
    work(world, operator)
    assert operator.sent == []
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
        shut_gate(session, datetime.now(UTC), who="anna", reason="restored from the backup")
    assert world.query("SELECT settlement_may_send() AS may") == [(False,)]
    world.watch(operator)
    assert world.query("SELECT settlement_may_send() AS may") == [(True,)]


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
