"""Redeeming: a salon takes a certificate, once and in full. The caller owns the unit of work."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from tracker.certificates.codes import code_hashes, code_proof, proves, read_code
from tracker.certificates.models import Certificate
from tracker.certificates.rules import CertificateState, redeemed_posting
from tracker.certificates.salon_rules import CertificateRedeemed, CodeNotAccepted
from tracker.kit.crypto import Keyring
from tracker.kit.logs import log
from tracker.ledger.service import post

_LOG = log("certificates")

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
    code = read_code(told) or _NOBODYS
    taken = _take(session, keys, code, receipt, now)
    if taken is not None:
        post(session, [redeemed_posting(taken.id, taken.amount, now)])
        return taken
    before = _redeemed(session, keys, code)
    if before is None:
        raise CodeNotAccepted
    if (before.receipt_id, before.salon_id) != (receipt.receipt_id, receipt.salon_id):
        raise CertificateRedeemed
    return before


def taken_before(
    session: Session, keys: Keyring, told: str, receipt: Receipt
) -> Certificate | None:
    """What this receipt of this salon has taken by this code, if it has."""
    before = _redeemed(session, keys, read_code(told) or _NOBODYS)
    if before is None:
        return None
    is_this = (before.receipt_id, before.salon_id) == (receipt.receipt_id, receipt.salon_id)
    return before if is_this else None


def _take(
    session: Session, keys: Keyring, code: str, receipt: Receipt, now: datetime
) -> Certificate | None:
    """One statement, which waits for whoever changes the certificate meanwhile and then looks at
    it anew: of many that come at once, one finds it issued."""
    hashes = code_hashes(keys, code)
    taken = session.scalar(
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
            # If our key was changed since it was shown, it is known by the new one from now on,
            # and so is its proof.
            code_hash=hashes[0],
            code_mark=keys.mark,
        )
        .returning(Certificate)
        .execution_options(synchronize_session=False)
    )
    if taken is not None:
        _see_that_it_is_its_own(keys, code, taken)
        taken.code_proof = code_proof(keys, code, taken.made_for)
        session.flush()
    return taken


def _redeemed(session: Session, keys: Keyring, code: str) -> Certificate | None:
    found = session.scalar(
        select(Certificate).where(
            Certificate.code_hash.in_(code_hashes(keys, code)),
            Certificate.state == CertificateState.REDEEMED,
        )
    )
    if found is not None:
        _see_that_it_is_its_own(keys, code, found)
    return found


def _see_that_it_is_its_own(keys: Keyring, code: str, one: Certificate) -> None:
    """That the code was made for this certificate, and none after it: its hash can be moved to a
    dearer one, or put back, by whoever writes to the table; its proof cannot. Raises
    CodeNotAccepted, as for any that is wrong."""
    if not proves(keys, one.code_proof, code, one.made_for):
        _LOG.error("certificate_code_moved", certificate=one.id)
        raise CodeNotAccepted
