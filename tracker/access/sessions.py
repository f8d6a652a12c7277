"""Sessions: opened, recognised, listed, ended. The caller owns the unit of work.

``now`` is the real moment everywhere here, as of codes: where business time runs a day a second,
twelve hours of it would be half a second.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tracker.access.models import MemberSession
from tracker.access.rules import (
    MAX_SESSIONS,
    SEEN_AGAIN,
    Kind,
    NotSignedIn,
    SignedIn,
    label_of,
    lasts,
)
from tracker.kit.crypto import Keyring

_TOKEN = "session token"  # noqa: S105 - what its hash is for
_DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Device:
    """What a device says of itself: an id it made up, if it has one, and its User-Agent."""

    kind: Kind
    name: str | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has just begun; ``token`` is known to the device alone."""

    id: int
    token: str
    expires_at: datetime
    remembered: bool
    label: str


def open_session(
    session: Session,
    keys: Keyring,
    member_id: int,
    device: Device,
    now: datetime,
    *,
    remembered: bool = False,
) -> Opened:
    """Let a device be signed in. Always by a new token: nobody can have fixed it before."""
    token = "ses_" + secrets.token_urlsafe(32)
    made = MemberSession(
        member_id=member_id,
        token_hash=keys.hash(_TOKEN, token),
        kind=str(device.kind),
        device_hash=keys.hash(_DEVICE, device.name) if device.name else None,
        label=label_of(device.agent),
        remembered=remembered,
        created_at=now,
        seen_at=now,
        expires_at=now + lasts(remembered=remembered),
    )
    session.add(made)
    session.flush()
    _let_the_oldest_go(session, member_id, now)
    return Opened(made.id, token, made.expires_at, remembered, made.label)


def recognise(session: Session, keys: Keyring, token: str, now: datetime) -> SignedIn:
    """Whose session a token is. Raises NotSignedIn."""
    hashes = keys.hashes(_TOKEN, token)
    row = session.execute(_RECOGNISE, {"hashes": hashes, "now": now}).one_or_none()
    if row is None:
        raise NotSignedIn
    if now - row.seen_at >= SEEN_AGAIN or row.token_hash != hashes[0]:
        session.execute(
            update(MemberSession)
            .where(MemberSession.id == row.id)
            .values(
                seen_at=now,
                token_hash=hashes[0],
                expires_at=now + lasts(remembered=True)
                if row.remembered
                else MemberSession.expires_at,
            )
        )
    return SignedIn(row.member_id, row.id)


def was_signed_in_on(session: Session, keys: Keyring, member_id: int, device: Device) -> bool:
    """Whether a member is or was signed in on a device."""
    found = session.scalar(
        select(MemberSession.id)
        .where(
            MemberSession.device_hash.in_(keys.hashes(_DEVICE, device.name or "")),
            MemberSession.member_id == member_id,
        )
        .limit(1)
    )
    return found is not None


def live_sessions(session: Session, member_id: int, now: datetime) -> list[MemberSession]:
    """The devices on which a member is signed in, the one seen last first."""
    return list(
        session.scalars(
            select(MemberSession)
            .where(
                MemberSession.member_id == member_id,
                MemberSession.revoked_at.is_(None),
                MemberSession.expires_at > now,
            )
            .order_by(MemberSession.seen_at.desc(), MemberSession.id.desc())
        )
    )


def forget_token(session: Session, keys: Keyring, token: str, now: datetime) -> None:
    """End the session of a token, whoever it is; nothing is done when there is none."""
    session.execute(
        update(MemberSession)
        .where(
            MemberSession.token_hash.in_(keys.hashes(_TOKEN, token)),
            MemberSession.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def revoke(session: Session, member_id: int, session_id: int, now: datetime) -> bool:
    """End one session of a member, at once; False when the member has no such one."""
    ended = session.scalars(
        update(MemberSession)
        .where(
            MemberSession.id == session_id,
            MemberSession.member_id == member_id,
            MemberSession.revoked_at.is_(None),
            MemberSession.expires_at > now,
        )
        .values(revoked_at=now)
        .returning(MemberSession.id)
    )
    return bool(ended.all())


def revoke_all(
    session: Session, member_id: int, now: datetime, *, but: int | None = None
) -> list[int]:
    """End all sessions of a member, but perhaps for one; the ids of those that ended."""
    query = update(MemberSession).where(
        MemberSession.member_id == member_id, MemberSession.revoked_at.is_(None)
    )
    if but is not None:
        query = query.where(MemberSession.id != but)
    return sorted(session.scalars(query.values(revoked_at=now).returning(MemberSession.id)))


def _let_the_oldest_go(session: Session, member_id: int, now: datetime) -> None:
    too_many = (
        select(MemberSession.id)
        .where(
            MemberSession.member_id == member_id,
            MemberSession.revoked_at.is_(None),
            MemberSession.expires_at > now,
        )
        .order_by(MemberSession.seen_at.desc(), MemberSession.id.desc())
        .offset(MAX_SESSIONS)
    )
    session.execute(
        update(MemberSession).where(MemberSession.id.in_(too_many)).values(revoked_at=now)
    )


# Read with every request of a member: its text is made once.
_RECOGNISE = text("""
    SELECT sessions.id, member_id, seen_at, remembered, token_hash
    FROM sessions JOIN members ON members.id = member_id
    WHERE token_hash = ANY (CAST(:hashes AS bytea[]))
      AND revoked_at IS NULL AND expires_at > :now AND closed_at IS NULL
""")
