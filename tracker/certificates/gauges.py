"""Certificates in figures for monitoring."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.access.budgets import used_by_all
from tracker.certificates.misses import HOUR, SHARED
from tracker.certificates.models import Certificate
from tracker.certificates.rules import CertificateState
from tracker.certificates.voiding import VOIDING
from tracker.proposals.models import Proposal
from tracker.proposals.rules import State


def gauges(session: Session) -> dict[str, float]:
    """What waits for workers and for staff, and how many wrong codes salons tell."""
    return {
        "certificates_waiting": _count(session, CertificateState.ORDERED),
        "certificates_in_review": _count(session, CertificateState.REVIEW),
        "certificate_voids_waiting": session.scalar(_VOIDS_WAITING) or 0,
        "certificate_misses": used_by_all(session, SHARED, HOUR),
    }


def _count(session: Session, state: CertificateState) -> int:
    return session.scalar(select(func.count()).where(Certificate.state == state)) or 0


_VOIDS_WAITING = select(func.count()).where(
    Proposal.action == VOIDING.name,
    Proposal.state == State.PROPOSED,
    Proposal.expires_at > func.now(),
)
