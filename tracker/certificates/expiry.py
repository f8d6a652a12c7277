"""Certificates that are too old: their money is the member's again. The caller owns the unit of
work."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.certificates.giving_back import give_back
from tracker.certificates.models import Certificate
from tracker.certificates.rules import CertificateOver, CertificateState

EXPIRED = "expired"
"""Why it was taken back, as staff read it."""


def too_old(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Some certificates that are good no more, the oldest first."""
    query = (
        select(Certificate.id)
        .where(Certificate.state == CertificateState.ISSUED, Certificate.expires_at <= now)
        .order_by(Certificate.expires_at, Certificate.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def take_back_expired(session: Session, certificate_id: int, now: datetime) -> bool:
    """Take one back that was found to be too old; False when a salon, or another, was faster."""
    try:
        give_back(session, certificate_id, now, EXPIRED)
    except CertificateOver:
        return False
    return True
