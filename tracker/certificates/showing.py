"""A certificate's code, told once and kept nowhere: to ask again is to get another one. The caller
owns the unit of work."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.certificates.codes import code_hash, code_of, code_proof
from tracker.certificates.models import Certificate
from tracker.certificates.queries import certificate_of
from tracker.certificates.rules import (
    CertificateNotReady,
    CertificateOver,
    CertificateState,
    is_too_old,
)
from tracker.kit.crypto import Keyring

_NOT_READY = (CertificateState.ORDERED, CertificateState.REVIEW)


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate with the code that is good from now on; no other is."""

    certificate: Certificate
    code: str = field(repr=False)


def show(
    session: Session,
    keys: Keyring,
    certificate_id: int,
    member_id: int,
    now: datetime,
    *,
    chance: int,
) -> Shown:
    """Make a code of some bits of chance; the one before, if there was one, is good no more.

    Raises CertificateNotFound, CertificateNotReady and CertificateOver.
    """
    one = certificate_of(session, certificate_id, member_id, lock=True)
    if one.state in _NOT_READY:
        raise CertificateNotReady
    if one.state != CertificateState.ISSUED or is_too_old(one.expires_at, now):
        raise CertificateOver
    code = code_of(chance)
    one.code_hash, one.code_mark = code_hash(keys, code), keys.mark
    one.codes += 1
    one.code_proof = code_proof(keys, code, one.made_for)
    session.flush()
    return Shown(one, code)
