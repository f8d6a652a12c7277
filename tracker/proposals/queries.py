"""Reads of proposals."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from tracker.proposals.contracts import Actions
from tracker.proposals.models import Proposal
from tracker.proposals.rules import ProposalNotFound, State
from tracker.proposals.wording import in_words

Row = Mapping[str, Any]

STATE = case(
    (
        (Proposal.state == State.PROPOSED) & (Proposal.expires_at <= func.now()),
        State.EXPIRED,
    ),
    else_=Proposal.state,
)
"""What nobody decided about in time is over, whether or not anybody has noticed."""

_COLUMNS = [one for one in Proposal.__table__.columns if one.name not in ("state", "token_id")]


def listed(
    session: Session,
    *,
    state: State | None = None,
    actions: Collection[str] | None = None,
    subject: str | None = None,
    proposed_by: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Row]:
    """Proposals in the order in which they were made; those after an id."""
    query = _proposals().where(Proposal.id > after).order_by(Proposal.id).limit(limit)
    if state is not None:
        query = query.where(STATE == str(state))  # noqa: SIM300
    if actions is not None:
        query = query.where(Proposal.action.in_(actions))
    if subject is not None:
        query = query.where(Proposal.subject == subject)
    if proposed_by is not None:
        query = query.where(Proposal.proposed_by == proposed_by)
    return [dict(row) for row in session.execute(query).mappings()]


def proposal_of(session: Session, proposal_id: int, actions: Collection[str]) -> Row:
    """One of these acts that was proposed. Raises ProposalNotFound."""
    query = _proposals().where(Proposal.id == proposal_id, Proposal.action.in_(actions))
    row = session.execute(query).mappings().first()
    if row is None:
        raise ProposalNotFound
    return dict(row)


def shown(row: Row, actions: Actions) -> Row:
    """A proposal as it is read: beside what is to be done and how things stood, both in words."""
    units = actions[row["action"]].units
    return {**row, "says": in_words({one: row[one] for one in ("payload", "seen")}, units)}


def shown_of(session: Session, proposal_id: int, actions: Actions) -> Row:
    """One of these acts that was proposed, as it is read. Raises ProposalNotFound."""
    return shown(proposal_of(session, proposal_id, actions), actions)


def gauges(session: Session) -> dict[str, float]:
    """Proposals in figures for monitoring: how many wait for another person."""
    waiting = select(func.count()).where(
        Proposal.state == State.PROPOSED, Proposal.expires_at > func.now()
    )
    return {"proposals_waiting": session.scalar(waiting) or 0}


def _proposals() -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = select(*_COLUMNS, STATE.label("state"))
    return query
