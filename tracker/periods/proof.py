"""The months' part of the ledger proof: closed months are as they were when they were closed."""

from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference
from tracker.periods.books import DOCUMENTS
from tracker.periods.models import PeriodDocument
from tracker.periods.service import made_anew


def prove(session: Session) -> Iterator[Difference]:
    """Nothing was written into a month after it was closed, each posting stands in the month in
    which it belongs, and each document comes out as it was sealed."""
    for row in session.execute(_WRITTEN_LATE):
        yield Difference(
            f"{row.reference} in the books of {row.period}",
            f"recorded before {row.closed_at.isoformat()}",
            row.recorded_at.isoformat(),
        )
    for row in session.execute(_MISPLACED):
        yield Difference(f"{row.reference} in the books of", f"{row.due} or later", row.period)
    for kept in session.scalars(select(PeriodDocument).order_by(PeriodDocument.period)):
        if kept.name not in DOCUMENTS:
            yield Difference(f"document {kept.name} of {kept.period}", "known", "unknown")
            continue
        found = made_anew(session, kept)
        if found.sha256 != kept.sha256:
            yield Difference(
                f"document {kept.name} of {kept.period}", kept.sha256.hex(), found.sha256.hex()
            )


_WRITTEN_LATE = text("""
    SELECT reference, moved.period, closed_at, recorded_at
    FROM ledger_transactions AS moved JOIN closed_periods USING (period)
    WHERE recorded_at > closed_at
    ORDER BY moved.id
""")

_MISPLACED = text("""
    SELECT reference, period, to_char(effective_at AT TIME ZONE 'Europe/Moscow', 'YYYY-MM') AS due
    FROM ledger_transactions
    WHERE period < to_char(effective_at AT TIME ZONE 'Europe/Moscow', 'YYYY-MM') COLLATE "C"
    ORDER BY id
""")
