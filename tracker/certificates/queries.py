"""Reads of certificates."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from tracker.certificates.models import Certificate
from tracker.certificates.rules import OUTSTANDING, CertificateNotFound, CertificateState, Past
from tracker.kit.clock import moscow_date, moscow_midnight


def certificate_of(
    session: Session, certificate_id: int, member_id: int, *, lock: bool = False
) -> Certificate:
    """A member's certificate, whatever became of it. Raises CertificateNotFound."""
    query = select(Certificate).where(
        Certificate.id == certificate_id, Certificate.member_id == member_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise CertificateNotFound
    return found


def locked(session: Session, certificate_id: int) -> Certificate:
    """A certificate, whosever it is, as nobody else can change it. Raises CertificateNotFound.

    Whoever moves a member's money by it locks the member first.
    """
    found = session.get(Certificate, certificate_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise CertificateNotFound
    return found


def of_member(
    session: Session, member_id: int, *, before: int | None, limit: int
) -> Sequence[Certificate]:
    """A member's certificates, the newest first; those before an id."""
    query = select(Certificate).where(Certificate.member_id == member_id)
    if before is not None:
        query = query.where(Certificate.id < before)
    return session.scalars(query.order_by(Certificate.id.desc()).limit(limit)).all()


def of_order(session: Session, member_id: int, order_key: str) -> Sequence[Certificate]:
    """What was ordered under a key, in its parts' order."""
    query = select(Certificate).where(
        Certificate.member_id == member_id, Certificate.order_key == order_key
    )
    return session.scalars(query.order_by(Certificate.part)).all()


def unshown(session: Session, member_id: int) -> Sequence[Certificate]:
    """A member's certificates that are paid for, and whose code nobody has ever seen. Locked: none
    is shown before the caller is done. The member is locked."""
    query = select(Certificate).where(
        Certificate.member_id == member_id,
        Certificate.state.in_(OUTSTANDING),
        Certificate.codes == 0,
    )
    return session.scalars(query.order_by(Certificate.id).with_for_update()).all()


def past_of(session: Session, member_id: int, now: datetime) -> Past:
    """What a member, who is locked, has ordered before."""
    since = moscow_midnight(moscow_date(now))
    row = session.execute(_PAST, {"member": member_id, "since": since}).one()
    return Past(row.today, row.sum_today, row.sum_kept, row.passed)


def work_is_due(session: Session, now: datetime) -> bool:
    """Whether some certificate is to be issued, or taken back because it is too old."""
    free = or_(Certificate.lease_until.is_(None), Certificate.lease_until < text("now()"))
    waiting = (
        select(Certificate.id).where(Certificate.state == CertificateState.ORDERED, free).limit(1)
    )
    too_old = (
        select(Certificate.id)
        .where(Certificate.state == CertificateState.ISSUED, Certificate.expires_at <= now)
        .limit(1)
    )
    return any(session.scalar(one) is not None for one in (waiting, too_old))


_PAST = text("""
    SELECT count(*) FILTER (WHERE ordered_at >= :since) AS today,
           coalesce(sum(amount) FILTER (WHERE ordered_at >= :since), 0)::bigint AS sum_today,
           coalesce(sum(amount) FILTER (WHERE state <> 'voided'), 0)::bigint AS sum_kept,
           coalesce(bool_or(decided_by IS NOT NULL AND state <> 'voided'), false) AS passed
    FROM certificates WHERE member_id = :member
""")
