"""What staff do with certificates: let them pass a review, and undo those that no salon has taken.
The caller owns the unit of work.

Up to a limit one person undoes a certificate; above it one asks, and another agrees to exactly
that. Each act is audited with its reason.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.audit.rules import check_reason
from tracker.audit.service import record
from tracker.certificates.giving_back import give_back
from tracker.certificates.models import Certificate, CertificateVoid
from tracker.certificates.queries import locked
from tracker.certificates.rules import (
    OUTSTANDING,
    CertificateNotFound,
    CertificateOver,
    CertificateState,
    VoidState,
)
from tracker.kit.errors import Conflict, Forbidden, NotFound


class VoidNotFound(NotFound):
    """Nobody has asked for this void."""

    code = "void_not_found"


class VoidWaits(Conflict):
    """Somebody has asked for the void of this certificate already."""

    code = "void_waits"


class VoidDecided(Conflict):
    """Somebody has decided about this void already."""

    code = "void_decided"


class ApproverProposedIt(Forbidden):
    """The person who asked for a void cannot decide about it."""

    code = "approver_proposed_it"


class CertificateNotInReview(Conflict):
    """The certificate does not wait for the word of staff."""

    code = "certificate_not_in_review"


def void(
    session: Session, certificate_id: int, who: str, reason: str, *, limit: int, now: datetime
) -> VoidState:
    """Undo a certificate of up to ``limit`` kopecks, or ask for it; which of both was done.

    Raises CertificateNotFound, CertificateOver, VoidWaits and ReasonMissing.
    """
    said = check_reason(reason) or ""
    found = session.get(Certificate, certificate_id)
    if found is None:
        raise CertificateNotFound
    if found.amount > limit:
        _propose(session, certificate_id, who, said)
        return VoidState.PROPOSED
    _see_that_none_waits(session, certificate_id)
    one = give_back(session, certificate_id, now, said)
    _write_down(session, who, "certificate.void", one, said)
    return VoidState.APPROVED


def approve(
    session: Session, void_id: int, who: str, reason: str, now: datetime
) -> CertificateVoid:
    """Agree to what another person asked for: the certificate is undone.

    Raises VoidNotFound, VoidDecided, ApproverProposedIt, CertificateOver and ReasonMissing.
    """
    asked = _to_decide(session, void_id, who)
    one = give_back(session, asked.certificate_id, now, asked.reason)
    _decide(session, asked, VoidState.APPROVED, who)
    _write_down(session, who, "certificate.void.approve", one, reason)
    return asked


def reject(session: Session, void_id: int, who: str, reason: str) -> CertificateVoid:
    """Refuse what another person asked for: the certificate stays as it is.

    Raises VoidNotFound, VoidDecided, ApproverProposedIt and ReasonMissing.
    """
    asked = _to_decide(session, void_id, who)
    _decide(session, asked, VoidState.REJECTED, who)
    one = session.get_one(Certificate, asked.certificate_id)
    _write_down(session, who, "certificate.void.reject", one, reason)
    return asked


def release(session: Session, certificate_id: int, who: str, reason: str) -> Certificate:
    """Let a certificate pass the review: workers issue it.

    Raises CertificateNotFound, CertificateNotInReview and ReasonMissing.
    """
    one = locked(session, certificate_id)
    if one.state != CertificateState.REVIEW:
        raise CertificateNotInReview(f"certificate {certificate_id} is {one.state}")
    one.state, one.decided_by = CertificateState.ORDERED, who
    session.flush()
    _write_down(session, who, "certificate.release", one, reason)
    return one


def _propose(session: Session, certificate_id: int, who: str, reason: str) -> None:
    one = locked(session, certificate_id)
    if one.state not in OUTSTANDING:
        raise CertificateOver(f"certificate {certificate_id} is {one.state}")
    _see_that_none_waits(session, certificate_id)
    session.add(
        CertificateVoid(
            certificate_id=certificate_id, reason=reason, state=VoidState.PROPOSED, proposed_by=who
        )
    )
    session.flush()
    _write_down(session, who, "certificate.void.propose", one, reason)


def _see_that_none_waits(session: Session, certificate_id: int) -> None:
    waits = select(CertificateVoid.id).where(
        CertificateVoid.certificate_id == certificate_id,
        CertificateVoid.state == VoidState.PROPOSED,
    )
    if session.scalar(waits) is not None:
        raise VoidWaits


def _to_decide(session: Session, void_id: int, who: str) -> CertificateVoid:
    asked = session.get(CertificateVoid, void_id, with_for_update=True, populate_existing=True)
    if asked is None:
        raise VoidNotFound
    if asked.state != VoidState.PROPOSED:
        raise VoidDecided(f"void {void_id} is {asked.state}")
    if asked.proposed_by == who:
        raise ApproverProposedIt(f"{who} asked for void {void_id}")
    return asked


def _decide(session: Session, asked: CertificateVoid, state: VoidState, who: str) -> None:
    asked.state, asked.decided_by = state, who
    asked.decided_at = session.scalar(select(func.now()))
    session.flush()


def _write_down(
    session: Session, who: str, action: str, one: Certificate, reason: str | None
) -> None:
    """The act, with what became of the certificate, and its sum (kopecks)."""
    after = {"state": one.state, "amount": one.amount, "member_id": one.member_id}
    record(session, who, action, f"certificate:{one.id}", reason=reason, after=after)
