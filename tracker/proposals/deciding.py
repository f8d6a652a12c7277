"""Deciding about what others proposed. The caller owns the unit of work.

An approval is bound to the hash of what was read, and to how things stood when it was proposed:
what the act depends on is looked at again under its locks, and the act is done in the same unit of
work.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from tracker.audit.rules import check_reason
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Actions, Approved, Facts
from tracker.proposals.models import Proposal
from tracker.proposals.rules import (
    ApproverProposedIt,
    NotTheProposer,
    ProposalDecided,
    ProposalDiffers,
    ProposalExpired,
    ProposalNotFound,
    ProposalStale,
    State,
    fingerprint,
)
from tracker.proposals.service import see_the_role
from tracker.proposals.steps import decide, is_late, needed_reason
from tracker.staff.rules import same_person
from tracker.staff.second_person import see_that_it_stands, see_that_one_may, see_that_two_may
from tracker.staff.service import Person


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
    ReasonMissing, as `see_that_two_may` and `see_that_it_stands`, and what the act itself says
    against it: then the proposal waits on.
    """
    one, action = _to_decide(session, actions, proposal_id, by)
    if not (sha256 == one.payload_sha256 == fingerprint(one.payload)):
        raise ProposalDiffers(f"this is not the hash of proposal {proposal_id}: read it again")
    if is_late(session, one):
        decide(session, one, State.EXPIRED, None, None)
        return Outcome(one)
    seen = fingerprint(action.seen(session, one.payload))
    # Behind the act's own locks: those of staff are taken in one order.
    see_that_two_may(session, one.proposed_by, by, action.approves)
    see_that_it_stands(
        session, one.proposed_by, action.proposes, since=one.proposed_at, token_id=one.token_id
    )
    if seen != one.seen_sha256:
        decide(session, one, State.STALE, by.login, check_reason(reason))
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
    decide(session, one, State.APPROVED, by.login, check_reason(reason))
    return Outcome(one, told)


def nudge_for(house: Runtime, action: Action) -> None:
    """For edges, after the COMMIT: let workers go on with what was done."""
    if action.task:
        house.nudger.nudge(action.task)


def reject(
    session: Session, actions: Actions, proposal_id: int, by: Person, reason: str
) -> Proposal:
    """Refuse what another person proposed: nothing is done.

    Raises ProposalNotFound, RoleTooLow, ApproverProposedIt, ProposalDecided, ProposalExpired and
    ReasonMissing, and as `see_that_one_may`.
    """
    one, action = _to_decide(session, actions, proposal_id, by)
    see_that_one_may(session, by, action.approves)
    _see_that_it_is_in_time(session, one)
    decide(session, one, State.REJECTED, by.login, needed_reason(reason))
    return one


def withdraw(
    session: Session, actions: Actions, proposal_id: int, by: Person, reason: str
) -> Proposal:
    """Take back what one proposed oneself.

    Raises ProposalNotFound, NotTheProposer, ProposalDecided, ProposalExpired and ReasonMissing.
    """
    one = _locked(session, actions, proposal_id)
    if not same_person(one.proposed_by, by.login):
        raise NotTheProposer
    _see_that_it_waits(one)
    _see_that_it_is_in_time(session, one)
    decide(session, one, State.WITHDRAWN, by.login, needed_reason(reason))
    return one


def _to_decide(
    session: Session, actions: Actions, proposal_id: int, by: Person
) -> tuple[Proposal, Action]:
    one = _locked(session, actions, proposal_id)
    action = actions[one.action]
    see_the_role(by, action.approves)
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


def _see_that_it_is_in_time(session: Session, one: Proposal) -> None:
    if is_late(session, one):
        raise ProposalExpired
