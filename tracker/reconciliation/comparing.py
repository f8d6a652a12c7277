"""A day's statement against our payouts, by sets. The caller owns the unit of work.

Comparing again comes to the same: a finding is opened once, and one that no statement shows any
more is closed by ``system``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tracker.kit.clock import moscow_midnight
from tracker.reconciliation.models import OperatorStatement
from tracker.reconciliation.rules import FindingKind
from tracker.settlement.rules import SYSTEM


def compare(session: Session, statement: OperatorStatement) -> None:
    """Let a fetched statement be the day's word, and open and close findings by it."""
    # One at a time: each looks at all that the others have compared.
    keep_findings_still(session)
    values = {"statement": statement.id, "day": statement.day}
    session.execute(_DROP_FORMER, values)
    session.execute(_COUNTS_NOW, values)
    session.execute(_OPEN_STRANGE, values)
    session.execute(_OPEN_DUPLICATES, values)
    session.execute(_OPEN_MISSING, _bounds(statement.day))
    session.execute(_OPEN_AGAIN, {"system": SYSTEM})
    close_what_is_clear(session)


def keep_findings_still(session: Session) -> None:
    """Until the end of this unit of work nobody else opens a finding: none is missed by whoever
    closes a run."""
    session.execute(_ALONE)


def open_findings(session: Session, findings: Iterable[Mapping[str, Any]]) -> None:
    """Open findings that no statement shows by itself; what is known already is left as it is."""
    for number, one in enumerate(findings):
        if number == 0:
            session.execute(_AMONG_OTHERS)
        session.execute(_OPEN, one)


def open_unsettled(session: Session, proved: Iterable[int]) -> None:
    """A finding for each payout with staff, and for those of unknown outcome which no statement
    of their days shows: ``proved``."""
    session.execute(_OPEN_UNSETTLED, {"proved": sorted(proved)})


def close_what_is_clear(session: Session) -> None:
    """Close the findings that nothing shows any more."""
    session.execute(_CLOSE, {"system": SYSTEM})


def closed_without_cause(session: Session) -> Sequence[Row[Any]]:
    """Findings that ``system`` is said to have closed, and something shows them all the same."""
    return session.execute(_WITHOUT_CAUSE, {"system": SYSTEM}).all()


def _bounds(day: date) -> dict[str, Any]:
    return {"since": moscow_midnight(day), "until": moscow_midnight(day + timedelta(days=1))}


_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('reconciliation', 0))")
_AMONG_OTHERS = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('reconciliation', 0))")

_DROP_FORMER = text("""
    UPDATE operator_statements SET state = 'dropped'
    WHERE day = :day AND state = 'compared' AND id <> :statement
""")

_COUNTS_NOW = text("""
    UPDATE operator_statements SET state = 'compared', compared_at = clock_timestamp()
    WHERE id = :statement
""")

# A finding that was closed by a statement and shows again is open again; what staff explained is
# not asked about twice, unless it has changed since. Who has it in hand keeps it, as it is now.
_AGAIN = """
    ON CONFLICT (kind, key, reference) DO UPDATE
    SET state = CASE settlement_findings.state WHEN 'taken' THEN 'taken' ELSE 'open' END,
        owner = CASE settlement_findings.state WHEN 'taken' THEN settlement_findings.owner END,
        opened_at = CASE settlement_findings.state
            WHEN 'explained' THEN clock_timestamp() ELSE settlement_findings.opened_at END,
        explanation = NULL, closed_at = NULL, day = excluded.day,
        detail = excluded.detail, ours = excluded.ours, theirs = excluded.theirs,
        payout_id = excluded.payout_id, period = excluded.period
    WHERE (settlement_findings.state = 'explained' AND settlement_findings.owner = 'system'
           AND settlement_findings.detail <> 'adopted')
       OR (settlement_findings.ours, settlement_findings.theirs, settlement_findings.detail)
          IS DISTINCT FROM (excluded.ours, excluded.theirs, excluded.detail)
"""

_STRANGE = """(
    payouts.id IS NULL OR NOT lines.number_matches OR payouts.amount <> lines.amount
    OR payouts.state IN ('prepared', 'failed', 'withheld')
)"""

_STRANGE_KIND = """
    CASE WHEN payouts.id IS NOT NULL AND lines.number_matches AND payouts.amount <> lines.amount
         THEN 'amount_differs' ELSE 'extra' END
"""

