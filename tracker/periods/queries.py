"""Reads of months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.ledger.models import ClosedPeriod
from tracker.periods.models import PeriodCheck, PeriodDocument
from tracker.periods.rules import next_period


@dataclass(frozen=True, slots=True)
class Month:
    """How a month of the books stands."""

    period: str
    transactions: int
    closed: ClosedPeriod | None
    check: PeriodCheck | None
    """The last one that was asked for."""
    documents: Sequence[PeriodDocument]
    """Their seals; none before the month is closed, and for some seconds after."""


def periods(session: Session, after: str = "", limit: int | None = None) -> list[str]:
    """The months that have something in their books, or were closed, in order."""
    return list(session.scalars(_PERIODS, {"after": after, "most": limit}))


def months(session: Session, wanted: Sequence[str]) -> list[Month]:
    """How these months stand, in the order in which they are named."""
    these = {"wanted": list(wanted)}
    counts = {row.period: int(row.transactions) for row in session.execute(_COUNTS, these)}
    closed = {
        one.period: one
        for one in session.scalars(select(ClosedPeriod).where(ClosedPeriod.period.in_(wanted)))
    }
    checks = {one.period: one for one in session.scalars(_LAST_CHECKS)}
    documents: dict[str, list[PeriodDocument]] = {}
    for one in session.scalars(select(PeriodDocument).order_by(PeriodDocument.name)):
        documents.setdefault(one.period, []).append(one)
    return [
        Month(
            period,
            counts.get(period, 0),
            closed.get(period),
            checks.get(period),
            documents.get(period, []),
        )
        for period in wanted
    ]


def next_to_close(session: Session) -> list[str]:
    """The months that may be closed next, the one that is due first: the next that has books.

    The very next one may be closed without any. None while nothing is in the books.
    """
    last = session.scalar(text("SELECT max(period) FROM closed_periods"))
    first = session.scalar(_FIRST_BOOKS, {"last": last or ""})
    found = [str(first)] if first is not None else []
    return [*found, next_period(str(last))] if last is not None else found


def is_closed(session: Session, period: str) -> bool:
    """Whether a month is closed."""
    return session.get(ClosedPeriod, period) is not None


def last_check(session: Session, period: str) -> PeriodCheck | None:
    """The last check of a month that was made."""
    query = (
        select(PeriodCheck)
        .where(PeriodCheck.period == period, PeriodCheck.finished_at.is_not(None))
        .order_by(PeriodCheck.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def work_is_due(session: Session, _: datetime) -> bool:
    """Whether a check was asked for, or a closed month lacks its documents."""
    return bool(session.scalar(_DUE))


def gauges(session: Session) -> dict[str, float]:
    """For monitoring: how many closed months lack their documents."""
    return {"periods_without_documents": int(session.scalar(_UNDOCUMENTED) or 0)}


# From one month to the next by the index: a ledger has few months, and many millions of rows.
_PERIODS = text("""
    WITH RECURSIVE met (period) AS (
        SELECT min(period) FROM ledger_transactions WHERE period > :after
        UNION ALL
        SELECT (SELECT min(next.period) FROM ledger_transactions AS next
                WHERE next.period > met.period)
        FROM met WHERE met.period IS NOT NULL
    )
    SELECT period FROM met WHERE period IS NOT NULL
    UNION SELECT period FROM closed_periods WHERE period > :after
    ORDER BY period LIMIT :most
""")

_FIRST_BOOKS = text("SELECT min(period) FROM ledger_transactions WHERE period > :last")

_COUNTS = text("""
    SELECT period, count(*) AS transactions FROM ledger_transactions
    WHERE period = ANY(:wanted) GROUP BY period
""")

_LAST_CHECKS = select(PeriodCheck).where(
    PeriodCheck.id.in_(select(func.max(PeriodCheck.id)).group_by(PeriodCheck.period))
)

_UNDOCUMENTED = text("""
    SELECT count(*) FROM closed_periods
    WHERE NOT EXISTS (SELECT FROM period_documents
                      WHERE period_documents.period = closed_periods.period)
""")

_DUE = text("""
    SELECT EXISTS (SELECT FROM period_checks WHERE finished_at IS NULL)
        OR EXISTS (SELECT FROM closed_periods
                   WHERE NOT EXISTS (SELECT FROM period_documents
                                     WHERE period_documents.period = closed_periods.period))
""")
