"""Sources of lines that stand by themselves: payments, certificates, adjustments by staff.

A source tells its lines from the latest to the earliest, those below a key alone, and no more than
are asked for: a page costs the same whatever else is in the tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from tracker.adjustments.models import AdjustmentRow
from tracker.adjustments.rules import GIVES, Cause
from tracker.adjustments.rules import Kind as Adjusted
from tracker.cabinet.lines import adjustment_line, certificate_line, payment_line
from tracker.cabinet.rows import Rows
from tracker.cabinet.rules import (
    ADJUSTMENTS,
    CERTIFICATES,
    PAYMENTS,
    Key,
    Line,
    Source,
    Status,
    Wanted,
)
from tracker.certificates.models import Certificate
from tracker.certificates.rules import CertificateState
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.rules import PayoutState


@dataclass(frozen=True, slots=True)
class Look:
    """Which lines are asked for: those below a key, if there is one, and at most so many."""

    wanted: Wanted
    before: Key | None
    limit: int


def payments(session: Session, look: Look) -> Iterator[Line]:
    """What was paid. What is on its way, or came back, is told by the balance."""
    if look.wanted.status not in (None, Status.WRITTEN_OFF):
        return
    query = (
        select(Payout.id, Payout.period, SettlementRun.as_of, Payout.amount)
        .join(SettlementRun, SettlementRun.period == Payout.period)
        .where(Payout.member_id == look.wanted.member_id, Payout.state == PayoutState.PAID)
        .order_by(SettlementRun.as_of.desc(), Payout.id.desc())
        .limit(look.limit)
    )
    query = in_time(query, look, PAYMENTS, SettlementRun.as_of)
    if look.before and look.before.rank == PAYMENTS.rank:
        place = tuple_(SettlementRun.as_of, Payout.id)
        query = query.where(place < (look.before.moment, look.before.number))
    for row in session.execute(query):
        yield payment_line(row.id, row.period, row.as_of, row.amount)


def certificates(session: Session, look: Look) -> Iterator[Line]:
    """What was spent on certificates; of those that were voided the money is here again."""
    if look.wanted.status not in (None, Status.WRITTEN_OFF):
        return
    query = (
        select(Certificate.id, Certificate.ordered_at, Certificate.amount)
        .where(
            Certificate.member_id == look.wanted.member_id,
            Certificate.state != CertificateState.VOIDED,
        )
        .order_by(Certificate.ordered_at.desc(), Certificate.id.desc())
        .limit(look.limit)
    )
    query = in_time(query, look, CERTIFICATES, Certificate.ordered_at)
    if look.before and look.before.rank == CERTIFICATES.rank:
        place = tuple_(Certificate.ordered_at, Certificate.id)
        query = query.where(place < (look.before.moment, look.before.number))
    for row in session.execute(query):
        yield certificate_line(row.id, row.ordered_at, row.amount)


def adjustments(session: Session, look: Look) -> Iterator[Line]:
    """What staff gave, took or forgave."""
    kinds = _ADJUSTED.get(look.wanted.status)
    if kinds is None:
        return
    query = (
        select(
            AdjustmentRow.id,
            AdjustmentRow.effective_at,
            AdjustmentRow.amount,
            AdjustmentRow.kind,
            AdjustmentRow.cause,
        )
        .where(AdjustmentRow.member_id == look.wanted.member_id, AdjustmentRow.kind.in_(kinds))
        .order_by(AdjustmentRow.effective_at.desc(), AdjustmentRow.id.desc())
        .limit(look.limit)
    )
    query = in_time(query, look, ADJUSTMENTS, AdjustmentRow.effective_at)
    if look.before and look.before.rank == ADJUSTMENTS.rank:
        place = tuple_(AdjustmentRow.effective_at, AdjustmentRow.id)
        query = query.where(place < (look.before.moment, look.before.number))
    for row in session.execute(query):
        yield adjustment_line(
            row.id, row.effective_at, row.amount, Adjusted(row.kind), Cause(row.cause)
        )


_ADJUSTED: Mapping[Status | None, frozenset[Adjusted]] = {
    None: frozenset(Adjusted),
    Status.ACCRUED: GIVES,
    Status.WRITTEN_OFF: frozenset(Adjusted) - GIVES,
}


def in_time(query: Rows, look: Look, source: Source, moment: Any) -> Rows:
    """No later than the key, or earlier if lines of this source stand before others there."""
    if look.wanted.since is not None:
        query = query.where(moment >= look.wanted.since)
    if look.wanted.until is not None:
        query = query.where(moment < look.wanted.until)
    if look.before is not None and source.rank > look.before.rank:
        query = query.where(moment < look.before.moment)
    if look.before is not None and source.rank < look.before.rank:
        query = query.where(moment <= look.before.moment)
    return query
