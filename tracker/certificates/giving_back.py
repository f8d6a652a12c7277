"""Undoing a certificate that no salon has taken: its money is the member's again. The caller owns
the unit of work."""

from datetime import datetime

from sqlalchemy.orm import Session

from tracker.certificates.models import Certificate
from tracker.certificates.queries import locked
from tracker.certificates.rules import (
    OUTSTANDING,
    CertificateNotFound,
    CertificateOver,
    CertificateState,
    voided_posting,
)
from tracker.goals.service import put_aside, take_back, tell_reached
from tracker.ledger.service import lock_members, post


def give_back(session: Session, certificate_id: int, now: datetime, reason: str) -> Certificate:
    """Void a certificate: what its goal gave goes back there, unless that was dropped; the rest is
    available, and put aside for whatever goals stand.

    Raises CertificateNotFound, and CertificateOver when its money is no longer outstanding.
    """
    found = session.get(Certificate, certificate_id)
    if found is None:
        raise CertificateNotFound
    lock_members(session, [found.member_id])
    one = locked(session, certificate_id)
    if one.state not in OUTSTANDING:
        raise CertificateOver(f"certificate {certificate_id} is {one.state}")
    one.state, one.voided_at, one.void_reason = CertificateState.VOIDED, now, reason
    one.code_hash = one.code_proof = None
    session.flush()
    _return_money(session, one, now)
    return one


def _return_money(session: Session, one: Certificate, now: datetime) -> None:
    to_goal = one.from_goal
    if one.goal_id is None or not to_goal or not take_back(session, one.goal_id, to_goal, now):
        to_goal = 0
    post(session, [voided_posting(one.id, one.member_id, one.amount, to_goal, now)])
    # Also where all went to the goal: a debt is paid off before anything is saved.
    moment = {one.member_id: now}
    tell_reached(session, put_aside(session, moment), moment)
