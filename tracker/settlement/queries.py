"""Reads of settlement runs."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.ledger.models import ClosedPeriod
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.rules import (
    WAITING_FOR_STAFF,
    PayoutState,
    RunNotFound,
    RunState,
    SealedLine,
)

_STREAM = 10_000


@dataclass(frozen=True, slots=True)
class Tally:
    """How many payouts are in a state, and their sum in kopecks."""

    count: int
    amount: int


def run_of(session: Session, period: str, *, lock: bool = False) -> SettlementRun:
    """The run of a period. Raises RunNotFound."""
    query = select(SettlementRun).where(SettlementRun.period == period)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise RunNotFound(f"no settlement was prepared for {period}")
    return found


def sealed_lines(session: Session, period: str) -> Iterator[SealedLine]:
    """The list in the order of its seal, in flat memory."""
    rows = session.execute(
        select(Payout.member_id, Payout.number_id, Payout.amount)
        .where(Payout.period == period)
        .order_by(Payout.member_id, Payout.number_id)
        .execution_options(yield_per=_STREAM)
    )
    for row in rows:
        yield SealedLine(row.member_id, row.number_id, row.amount)


def runs(
    session: Session, before: str | None = None, limit: int | None = None
) -> list[SettlementRun]:
    """Runs of all months, or of those before one, the latest first."""
    query = select(SettlementRun).order_by(SettlementRun.period.desc()).limit(limit)
    if before is not None:
        query = query.where(SettlementRun.period < before)
    return list(session.scalars(query))


def tallies(session: Session, period: str) -> dict[PayoutState, Tally]:
    """How the payouts of a period stand, by state; states with none are left out."""
    rows = session.execute(
        select(Payout.state, func.count(), func.sum(Payout.amount))
        .where(Payout.period == period)
        .group_by(Payout.state)
        .order_by(Payout.state)
    )
    return {PayoutState(state): Tally(count, int(amount)) for state, count, amount in rows}


def unsettled(session: Session, period: str) -> Iterator[str]:
    """Why the runs up to a month are not over, in sentences; nothing where they are closed.

    A month before the first run that there ever was needs none, whatever its books have: a date
    that somebody mistook for years ago. Nor does one that is passed over, having no books.
    """
    open_ones = select(SettlementRun.period, SettlementRun.state).where(
        SettlementRun.period <= period,
        SettlementRun.period > func.coalesce(_LAST_CLOSED, ""),
        SettlementRun.state != RunState.CLOSED,
    )
    for row in session.execute(open_ones.order_by(SettlementRun.period)):
        yield f"the run of {row.period} is {row.state}, not closed"
    first = session.scalar(select(func.min(SettlementRun.period)))
    if first is not None and first < period and session.get(SettlementRun, period) is None:
        yield f"the run of {period} was never prepared"


def gauges(session: Session) -> dict[str, float]:
    """Payouts in figures for monitoring, over all periods: how many are in each state, what the
    operator has paid in all, in kopecks, and how many runs wait for a person."""
    rows = session.execute(
        select(Payout.state, func.count(), func.sum(Payout.amount)).group_by(Payout.state)
    )
    stand = {state: Tally(count, int(amount)) for state, count, amount in rows}
    none = Tally(0, 0)
    counts = {f"payouts_{state}": stand.get(state, none).count for state in PayoutState}
    waiting = select(func.count()).where(SettlementRun.state.in_(WAITING_FOR_STAFF))
    return {
        **counts,
        "paid_out_kopecks": stand.get(PayoutState.PAID, none).amount,
        "settlements_waiting": session.scalar(waiting) or 0,
    }


def oldest_unknown(session: Session) -> dict[str, int]:
    """Of each period, how many seconds ago the payout was sent of which is longest not known what
    became of it."""
    return {row.period: int(row.seconds) for row in session.execute(_OLDEST_UNKNOWN)}


_OLDEST_UNKNOWN = text("""
    SELECT period, extract(epoch FROM clock_timestamp() - min(sent_at)) AS seconds
    FROM payouts WHERE state = 'unknown' GROUP BY period
""")

_LAST_CLOSED = select(func.max(ClosedPeriod.period)).scalar_subquery()
