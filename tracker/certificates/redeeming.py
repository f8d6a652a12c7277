"""Redeeming: a salon takes a certificate, once and in full. The caller owns the unit of work."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from tracker.certificates.codes import code_hashes, read_code
from tracker.certificates.models import Certificate
from tracker.certificates.rules import CertificateState, redeemed_posting
from tracker.certificates.salon_rules import CertificateRedeemed, CodeNotAccepted
from tracker.kit.crypto import Keyring
from tracker.ledger.service import post

_NOBODYS = ""
"""Looked up for what cannot be a code: it takes as long as for one that is wrong."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a certificate is taken for: the same one again is the same taking."""

    receipt_id: str
    salon_id: int


def redeem(
    session: Session, keys: Keyring, told: str, receipt: Receipt, now: datetime
) -> Certificate:
    """Take the certificate of a code; by the same receipt of the same salon again, the same one.

    Raises CertificateRedeemed, and CodeNotAccepted for whatever else cannot be taken: a code that
    nobody was ever shown, one that another code has replaced, and that of a certificate that was
    voided or is too old are not told apart, and are looked for in the same way.
    """
    hashes = code_hashes(keys, read_code(told) or _NOBODYS)
    taken = _take(session, keys, hashes, receipt, now)
    if taken is not None:
        post(session, [redeemed_posting(taken.id, taken.amount, now)])
        return taken
    before = _redeemed(session, hashes)
    if before is None:
        raise CodeNotAccepted
    if (before.receipt_id, before.salon_id) != (receipt.receipt_id, receipt.salon_id):
        raise CertificateRedeemed
    return before


def taken_before(
    session: Session, keys: Keyring, told: str, receipt: Receipt
) -> Certificate | None:
    """What this receipt of this salon has taken by this code, if it has."""
    before = _redeemed(session, code_hashes(keys, read_code(told) or _NOBODYS))
    if before is None:
        return None
    is_this = (before.receipt_id, before.salon_id) == (receipt.receipt_id, receipt.salon_id)
    return before if is_this else None


def _take(
    session: Session, keys: Keyring, hashes: list[bytes], receipt: Receipt, now: datetime
) -> Certificate | None:
    """One statement, which waits for whoever changes the certificate meanwhile and then looks at
    it anew: of many that come at once, one finds it issued."""
    return session.scalar(
        update(Certificate)
        .where(
            Certificate.code_hash.in_(hashes),
            Certificate.state == CertificateState.ISSUED,
            or_(Certificate.expires_at.is_(None), Certificate.expires_at > now),
        )
        .values(
            state=CertificateState.REDEEMED,
            redeemed_at=now,
            salon_id=receipt.salon_id,
            receipt_id=receipt.receipt_id,
            # If our key was changed since it was shown, it is known by the new one from now on.
            code_hash=hashes[0],
            code_mark=keys.mark,
        )
        .returning(Certificate)
        .execution_options(synchronize_session=False)
    )


def _redeemed(session: Session, hashes: list[bytes]) -> Certificate | None:
    return session.scalar(
        select(Certificate).where(
            Certificate.code_hash.in_(hashes), Certificate.state == CertificateState.REDEEMED
        )
    )
