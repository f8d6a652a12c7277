"""What staff do with certificates: let them pass a review, and undo those that no salon has taken.
The caller owns the unit of work.

Up to a limit one person undoes a certificate; above it one proposes it, and another agrees
(`tracker.proposals`). Each act is audited with its reason; the member is told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.audit.rules import check_reason
from tracker.audit.service import record
from tracker.certificates.giving_back import give_back
from tracker.certificates.models import Certificate
from tracker.certificates.notices import voided_notice
from tracker.certificates.queries import locked
from tracker.certificates.rules import (
    OUTSTANDING,
    CertificateNotFound,
    CertificateOver,
    CertificateState,
)
from tracker.kit.errors import Conflict, NotFound
from tracker.kit.runtime import Runtime
from tracker.ledger.service import lock_members
from tracker.notifications.service import notify
from tracker.proposals import deciding as proposals
from tracker.proposals.contracts import Action, Approved, Facts, Unit, named
from tracker.proposals.models import Proposal
from tracker.proposals.rules import ProposalDecided, ProposalNotFound, ProposalWaits, State
from tracker.proposals.service import Wish, propose
from tracker.staff.service import Person

_TOGETHER = timedelta(days=1)


class VoidNotFound(NotFound):
    """Nobody has asked for this void."""

    code = "void_not_found"


class VoidWaits(Conflict):
    """Somebody has asked for the void of this certificate already."""

    code = "void_waits"


class VoidDecided(Conflict):
    """Somebody has decided about this void already."""

    code = "void_decided"


class CertificateNotInReview(Conflict):
    """The certificate does not wait for the word of staff."""

    code = "certificate_not_in_review"


def void(session: Session, house: Runtime, certificate_id: int, by: Person, reason: str) -> bool:
    """Undo a certificate, or, above the limit, propose it; whether it is undone. What one person
    undid of the member's within a day counts with it.

    Raises CertificateNotFound, CertificateOver, VoidWaits and ReasonMissing.
    """
    said, now = check_reason(reason) or "", house.clock.now()
    found = session.get(Certificate, certificate_id)
    if found is None:
        raise CertificateNotFound
    lock_members(session, [found.member_id])
    # Looked at without its lock: who approves holds that one already, and wants the member's.
    _see_that_none_waits(session, certificate_id)
    undone = session.scalar(_UNDONE, {"member": found.member_id, "since": now - _TOGETHER})
    if found.amount + int(undone or 0) > house.settings.certificate_void_limit:
        wish = Wish(
            payload={"certificate_id": certificate_id, "amount": found.amount},
            subject=subject_of(certificate_id),
            reason=said,
            slot=_slot(certificate_id),
        )
        with _of_voids():
            propose(session, house, VOIDING, wish, by)
        return False
    before = {"state": locked(session, certificate_id).state}
    one = _undo(session, certificate_id, now, said)
    _write_down(session, by.login, "certificate.void", one, said, before=before)
    return True


def approve(
    session: Session,
    house: Runtime,
    void_id: int,
    by: Person,
    *,
    reason: str,
    sha256: str | None = None,
) -> proposals.Outcome:
    """Agree to what another person asked for: the certificate is undone.

    ``sha256``: of what was read; a void says no more than its certificate does, which never
    changes. Raises VoidNotFound, VoidDecided, CertificateOver, and as `proposals.approve` does.
    """
    with _of_voids():
        asked = session.get(Proposal, void_id)
        seal = sha256 or (asked.payload_sha256 if asked else "")
        return proposals.approve(
            session, house, _ACTS, void_id, by, sha256=seal, reason=check_reason(reason)
        )


def reject(session: Session, void_id: int, by: Person, reason: str) -> None:
    """Refuse what another person asked for: the certificate stays as it is.

    Raises VoidNotFound, VoidDecided, and as `proposals.reject` does.
    """
    with _of_voids():
        proposals.reject(session, _ACTS, void_id, by, reason)


def release(session: Session, certificate_id: int, who: str, reason: str) -> Certificate:
    """Let a certificate pass the review: workers issue it.

    Raises CertificateNotFound, CertificateNotInReview, VoidWaits and ReasonMissing.
    """
    one = locked(session, certificate_id)
    if one.state != CertificateState.REVIEW:
        raise CertificateNotInReview(f"certificate {certificate_id} is {one.state}")
    _see_that_none_waits(session, certificate_id)
    one.state, one.decided_by = CertificateState.ORDERED, who
    session.flush()
    _write_down(session, who, "certificate.release", one, reason)
    return one


def subject_of(certificate_id: int) -> str:
    """What a certificate is called in the audit."""
    return f"certificate:{certificate_id}"


def _slot(certificate_id: int) -> str:
    return f"certificate.void:{certificate_id}"


def _seen(session: Session, payload: Facts) -> Facts:
    """That its money is outstanding. Whether it was issued meanwhile changes nothing."""
    certificate_id = payload["certificate_id"]
    found = session.get(Certificate, certificate_id)
    if found is None:
        raise CertificateNotFound
    lock_members(session, [found.member_id])
    one = locked(session, certificate_id)
    if one.state not in OUTSTANDING:
        raise CertificateOver(f"certificate {certificate_id} is {one.state}")
    return {"member_id": one.member_id, "amount": one.amount}


def _carry_out(session: Session, _: Runtime, what: Approved) -> None:
    _undo(session, what.payload["certificate_id"], what.now, what.reason)


def _undo(session: Session, certificate_id: int, now: datetime, reason: str) -> Certificate:
    one = give_back(session, certificate_id, now, reason)
    notify(session, [voided_notice(one.id, one.member_id, one.amount)], now)
    return one


VOIDING = Action(
    name="certificate.void",
    about="A certificate is undone: its money is the member's again.",
    units={"certificate_id": Unit.PLAIN, "member_id": Unit.PLAIN, "amount": Unit.KOPECKS},
    seen=_seen,
    carry_out=_carry_out,
)
_ACTS = named(VOIDING)


def _see_that_none_waits(session: Session, certificate_id: int) -> None:
    waits = select(Proposal.id).where(
        Proposal.slot == _slot(certificate_id),
        Proposal.state == State.PROPOSED,
        Proposal.expires_at > func.now(),
    )
    if session.scalar(waits) is not None:
        raise VoidWaits


@contextmanager
def _of_voids() -> Iterator[None]:
    """What is said of proposals, said of voids."""
    try:
        yield
    except ProposalNotFound as error:
        raise VoidNotFound from error
    except ProposalWaits as error:
        raise VoidWaits from error
    except ProposalDecided as error:
        raise VoidDecided(error.detail) from error


_UNDONE = text("""
    SELECT sum(amount) FROM certificates
    WHERE member_id = :member AND state = 'voided' AND voided_at > :since
      AND (expires_at IS NULL OR expires_at > voided_at)
      AND NOT EXISTS (SELECT FROM proposals
                      WHERE slot = 'certificate.void:' || certificates.id AND state = 'approved')
""")


def _write_down(
    session: Session,
    who: str,
    action: str,
    one: Certificate,
    reason: str | None,
    *,
    before: Facts | None = None,
) -> None:
    """The act, with what became of the certificate, and its sum (kopecks)."""
    after = {"state": one.state, "amount": one.amount, "member_id": one.member_id}
    record(session, who, action, subject_of(one.id), reason=reason, before=before, after=after)
