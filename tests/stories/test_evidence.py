"""What tells against us stays: late words, graver findings, and what SQL would have hushed up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tests.stories.bookkeeping import DUE, PERIOD, Bookkeeper, compare, found, three_due, today
from tests.stories.months import earns
from tests.stories.operators import run_state, states, wait, work
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.reconciliation.queries import findings, left_of
from tracker.reconciliation.service import close, explain
from tracker.reconciliation.told import Hint, take_hints
from tracker.settlement.jobs import deliver
from tracker.settlement.ports import Answer, Outcome, StatementLine, TopUp
from tracker.settlement.rules import Conduct
from tracker.settlement.service import start

FOREIGN = StatementLine("foreign", "+79000009999", 600, "ref-f", datetime.now(UTC))


class LateWord(Bookkeeper):
    """It answers questions with a payment of a certain moment."""

    at: datetime | None = None

    def query(self, top_up: TopUp) -> Answer:
        return Answer(top_up.key, Outcome.PAID, f"ref-{top_up.key}", None, self.at)


@pytest.fixture
def operator(world: World) -> Bookkeeper:
    """Three members with 300.00 each on the started list of January."""
    return three_due(world)


@pytest.mark.parametrize(
    "paid_at", [0, None, -36_500, 36_500], ids=["compared", "none", "long_past", "far_future"]
)
def test_a_late_word_of_a_payment_on_no_statement_is_a_finding(
    world: World, operator: Bookkeeper, paid_at: int | None
) -> None:
    operator.acts, operator.says = False, Outcome.UNKNOWN
    work(world, operator)
    compare(world, operator)
    wait(world, 3600)
    late = LateWord()
    late.at = None if paid_at is None else datetime.now(UTC) + timedelta(days=paid_at)
    while deliver(world.tools.engine, world.tools.settings.keys, late, Conduct()):
        pass
    assert states(world) == ["paid"] * 3
    world.change("UPDATE payouts SET ended_at = ended_at - interval '3 days'")
    compare(world, operator, today() + timedelta(days=1))
    missing = [(one[1], one[5]) for one in found(world) if one[0] == "missing"]
    assert missing == [(f"payout:{number}", "open") for number in (1, 2, 3)]
    operator.paid = {
        f"payout:{number}": TopUp(f"payout:{number}", world.phone(number), DUE)
        for number in (1, 2, 3)
    }
    operator.paid_at = dict.fromkeys(operator.paid, datetime.now(UTC) + timedelta(days=1))
    compare(world, operator, today() + timedelta(days=1))
    assert run_state(world, PERIOD) == "closed"
    assert world.differences() == []


def test_what_is_shown_on_a_day_that_is_read_anew_without_it_is_missing_again(
    world: World, operator: Bookkeeper
) -> None:
    """Paid by its word just before midnight, and by its books just after."""
    work(world, operator)
    operator.left_out = {"payout:3"}
    compare(world, operator)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    shown = StatementLine("payout:3", world.phone(3), DUE, "ref-payout:3", tomorrow)
    operator.added = [shown]
    compare(world, operator, today() + timedelta(days=1))
    assert run_state(world, PERIOD) == "closed"
    operator.added = []
    compare(world, operator, today() + timedelta(days=1))
    assert [one[5] for one in found(world)] == ["open"]
    assert world.differences() == []


def hinted(world: World, outcome: Outcome) -> None:
    with unit_of_work(world.tools.engine) as session:
        take_hints(session, [Hint("payout:1", outcome, DUE, "R1")])


def explained(world: World) -> None:
    with unit_of_work(world.tools.engine) as session:
        for one in findings(session):
            explain(session, one.id, "boris", "looked at")


def test_an_explained_finding_does_not_hide_a_graver_one(
    world: World, operator: Bookkeeper
) -> None:
    hinted(world, Outcome.PAID)
    explained(world)
    hinted(world, Outcome.PAID)
    early = ("contradiction", "payout:1", "paid_though_prepared", DUE, DUE, "explained")
    assert found(world) == [early]
    operator.acts, operator.says = False, Outcome.FAILED
    work(world, operator)
    hinted(world, Outcome.PAID)
    graver = ("contradiction", "payout:1", "paid_though_failed", DUE, DUE, "open")
    assert found(world) == [graver]


def test_a_payment_that_was_explained_before_it_was_refused_is_asked_about_again(
    world: World, operator: Bookkeeper
) -> None:
    work(world, operator)
    first = operator.paid["payout:1"]
    operator.changed = {
        "payout:1": StatementLine(
            "payout:1", world.phone(2), first.amount, "ref-payout:1", datetime.now(UTC)
        )
    }
    compare(world, operator)
    explained(world)
    world.change_as_owner("UPDATE payouts SET state = 'failed' WHERE id = 1")
    operator.changed = {}
    compare(world, operator)
    assert [(one[2], one[5]) for one in found(world) if one[0] == "extra"] == [("failed", "open")]


def test_what_somebody_has_in_hand_is_shown_as_it_is_now(
    world: World, operator: Bookkeeper
) -> None:
    hinted(world, Outcome.PAID)
    world.change("UPDATE settlement_findings SET state = 'taken', owner = 'boris'")
    operator.acts, operator.says = False, Outcome.FAILED
    work(world, operator)
    hinted(world, Outcome.PAID)
    rows = world.query("SELECT detail, state, owner FROM settlement_findings")
    assert rows == [("paid_though_failed", "taken", "boris")]


def test_an_approval_past_the_audit_is_seen_by_the_proof(world: World) -> None:
    shop = world.shop(cashback=1000)
    earns(world, shop, world.member(), 10)
    world.prepare(PERIOD, day(31))
    world.change(
        "UPDATE settlement_runs SET state = 'approved', approved_by = 'boris', approved_at = now()"
    )
    with unit_of_work(world.tools.engine) as session:
        start(session, PERIOD)
    (difference,) = world.differences()
    assert (difference.what, difference.expected) == ("settlement 2011-01", "approved by boris")


def test_a_start_past_the_audit_is_seen_by_the_proof(world: World) -> None:
    shop = world.shop(cashback=1000)
    earns(world, shop, world.member(), 10)
    from_sql = "UPDATE settlement_runs SET state = 'running', approved_by = 'boris'"
    world.prepare(PERIOD, day(31))
    world.change(from_sql)
    assert [one.expected for one in world.differences()] == ["approved by boris", "started"]


@pytest.mark.parametrize("detail", ["no_such_payout", "adopted"])
def test_a_finding_closed_by_sql_as_system_is_seen_by_the_proof(
    world: World, operator: Bookkeeper, detail: str
) -> None:
    work(world, operator)
    operator.added = [replace(FOREIGN, at=datetime.now(UTC))]
    compare(world, operator)
    world.change(
        "UPDATE settlement_findings SET state = 'explained', owner = 'system', detail = :detail,"
        " explanation = 'x', closed_at = clock_timestamp()",
        detail=detail,
    )
    with unit_of_work(world.tools.engine) as session:
        assert left_of(session, PERIOD).nothing
        close(session, PERIOD, "boris")
    (difference,) = world.differences()
    assert difference.found == "extra of foreign"


def test_a_duplicate_that_is_shown_no_more_is_clear_though_another_is_shown(
    world: World, operator: Bookkeeper
) -> None:
    work(world, operator)
    again = StatementLine("payout:1", world.phone(1), DUE, "again", datetime.now(UTC))
    for reference in ("again", "once more"):
        operator.added = [replace(again, reference=reference, at=datetime.now(UTC))]
        compare(world, operator)
    rows = world.query("SELECT reference, state FROM settlement_findings ORDER BY id")
    assert rows == [("again", "explained"), ("once more", "open")]
    assert world.differences() == []


@pytest.mark.parametrize(
    "destruction",
    [
        "UPDATE operator_statements SET state = 'dropped'",
        "UPDATE operator_statements SET state = 'fetched' WHERE state = 'compared'",
        "UPDATE operator_statements SET lines = 0, total = 0",
        "UPDATE statement_lines SET payout_id = 1, number_matches = true",
        "INSERT INTO statement_lines"
        " (statement_id, line, key, reference, amount, at, number_matches)"
        " SELECT id, 99, 'payout:1', 'r', 1, now(), true FROM operator_statements",
    ],
)
def test_what_a_day_was_compared_with_stays(
    world: World, operator: Bookkeeper, destruction: str
) -> None:
    work(world, operator)
    compare(world, operator)
    with pytest.raises(IntegrityError, match="what a day was compared with"):
        world.change(destruction)
    compare(world, operator)
    assert world.differences() == []


@pytest.mark.parametrize(("minutes", "may"), [(4, True), (6, False), (1440, False)])
def test_a_pulse_of_the_future_is_no_sign_of_life(
    world: World, operator: Bookkeeper, minutes: int, *, may: bool
) -> None:
    world.watch(operator)
    world.change(
        "UPDATE settlement_watch SET pulse_at = now() + make_interval(mins => :minutes)",
        minutes=minutes,
    )
    assert world.query("SELECT settlement_may_send() AS may") == [(may,)]
    operator.breaks_off = True
    work(world, operator)
    assert (len(operator.sent) == 3) == may
    rows = world.query("SELECT guard_reason FROM settlement_watch")
    assert rows == [(None if may else "stale",)]