_PAID_BEFORE = """EXISTS (
    SELECT FROM statement_lines AS before
    JOIN operator_statements AS its ON its.id = before.statement_id
    WHERE before.key = lines.key AND its.state = 'compared'
      AND (before.at, before.reference, before.statement_id, before.line)
          < (lines.at, lines.reference, lines.statement_id, lines.line)
)"""

_OPEN_STRANGE = text(f"""
    INSERT INTO settlement_findings
        (kind, key, reference, payout_id, period, day, ours, theirs, detail)
    SELECT DISTINCT ON (1, lines.key, lines.reference)
           {_STRANGE_KIND}, lines.key, lines.reference, payouts.id,
           coalesce(payouts.period, (SELECT max(run.period) FROM settlement_runs AS run
                                     WHERE run.as_of <= lines.at)),
           :day, payouts.amount, lines.amount,
           CASE WHEN payouts.id IS NULL THEN 'no_such_payout'
                WHEN NOT lines.number_matches THEN 'number_differs'
                WHEN payouts.amount <> lines.amount THEN 'amount_differs'
                WHEN payouts.state = 'prepared' THEN 'never_sent'
                ELSE payouts.state END
    FROM statement_lines AS lines LEFT JOIN payouts ON payouts.id = lines.payout_id
    WHERE lines.statement_id = :statement AND {_STRANGE}
    ORDER BY 1, lines.key, lines.reference, lines.line
    {_AGAIN}
""")  # noqa: S608 (two texts of this file put together)

_OPEN_DUPLICATES = text(f"""
    INSERT INTO settlement_findings
        (kind, key, reference, payout_id, period, day, ours, theirs, detail)
    SELECT DISTINCT ON (lines.key, lines.reference)
           'duplicate', lines.key, lines.reference, payouts.id, payouts.period, :day,
           payouts.amount, lines.amount, 'paid_again'
    FROM statement_lines AS lines
    JOIN operator_statements AS statement ON statement.id = lines.statement_id
    LEFT JOIN payouts ON payouts.id = lines.payout_id
    WHERE statement.state = 'compared'
      AND lines.key IN (SELECT key FROM statement_lines WHERE statement_id = :statement)
      AND {_PAID_BEFORE}
    ORDER BY lines.key, lines.reference, lines.line
    {_AGAIN}
""")  # noqa: S608 (two texts of this file put together)

# The operator may tell of a payment when the day it names was compared, so that all payouts are
# looked at whose runs are not closed. A moment at which it cannot have paid, or none, is never
# compared: there, days that were compared long after its word are enough.
_OPEN_MISSING = text(f"""
    INSERT INTO settlement_findings
        (kind, key, reference, payout_id, period, day, ours, detail)
    SELECT 'missing', 'payout:' || payouts.id, '', payouts.id, payouts.period,
           (payouts.paid_at AT TIME ZONE 'Europe/Moscow')::date,
           payouts.amount, 'not_on_statement'
    FROM payouts JOIN settlement_runs AS run ON run.period = payouts.period
    WHERE payouts.state = 'paid'
      AND ((payouts.paid_at >= :since AND payouts.paid_at < :until)
           OR payouts.period = ANY (ARRAY(
               SELECT period FROM settlement_runs WHERE state <> 'closed'
           )))
      AND ((payouts.paid_at AT TIME ZONE 'Europe/Moscow')::date IN (
               SELECT day FROM operator_statements WHERE state = 'compared' AND whole
           )
           OR ((payouts.paid_at BETWEEN run.as_of - interval '1 day'
                                    AND payouts.ended_at + interval '1 day') IS NOT true
               AND payouts.reason IS DISTINCT FROM 'decided_by_staff'
               AND payouts.ended_at + interval '2 days' < (
                   SELECT began_at FROM operator_statements
                   WHERE state = 'compared' AND whole ORDER BY day DESC LIMIT 1
               )))
      AND NOT EXISTS (
          SELECT FROM statement_lines AS lines
          JOIN operator_statements AS statement ON statement.id = lines.statement_id
          WHERE lines.payout_id = payouts.id AND statement.state = 'compared'
      )
    {_AGAIN}
""")  # noqa: S608 (two texts of this file put together)

_OPEN = text(f"""
    INSERT INTO settlement_findings
        (kind, key, reference, payout_id, period, day, ours, theirs, detail)
    VALUES (:kind, :key, :reference, :payout_id, :period, :day, :ours, :theirs, :detail)
    {_AGAIN}
""")  # noqa: S608 (two texts of this file put together)

