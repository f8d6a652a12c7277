"""What proposing and deciding have in common: each step is audited under the act's own name."""

from collections.abc import Mapping

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tracker.audit.rules import ReasonMissing, check_reason
from tracker.audit.service import record
from tracker.proposals.models import Proposal
from tracker.proposals.rules import State


def is_late(session: Session, one: Proposal) -> bool:
    """Whether nobody decided about it in time."""
    late = select(Proposal.expires_at <= func.clock_timestamp()).where(Proposal.id == one.id)
    return bool(session.scalar(late))


def decide(
    session: Session, one: Proposal, state: State, who: str | None, reason: str | None
) -> None:
    """Say what became of it, once: the database refuses more."""
    session.execute(
        update(Proposal)
        .where(Proposal.id == one.id)
        .values(state=state, decided_by=who, decision_reason=reason)
    )
    session.refresh(one)
    write_down(session, who or "expiry", _VERBS[state], one, reason)


_VERBS: Mapping[State, str] = {
    State.APPROVED: "approve",
    State.REJECTED: "reject",
    State.WITHDRAWN: "withdraw",
    State.STALE: "stale",
    State.EXPIRED: "expire",
}
"""What the audit calls it."""


def write_down(
    session: Session,
    who: str,
    verb: str,
    one: Proposal,
    reason: str | None,
) -> None:
    """Into the audit. What was done stands there with what it depended on."""
    before = one.seen if verb == _VERBS[State.APPROVED] else None
    after = {
        "proposal_id": one.id,
        "sha256": one.payload_sha256,
        "state": one.state,
        "payload": one.payload,
    }
    record(
        session, who, f"{one.action}.{verb}", one.subject, reason=reason, before=before, after=after
    )


def needed_reason(reason: str) -> str:
    """A reason that is there. Raises ReasonMissing."""
    said = check_reason(reason)
    if said is None:
        raise ReasonMissing
    return said
