"""Proposing, and deciding about what others proposed. The caller owns the unit of work.

An approval is bound to the hash of what was read, and to how things stood when it was proposed:
what the act depends on is looked at again under its locks, and the act is done in the same unit of
work. Each step is audited under the act's own name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.audit.rules import ReasonMissing, check_reason
from tracker.audit.service import record
from tracker.kit.database import constraint_name
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Actions, Approved, Facts
from tracker.proposals.models import Proposal
from tracker.proposals.rules import (
    ApproverProposedIt,
    KeyUsedForAnother,
    NotTheProposer,
    ProposalDecided,
    ProposalDiffers,
    ProposalExpired,
    ProposalNotFound,
    ProposalStale,
    ProposalWaits,
    State,
    fingerprint,
    same_person,
)
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an approval came to: the act was done, or it was too late for it."""

    proposal: Proposal
    told: Facts | None = None
    """What the act has to tell, once."""

    def see_that_it_was_done(self) -> None:
        """For edges, after the COMMIT. Raises ProposalStale and ProposalExpired."""
        if self.proposal.state == State.STALE:
            raise ProposalStale
        if self.proposal.state == State.EXPIRED:
            raise ProposalExpired


def propose(session: Session, house: Runtime, action: Action, wish: Wish, by: Person) -> Proposal:
    """Ask for an act that another has to approve. With a key that was used before: that proposal.

    Raises RoleTooLow, ReasonMissing, ProposalWaits, KeyUsedForAnother, and what the act itself says
    against it.
    """
    _see_the_role(by, action.proposes)
    reason = _reason(wish.reason)
    former = _asked_before(session, action, wish, by)
    if former is not None:
        return former
    _let_expire(session, wish.slot)
    seen = action.seen(session, wish.payload)
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
    _write_down(session, by.login, "propose", one, reason)
    return one


def approve(
    session: Session,
    house: Runtime,
    actions: Actions,
    proposal_id: int,
    by: Person,
    *,
    sha256: str,
    reason: str | None = None,
) -> Outcome:
    """Agree to exactly what was read, as another person: it is done.

    What came too late, or finds things changed, is closed without being done: see the outcome.
    Raises ProposalNotFound, RoleTooLow, ApproverProposedIt, ProposalDecided, ProposalDiffers,
    ReasonMissing, and what the act itself says against it: then the proposal waits on.
    """
    one, action = _to_decide(session, actions, proposal_id, by)
    if not (sha256 == one.payload_sha256 == fingerprint(one.payload)):
        raise ProposalDiffers(f"the hash of proposal {proposal_id} is {one.payload_sha256}")
    if _is_late(session, one):
        _decide(session, one, State.EXPIRED, None, None)
        return Outcome(one)
    if fingerprint(action.seen(session, one.payload)) != one.seen_sha256:
        _decide(session, one, State.STALE, by.login, check_reason(reason))
        return Outcome(one)
    approved = Approved(
        proposal_id=one.id,
        payload=one.payload,
        reason=one.reason,
        proposed_by=one.proposed_by,
        approved_by=by.login,
        now=house.clock.now(),
    )
    told = action.carry_out(session, house, approved)
    _decide(session, one, State.APPROVED, by.login, check_reason(reason))
    return Outcome(one, told)


def nudge_for(house: Runtime, action: Action) -> None:
    """For edges, after the COMMIT: let workers go on with what was done."""
    if action.task:
        house.nudger.nudge(action.task)


def reject(
    session: Session, actions: Actions, proposal_id: int, by: Person, reason: str
) -> Proposal:
    """Refuse what another person proposed: nothing is done.

    Raises ProposalNotFound, RoleTooLow, ApproverProposedIt, ProposalDecided and ReasonMissing.
    """
    one, _ = _to_decide(session, actions, proposal_id, by)
    _decide(session, one, State.REJECTED, by.login, _reason(reason))
    return one


def withdraw(
    session: Session, actions: Actions, proposal_id: int, by: Person, reason: str
) -> Proposal:
    """Take back what one proposed oneself.

    Raises ProposalNotFound, NotTheProposer, ProposalDecided and ReasonMissing.
    """
    one = _locked(session, actions, proposal_id)
    if not same_person(one.proposed_by, by.login):
        raise NotTheProposer
    _see_that_it_waits(one)
    _decide(session, one, State.WITHDRAWN, by.login, _reason(reason))
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
    if constraint_name(error) == "uq_proposals_slot":
        raise ProposalWaits from error
    former = _asked_before(session, action, wish, by)
    if former is None:
        raise error
    return former


def _let_expire(session: Session, slot: str | None) -> None:
    """What nobody decided about in time gives its slot free. Raises ProposalWaits."""
    if slot is None:
        return
    waits = select(Proposal).where(Proposal.slot == slot, Proposal.state == State.PROPOSED)
    found = session.scalar(waits.with_for_update())
    if found is None:
        return
    if not _is_late(session, found):
        raise ProposalWaits(f"proposal {found.id} by {found.proposed_by} waits for its approval")
    _decide(session, found, State.EXPIRED, None, None)


def _to_decide(
    session: Session, actions: Actions, proposal_id: int, by: Person
) -> tuple[Proposal, Action]:
    one = _locked(session, actions, proposal_id)
    action = actions[one.action]
    _see_the_role(by, action.approves)
    _see_that_it_waits(one)
    if same_person(one.proposed_by, by.login):
        raise ApproverProposedIt(f"{by.login} proposed {proposal_id}")
    return one, action


def _locked(session: Session, actions: Actions, proposal_id: int) -> Proposal:
    one = session.get(Proposal, proposal_id, with_for_update=True, populate_existing=True)
    if one is None or one.action not in actions:
        raise ProposalNotFound
    return one


def _see_that_it_waits(one: Proposal) -> None:
    if one.state != State.PROPOSED:
        raise ProposalDecided(f"proposal {one.id} is {one.state}")


def _see_the_role(by: Person, needed: Role) -> None:
    if not by.role.includes(needed):
        raise RoleTooLow(f"{by.login} is {by.role}, {needed} is needed")


def _is_late(session: Session, one: Proposal) -> bool:
    late = select(Proposal.expires_at <= func.clock_timestamp()).where(Proposal.id == one.id)
    return bool(session.scalar(late))


def _decide(
    session: Session, one: Proposal, state: State, who: str | None, reason: str | None
) -> None:
    session.execute(
        update(Proposal)
        .where(Proposal.id == one.id)
        .values(state=state, decided_by=who, decision_reason=reason)
    )
    session.refresh(one)
    _write_down(session, who or "expiry", _VERBS[state], one, reason)


_VERBS: Mapping[State, str] = {
    State.APPROVED: "approve",
    State.REJECTED: "reject",
    State.WITHDRAWN: "withdraw",
    State.STALE: "stale",
    State.EXPIRED: "expire",
}
"""What the audit calls it."""


def _write_down(
    session: Session,
    who: str,
    verb: str,
    one: Proposal,
    reason: str | None,
) -> None:
    after = {
        "proposal_id": one.id,
        "sha256": one.payload_sha256,
        "state": one.state,
        "payload": one.payload,
    }
    record(session, who, f"{one.action}.{verb}", one.subject, reason=reason, after=after)


def _reason(reason: str) -> str:
    said = check_reason(reason)
    if said is None:
        raise ReasonMissing
    return said
