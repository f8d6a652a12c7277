"""Reads of reconciliation."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.kit.clock import Clock, moscow_date
from tracker.reconciliation.models import Finding, OperatorStatement
from tracker.reconciliation.rules import (
    FindingKind,
    FindingNotFound,
    FindingState,
    StatementState,
    days_of_sending,
    days_through,
    is_over,
)
from tracker.settlement.models import Payout
from tracker.settlement.queries import run_of
from tracker.settlement.rules import PayoutState
from tracker.settlement.watch import Guard


@dataclass(frozen=True, slots=True)
class Left:
    """What of a run is not explained, in numbers of payouts and findings."""

    not_ended: int
    with_staff: int
    not_on_statements: int
    """Paid, but on no compared statement with that number and amount, and not explained."""
    findings: int

    @property
    def nothing(self) -> bool:
        """Whether the run may be closed."""
        return not (self.not_ended or self.with_staff or self.not_on_statements or self.findings)


def findings(
    session: Session,
    *,
    period: str | None = None,
    kind: str | None = None,
    state: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Finding]:
    """Findings in the order in which they were opened; without a state all that are not
    explained."""
    query = select(Finding).where(Finding.id > after).order_by(Finding.id).limit(limit)
    if state is None:
        query = query.where(Finding.state != FindingState.EXPLAINED)
    for column, value in (
        (Finding.period, period),
        (Finding.kind, kind),
        (Finding.state, state),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))


def finding_of(session: Session, number: int) -> Finding:
    """A finding, locked. Raises FindingNotFound."""
    found = session.get(Finding, number, with_for_update=True)
    if found is None:
        raise FindingNotFound(f"no finding has the number {number}")
    return found


def fetched_statement(session: Session, day: date, since: datetime | None) -> int | None:
    """A statement that was fetched and not compared yet, begun after a real moment."""
    query = select(OperatorStatement.id).where(
        OperatorStatement.day == day, OperatorStatement.state == StatementState.FETCHED
    )
    if since is not None:
        query = query.where(OperatorStatement.began_at > since)
    return session.scalar(query)


def compared_statement(session: Session, day: date) -> OperatorStatement | None:
    """What a day was compared with last."""
    return session.scalar(
        select(OperatorStatement).where(
            OperatorStatement.day == day, OperatorStatement.state == StatementState.COMPARED
        )
    )


def whole_days(session: Session) -> set[date]:
    """The days compared with a statement to which nothing can be added any more."""
    query = select(OperatorStatement.day).where(
        OperatorStatement.state == StatementState.COMPARED, OperatorStatement.whole
    )
    return set(session.scalars(query))


def next_day_to_compare(session: Session, clock: Clock) -> date | None:
    """The earliest business day since the first run began that is over and was not compared; none
    for a minute after its statement could not be had."""
    first = session.scalar(text("SELECT min(started_at) FROM settlement_runs"))
    if first is None:
        return None
    now = clock.now()
    done = whole_days(session)
    for day in days_through(moscow_date(clock.at(first)), moscow_date(now)):
        if day not in done and is_over(day, now):
            return None if session.scalar(_TRIED_LATELY, {"day": day}) else day
    return None


def days_of_run(session: Session, clock: Clock, period: str) -> list[date]:
    """Business days from the one on which a run began until now. Raises RunNotFound."""
    started = run_of(session, period).started_at
    if started is None:
        return []
    return list(days_through(moscow_date(clock.at(started)), moscow_date(clock.now())))


def watch_is_due(session: Session, now: datetime, *, clock: Clock) -> bool:  # noqa: ARG001
    """Whether a day waits to be compared, sending waits for statements, the pulse is getting old
    while something is to be sent, or the operator may have told something by itself."""
    if session.scalar(_WATCH_IS_DUE):
        return True
    return next_day_to_compare(session, clock) is not None


def next_day_guarded(session: Session, guard: Guard, now: datetime) -> date | None:
    """The earliest day that a guard still waits for; None when all are compared.

    At a usual start that is today, and what was not compared or is not clear of earlier days;
    else every day, once more.
    """
    today = moscow_date(now)
    # A guard of a database that never had a pulse is of a real moment: business time may be behind.
    first = min(moscow_date(guard.since), today)
    compared = {row.day: row for row in session.execute(_COMPARED, {"since": first})}
    for day in days_through(first, today):
        row = compared.get(day)
        anew = row is not None and row.began_at > guard.raised_at
        known = guard.is_usual and row is not None and row.whole and not row.strange
        if not (anew or known):
            return day
    return None


def blocking_findings(session: Session) -> int:
    """Findings that tell of payments this database does not know, of whatever day: until somebody
    has explained them, what was paid may be on the next list as well."""
    return session.scalar(_BLOCKING) or 0


def left_of(session: Session, period: str) -> Left:
    """What keeps a run from being closed."""
    row = session.execute(_LEFT, {"period": period}).one()
    return Left(row.not_ended, row.with_staff, row.not_on_statements, row.findings)


def proved_unpaid(
    session: Session, clock: Clock, lag: int, payouts: Collection[int] | None = None
) -> Iterator[int]:
    """Payouts of unknown outcome, or with staff, that no statement of any day on which they could
    have been paid shows; all of them, or some.

    None that the operator had accepted: it may pay that on any day.
    """
    done = whole_days(session)
    query = select(Payout.id, Payout.sent_at, Payout.sent_again_at).where(
        Payout.state.in_([PayoutState.UNKNOWN, PayoutState.WITH_STAFF]),
        Payout.accepted_at.is_(None),
    )
    if payouts is not None:
        query = query.where(Payout.id.in_(list(payouts)))
    waiting = session.execute(query).all()
    shown = set(session.scalars(_SHOWN, {"keys": [f"payout:{row.id}" for row in waiting]}))
    for row in waiting:
        if row.sent_at is None or f"payout:{row.id}" in shown:
            continue
        first, last = clock.at(row.sent_at), clock.at(row.sent_again_at or row.sent_at)
        if done.issuperset(days_of_sending(first, last, lag)):
            yield row.id


def shown_payments(session: Session, payout: int) -> int:
    """How many lines of compared statements bear a payout's key, or stand for it."""
    return session.scalar(_SHOWN_COUNT, {"id": payout, "key": f"payout:{payout}"}) or 0


