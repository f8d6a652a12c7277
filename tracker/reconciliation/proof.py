"""This room's part of the ledger proof: what the operator's statements say, and who explained."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference
from tracker.reconciliation.comparing import closed_without_cause


def prove(session: Session) -> Iterator[Difference]:
    """Every statement holds the lines and the sum that it was kept with, every word of staff
    about a finding is in the audit, nothing shows what ``system`` has closed, and no run is closed
    over what is not explained."""
    for row in session.execute(_STATEMENTS_OFF):
        yield Difference(
            f"statement {row.day}", f"{row.lines} lines, {row.total}", f"{row.found}, {row.sum}"
        )
    for row in session.execute(_NOT_AUDITED):
        yield Difference(f"finding {row.id}", f"explained by {row.owner}", "not in the audit")
    for row in closed_without_cause(session):
        yield Difference(f"finding {row.id}", "clear", f"{row.kind} of {row.key}")
    for row in session.execute(_CLOSED_EARLY):
        yield Difference(f"settlement {row.period}", "explained", f"{row.found} open findings")


_STATEMENTS_OFF = text("""
    SELECT statement.day, statement.lines, statement.total, count(lines.line) AS found,
           coalesce(sum(lines.amount), 0) AS sum
    FROM operator_statements AS statement
    LEFT JOIN statement_lines AS lines ON lines.statement_id = statement.id
    WHERE statement.state = 'compared'
    GROUP BY statement.id
    HAVING count(lines.line) <> statement.lines OR coalesce(sum(lines.amount), 0) <> statement.total
    ORDER BY statement.day
""")

# What is decided about a payout explains its finding in the same act.
_NOT_AUDITED = text("""
    SELECT id, owner FROM settlement_findings AS finding
    WHERE state = 'explained' AND owner <> 'system' AND NOT EXISTS (
        SELECT FROM audit_entries AS entry
        WHERE entry.who = finding.owner AND (
            (entry.action = 'finding.explain' AND entry.subject = 'finding:' || finding.id)
            OR (entry.action = 'payout.resolve' AND entry.subject = finding.key)
        )
    )
    ORDER BY id
""")

# A finding may come up after the run was closed: that one is not counted against it.
_CLOSED_EARLY = text("""
    SELECT run.period, count(*) AS found
    FROM settlement_runs AS run JOIN settlement_findings AS finding USING (period)
    WHERE run.state = 'closed' AND finding.state <> 'explained'
      AND finding.opened_at < run.closed_at
    GROUP BY run.period
    ORDER BY run.period
""")
