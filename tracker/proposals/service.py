"""Asking for an act that another person has to approve. The caller owns the unit of work."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.kit.database import constraint_name
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Facts
from tracker.proposals.models import Proposal
from tracker.proposals.rules import KeyUsedForAnother, ProposalWaits, State, fingerprint
from tracker.proposals.steps import decide, is_late, needed_reason, write_down
from tracker.proposals.wording import see_units
from tracker.staff.rules import Role, RoleTooLow
from tracker.staff.service import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody proposes."""

    payload: Facts
    subject: str
    """What it is done to, as in the audit: ``certificate:17``."""
    reason: str
    slot: str | None = None
    """Of one slot one proposal waits at a time; None: any number."""
    request_key: str | None = None
    """The proposer's idempotency key: with the same one the same is proposed once."""


def propose(session: Session, house: Runtime, action: Action, wish: Wish, by: Person) -> Proposal:
    """Ask for an act that another has to approve. With a key that was used before: that proposal.

    Raises RoleTooLow, ReasonMissing, ProposalWaits, KeyUsedForAnother, and what the act itself says
    against it.
    """
    see_the_role(by, action.proposes)
    reason = needed_reason(wish.reason)
    former = _asked_before(session, action, wish, by)
    if former is not None:
        return former
    try:
        _let_expire(session, wish.slot)
    except ProposalWaits:
        # The same request, if it was told twice at once: the other was faster.
        former = _asked_before(session, action, wish, by)
        if former is None:
            raise
        return former
    seen = action.seen(session, wish.payload)
    see_units({**seen, "payload": wish.payload}, action.units)
    values = {
        "action": action.name,
        "subject": wish.subject,
        "slot": wish.slot,
        "payload": dict(wish.payload),
        "payload_sha256": fingerprint(wish.payload),
        "seen": dict(seen),
        "seen_sha256": fingerprint(seen),
        "reason": reason,
        "request_key": wish.request_key,
        "proposed_by": by.login,
        "token_id": by.token_id,
        "expires_at": func.now() + timedelta(days=house.settings.proposal_days),
    }
    try:
        with session.begin_nested():
            # As a statement: the application may not fill the columns of a decision, not even
            # with nothing.
            proposal_id = session.scalar(insert(Proposal).values(values).returning(Proposal.id))
    except IntegrityError as error:
        return _already_there(session, action, wish, by, error)
    one = session.get_one(Proposal, proposal_id)
    write_down(session, by.login, "propose", one, reason)
    return one


def _asked_before(session: Session, action: Action, wish: Wish, by: Person) -> Proposal | None:
    if wish.request_key is None:
        return None
    found = session.scalar(
        select(Proposal).where(
            Proposal.proposed_by == by.login,
            Proposal.request_key == wish.request_key,
        )
    )
    if found is not None and (found.action, found.payload_sha256) != (
        action.name,
        fingerprint(wish.payload),
    ):
        raise KeyUsedForAnother
    return found


def _already_there(
    session: Session, action: Action, wish: Wish, by: Person, error: IntegrityError
) -> Proposal:
    """Somebody was faster: the same request, or another for the same slot."""
    former = _asked_before(session, action, wish, by)
    if former is not None:
        return former
    if constraint_name(error) == "uq_proposals_slot":
        raise ProposalWaits from error
    raise error


def _let_expire(session: Session, slot: str | None) -> None:
    """What nobody decided about in time gives its slot free. Raises ProposalWaits."""
    if slot is None:
        return
    waits = select(Proposal).where(Proposal.slot == slot, Proposal.state == State.PROPOSED)
    found = session.scalar(waits.with_for_update())
    if found is None:
        return
    if not is_late(session, found):
        raise ProposalWaits(f"proposal {found.id} by {found.proposed_by} waits for its approval")
    decide(session, found, State.EXPIRED, None, None)


def see_the_role(by: Person, needed: Role) -> None:
    """Raises RoleTooLow."""
    if not by.role.includes(needed):
        raise RoleTooLow(f"{by.login} is {by.role}, {needed} is needed")
