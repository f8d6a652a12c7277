"""Following a link, and who invited whom. The caller owns the unit of work.

A touch is a signed token that the visitor's browser or app keeps: nothing is stored of somebody
who only looked.
"""

import base64
import hmac
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.members.models import Member
from tracker.referrals.rules import CodeNotKnown, Touch, normal_code, parts_of

_PURPOSE = "first touch"


def touch(
    session: Session, keys: Keyring, code: str, now: datetime, *, first: str | None = None
) -> str:
    """The token of who follows a link; an earlier one that still holds stays as it is.

    Raises CodeNotKnown when there is neither.
    """
    if first is not None and referrer_of(session, keys, first, now) is not None:
        return first
    known = normal_code(code)
    if known is None or _owner_of(session, known) is None:
        raise CodeNotKnown
    return _token(keys, Touch(known, now))


def referrer_of(session: Session, keys: Keyring, token: str | None, now: datetime) -> int | None:
    """The member by whose link somebody joins now, who brings this token.

    None when there is no token, when it is older than 30 days or not ours, and when whoever
    invited has left: one joins all the same.
    """
    found = _read(keys, token) if token else None
    if found is None or not found.holds(now):
        return None
    return _owner_of(session, found.code)


def code_of(session: Session, member_id: int) -> str:
    """What a member's link ends with."""
    return session.scalars(select(Member.referral_code).where(Member.id == member_id)).one()


def _owner_of(session: Session, code: str) -> int | None:
    return session.scalar(
        select(Member.id).where(Member.referral_code == code, Member.closed_at.is_(None))
    )


def _token(keys: Keyring, one: Touch) -> str:
    said = f"{one.code}.{int(one.at.timestamp())}"
    return f"{said}.{_seal(keys.hash(_PURPOSE, said))}"


def _read(keys: Keyring, token: str) -> Touch | None:
    parts = parts_of(token)
    if parts is None:
        return None
    code, seconds, seal = parts
    known = [_seal(one) for one in keys.hashes(_PURPOSE, f"{code}.{seconds}")]
    if not any(hmac.compare_digest(one, seal) for one in known):
        return None
    return Touch(code, datetime.fromtimestamp(seconds, UTC))


def _seal(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
