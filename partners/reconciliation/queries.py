"""Reads of statements and findings."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from partners.reconciliation.models import PartnerFinding, ShopStatement
from partners.reconciliation.rules import FindingState, State


def statements(
    session: Session, shop_id: int, *, state: str | None = None, after: int = 0, limit: int = 100
) -> list[ShopStatement]:
    """A shop's statements in the order in which they came; what came to none only if asked for."""
    query = (
        select(ShopStatement)
        .where(ShopStatement.shop_id == shop_id, ShopStatement.id > after)
        .order_by(ShopStatement.id)
        .limit(limit)
    )
    if state is None:
        query = query.where(ShopStatement.state != State.DROPPED)
    else:
        query = query.where(ShopStatement.state == state)
    return list(session.scalars(query))


def findings(
    session: Session,
    statement_id: int,
    *,
    kind: str | None = None,
    state: str | None = None,
    order_id: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[PartnerFinding]:
    """What was found between a statement and our books, in the order in which it was opened."""
    query = (
        select(PartnerFinding)
        .where(PartnerFinding.statement_id == statement_id, PartnerFinding.id > after)
        .order_by(PartnerFinding.id)
        .limit(limit)
    )
    for column, value in (
        (PartnerFinding.kind, kind),
        (PartnerFinding.state, state),
        (PartnerFinding.order_id, order_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))


def gauges(session: Session) -> dict[str, float]:
    """Statements in figures for monitoring."""
    waiting = select(func.count()).where(ShopStatement.state.in_([State.WAITING, State.READ]))
    by_state = dict(
        session.execute(
            select(PartnerFinding.state, func.count())
            .where(PartnerFinding.state.in_([FindingState.OPEN, FindingState.ACCEPTED]))
            .group_by(PartnerFinding.state)
        ).all()
    )
    return {
        "partner_statements_waiting": session.scalar(waiting) or 0,
        "partner_findings_open": by_state.get(FindingState.OPEN, 0),
        "partner_findings_accepted": by_state.get(FindingState.ACCEPTED, 0),
    }
