"""A day's statement against our payouts, by sets. The caller owns the unit of work.

Comparing again comes to the same: a finding is opened once, and one that no statement shows any
more is closed by ``system``.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.kit.clock import moscow_midnight
from tracker.reconciliation.models import OperatorStatement
from tracker.reconciliation.rules import FindingKind
from tracker.settlement.rules import SYSTEM


def compare(session: Session, statement: OperatorStatement) -> None:
    """Let a fetched statement be the day's word, and open and close findings by it."""
    # One at a time: each looks at all that the others have compared.
    session.execute(_ONE_AT_A_TIME)
    values = {"statement": statement.id, "day": statement.day}
    session.execute(_DROP_FORMER, values)
    session.execute(_COUNTS_NOW, values)
    session.execute(_OPEN_STRANGE, values)
    session.execute(_OPEN_DUPLICATES, values)
    if statement.whole:
        session.execute(_OPEN_MISSING, {**values, **_bounds(statement.day)})
    close_what_is_clear(session)


def open_findings(session: Session, findings: Iterable[Mapping[str, Any]]) -> None:
    """Open findings that no statement shows by itself; what is known already is left as it is."""
    for one in findings:
        session.execute(_OPEN, one)


def open_unsettled(session: Session, proved: Iterable[int]) -> None:
    """A finding for each payout with staff, and for those of unknown outcome which no statement
    of their days shows: ``proved``."""
    session.execute(_OPEN_UNSETTLED, {"proved": sorted(proved)})


def close_what_is_clear(session: Session) -> None:
    """Close the findings that nothing shows any more."""
    session.execute(_CLOSE, {"system": SYSTEM})


def _bounds(day: date) -> dict[str, Any]:
    return {"since": moscow_midnight(day), "until": moscow_midnight(day + timedelta(days=1))}


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('reconciliation', 0))")

_DROP_FORMER = text("""
    UPDATE operator_statements SET state = 'dropped'
    WHERE day = :day AND state = 'compared' AND id <> :statement
""")

_COUNTS_NOW = text("""
    UPDATE operator_statements SET state = 'compared', compared_at = clock_timestamp()
    WHERE id = :statement
""")

# A finding that was closed by a statement and shows again is open again; what staff explained is
# not asked about twice, unless it has changed since.
_AGAIN = """
    ON CONFLICT (kind, key, reference) DO UPDATE
    SET state = 'open', owner = NULL, explanation = NULL, closed_at = NULL, day = excluded.day,
        detail = excluded.detail, ours = excluded.ours, theirs = excluded.theirs,
        payout_id = excluded.payout_id, period = excluded.period, opened_at = clock_timestamp()
    WHERE settlement_findings.state = 'explained' AND (
        (settlement_findings.owner = 'system' AND settlement_findings.detail <> 'adopted')
        OR (settlement_findings.ours, settlement_findings.theirs)
           IS DISTINCT FROM (excluded.ours, excluded.theirs)
    )
"""

_OPEN_STRANGE = text(f"""
    INSERT INTO settlement_findings
        (kind, key, reference, payout_id, period, day, ours, theirs, detail)
    SELECT DISTINCT ON (1, lines.key, lines.reference)
           CASE WHEN payouts.id IS NOT NULL AND lines.number_matches
                     AND payouts.amount <> lines.amount
                THEN 'amount_differs' ELSE 'extra' END,
           lines.key, lines.reference, payouts.id,
           coalesce(payouts.period, (SELECT max(run.period) FROM settlement_runs AS run
                                     WHERE run.as_of <= lines.at)),
           :day, payouts.amount, lines.amount,
           CASE WHEN payouts.id IS NULL THEN 'no_such_payout'
                WHEN NOT lines.number_matches THEN 'number_differs'
                WHEN payouts.amount <> lines.amount THEN 'amount_differs'
                WHEN payouts.state = 'prepared' THEN 'never_sent'
                ELSE payouts.state END
    FROM statement_lines AS lines LEFT JOIN payouts ON payouts.id = lines.payout_id
    WHERE lines.statement_id = :statement AND (
        payouts.id IS NULL OR NOT lines.number_matches OR payouts.amount <> lines.amount
        OR payouts.state IN ('prepared', 'failed', 'withheld')
    )
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
      AND EXISTS (
          SELECT FROM statement_lines AS before
          JOIN operator_statements AS its ON its.id = before.statement_id
          WHERE before.key = lines.key AND its.state = 'compared'
            AND (before.at, before.reference, before.statement_id, before.line)
                < (lines.at, lines.reference, lines.statement_id, lines.line)
      )
    ORDER BY lines.key, lines.reference, lines.line
    {_AGAIN}
""")  # noqa: S608 (two texts of this file put together)

_OPEN_MISSING = text(f"""
    INSERT INTO settlement_findings
        (kind, key, reference, payout_id, period, day, ours, detail)
    SELECT 'missing', 'payout:' || payouts.id, '', payouts.id, payouts.period, :day,
           payouts.amount, 'not_on_statement'
    FROM payouts
    WHERE payouts.state = 'paid' AND payouts.paid_at >= :since AND payouts.paid_at < :until
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

_CLOSE = text(f"""
    UPDATE settlement_findings AS finding
    SET state = 'explained', owner = :system, closed_at = clock_timestamp(),
        explanation = CASE kind
            WHEN '{FindingKind.MISSING}' THEN 'a later statement shows it'
            WHEN '{FindingKind.UNSETTLED}' THEN 'the payout was settled'
            ELSE 'no statement shows it any more' END
    WHERE state <> 'explained' AND CASE kind
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
        WHEN '{FindingKind.DUPLICATE}' THEN (
            SELECT count(*) FROM statement_lines AS lines
            JOIN operator_statements AS statement ON statement.id = lines.statement_id
            WHERE lines.key = finding.key AND statement.state = 'compared'
        ) < 2
        ELSE NOT EXISTS (
            SELECT FROM statement_lines AS lines
            JOIN operator_statements AS statement ON statement.id = lines.statement_id
            LEFT JOIN payouts ON payouts.id = lines.payout_id
            WHERE lines.key = finding.key AND lines.reference = finding.reference
              AND statement.state = 'compared' AND (
                  payouts.id IS NULL OR NOT lines.number_matches OR payouts.amount <> lines.amount
                  OR payouts.state IN ('prepared', 'failed', 'withheld')
              )
        )
    END
""")  # noqa: S608 (words of ours)