def gauges(session: Session) -> dict[str, float]:
    """For monitoring: what nobody has explained, and whether sending waits for statements."""
    counts: dict[str, int] = {row.kind: row.found for row in session.execute(_UNEXPLAINED)}
    kinds = {f"settlement_findings_{kind}": counts.get(kind, 0) for kind in FindingKind}
    guarded = session.scalar(
        text("SELECT count(*) FROM settlement_watch WHERE guarded_since IS NOT NULL")
    )
    return {**kinds, "settlement_guarded": guarded or 0}


_TRIED_LATELY = text("""
    SELECT EXISTS (
        SELECT FROM operator_statements
        WHERE day = :day AND state = 'dropped' AND whole
          AND began_at > clock_timestamp() - interval '1 minute'
    )
""")

_WATCH_IS_DUE = text("""
    SELECT EXISTS (
        SELECT FROM settlement_runs AS run WHERE run.state IN ('running', 'paused') AND EXISTS (
            SELECT FROM payouts WHERE payouts.period = run.period
            AND payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown')
        )
    )
""")

_UNEXPLAINED = text(
    "SELECT kind, count(*) AS found FROM settlement_findings"
    " WHERE state <> 'explained' GROUP BY kind"
)

_COMPARED = text("""
    SELECT day, whole, began_at, EXISTS (
        SELECT FROM settlement_findings AS finding
        WHERE finding.day = statement.day AND finding.state <> 'explained'
          AND finding.kind IN ('extra', 'amount_differs')
    ) AS strange
    FROM operator_statements AS statement
    WHERE state = 'compared' AND day >= :since
""")

_BLOCKING = text("""
    SELECT count(*) FROM settlement_findings
    WHERE state <> 'explained' AND kind IN ('extra', 'amount_differs')
""")

_SHOWN = text("""
    SELECT DISTINCT lines.key
    FROM statement_lines AS lines
    JOIN operator_statements AS statement ON statement.id = lines.statement_id
    WHERE lines.key = ANY (CAST(:keys AS text[])) AND statement.state = 'compared'
""")

_SHOWN_COUNT = text("""
    SELECT count(*)
    FROM statement_lines AS lines
    JOIN operator_statements AS statement ON statement.id = lines.statement_id
    WHERE (lines.key = :key OR lines.payout_id = :id) AND statement.state = 'compared'
""")

# What staff have explained about a payout, such as a decision without a statement, explains also
# that it is on none.
_LEFT = text("""
    SELECT count(*) FILTER (WHERE state IN ('prepared', 'claimed', 'submitted', 'unknown'))
               AS not_ended,
           count(*) FILTER (WHERE state = 'with_staff') AS with_staff,
           count(*) FILTER (WHERE state = 'paid' AND shown.payout_id IS NULL AND NOT EXISTS (
               SELECT FROM settlement_findings AS finding
               WHERE finding.payout_id = payouts.id AND finding.state = 'explained'
                 AND finding.owner <> 'system'
           )) AS not_on_statements,
           (SELECT count(*) FROM settlement_findings AS finding
            WHERE finding.period = :period AND finding.state <> 'explained') AS findings
    FROM payouts LEFT JOIN (
        SELECT DISTINCT lines.payout_id, lines.amount
        FROM statement_lines AS lines
        JOIN operator_statements AS statement ON statement.id = lines.statement_id
        WHERE statement.state = 'compared' AND lines.number_matches
    ) AS shown ON shown.payout_id = payouts.id AND shown.amount = payouts.amount
    WHERE period = :period
""")