_OPEN_UNSETTLED = text("""
    INSERT INTO settlement_findings (kind, key, payout_id, period, ours, detail)
    SELECT 'unsettled', 'payout:' || id, id, period, amount,
           CASE WHEN id = ANY (CAST(:proved AS bigint[]))
                THEN 'not_on_statements' ELSE 'days_not_compared' END
    FROM payouts
    WHERE state = 'with_staff' OR (state = 'unknown' AND id = ANY (CAST(:proved AS bigint[])))
    ON CONFLICT (kind, key, reference) DO UPDATE
    SET detail = excluded.detail,
        state = CASE WHEN settlement_findings.state = 'explained'
                     THEN 'open' ELSE settlement_findings.state END,
        owner = CASE WHEN settlement_findings.state = 'explained'
                     THEN NULL ELSE settlement_findings.owner END,
        explanation = NULL, closed_at = NULL
    WHERE settlement_findings.state = 'explained' OR settlement_findings.detail <> excluded.detail
""")

# Nothing shows a finding any more.
_CLEAR = f"""
    CASE finding.kind
        WHEN '{FindingKind.MISSING}' THEN EXISTS (
            SELECT FROM statement_lines AS lines
            JOIN operator_statements AS statement ON statement.id = lines.statement_id
            WHERE lines.payout_id = finding.payout_id AND statement.state = 'compared'
        )
        WHEN '{FindingKind.UNSETTLED}' THEN NOT EXISTS (
            SELECT FROM payouts
            WHERE payouts.id = finding.payout_id AND payouts.state IN ('unknown', 'with_staff')
        )
        WHEN '{FindingKind.CONTRADICTION}' THEN false
        WHEN '{FindingKind.DUPLICATE}' THEN NOT EXISTS (
            SELECT FROM statement_lines AS lines
            JOIN operator_statements AS statement ON statement.id = lines.statement_id
            WHERE lines.key = finding.key AND lines.reference = finding.reference
              AND statement.state = 'compared' AND {_PAID_BEFORE}
        )
        ELSE NOT EXISTS (
            SELECT FROM statement_lines AS lines
            JOIN operator_statements AS statement ON statement.id = lines.statement_id
            LEFT JOIN payouts ON payouts.id = lines.payout_id
            WHERE lines.key = finding.key AND lines.reference = finding.reference
              AND statement.state = 'compared' AND {_STRANGE}
              AND {_STRANGE_KIND} = finding.kind
        )
    END
"""  # noqa: S608 (words of ours)

_CLOSE = text(f"""
    UPDATE settlement_findings AS finding
    SET state = 'explained', owner = :system, closed_at = clock_timestamp(),
        explanation = CASE kind
            WHEN '{FindingKind.MISSING}' THEN 'a later statement shows it'
            WHEN '{FindingKind.UNSETTLED}' THEN 'the payout was settled'
            ELSE 'no statement shows it any more' END
    WHERE state <> 'explained' AND {_CLEAR}
""")  # noqa: S608 (words of ours)

# A payout that went on may be unknown again: what waits for staff is opened by what proves it.
_OPEN_AGAIN = text(f"""
    UPDATE settlement_findings AS finding
    SET state = 'open', owner = NULL, explanation = NULL, closed_at = NULL,
        opened_at = clock_timestamp()
    WHERE state = 'explained' AND owner = :system AND kind <> '{FindingKind.UNSETTLED}'
      AND detail <> 'adopted' AND NOT {_CLEAR}
""")  # noqa: S608 (words of ours)

# What was taken over from a statement is a payment of ours, of that amount. Staff may have got a
# payout back since its finding was closed.
_WITHOUT_CAUSE = text(f"""
    SELECT finding.id, finding.kind, finding.key FROM settlement_findings AS finding
    LEFT JOIN payouts AS ours ON ours.id = finding.payout_id
    WHERE finding.state = 'explained' AND finding.owner = :system AND (
        CASE finding.kind
            WHEN '{FindingKind.UNSETTLED}'
                THEN ours.state = 'with_staff' AND ours.ended_at < finding.closed_at
            ELSE NOT {_CLEAR} END
        OR (finding.detail = 'adopted'
            AND (ours.state = 'paid' AND ours.amount = finding.theirs) IS NOT true)
    )
    ORDER BY finding.id
""")  # noqa: S608 (words of ours)
