"""Signing in by password and one-time code, and out. The caller owns the unit of work.

``now`` is the real moment everywhere here. Of login, password and code nobody learns which was
wrong, from the answer or from its time.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select, text, update
from sqlalchemy.orm import Session

from tracker.access.budgets import Budget
from tracker.access.passwords import verify
from tracker.audit.service import record
from tracker.kit.crypto import Keyring
from tracker.staff.models import Staff, StaffSession
from tracker.staff.rules import LONGEST
from tracker.staff.service import SESSION, SESSION_MARK, Person
from tracker.team.enrolling import purpose_of
from tracker.team.models import StaffCredential
from tracker.team.rules import NoSession, SignInNotAccepted, step_of

_ADDRESS = "login and address of staff"
_REMEMBERED = timedelta(days=90)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_TRIES = 10
"""An hour, of one login from one address."""

_TRIES_FROM = 60
"""An hour from one address, which a whole office may share."""

_TRIES_OF_STRANGERS = 100
"""A day at one login, from addresses that it was never signed in from. Whoever uses them up shuts
out nobody: the person comes in from where they were before, or by a token."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of somebody who can sign in."""

    login: str
    credential_id: int
    staff_id: int
    password_hash: str
    totp: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has just begun; ``token`` is known to its owner alone."""

    token: str
    expires_at: datetime


def tries(
    session: Session, keys: Keyring, login: str, address: str, now: datetime
) -> tuple[Sequence[Budget], Sequence[Budget]]:
    """What a try is taken from, whoever is called so; the first ones are given back when it was
    right."""
    own = [Budget("staff sign in pair", f"{login}\0{address}", _TRIES, _HOUR)]
    if not _was_here(session, keys, login, address, now):
        own.append(Budget("staff sign in login", login, _TRIES_OF_STRANGERS, _DAY))
    return own, [Budget("staff sign in address", address, _TRIES_FROM, _HOUR)]


def tries_from(address: str) -> Sequence[Budget]:
    """What a try with an enrolment secret is taken from."""
    return [Budget("staff sign in address", address, _TRIES_FROM, _HOUR)]


def known_as(session: Session, keys: Keyring, login: str) -> Known | None:
    """What a login is compared with; None: nobody signs in by it."""
    row = session.execute(
        select(StaffCredential)
        .join(Staff, Staff.id == StaffCredential.staff_id)
        .where(Staff.login == login, Staff.active, _IS_LIVE)
    ).scalar_one_or_none()
    if row is None or row.password_hash is None:
        return None
    totp = keys.open(purpose_of(row.staff_id), row.totp_sealed).decode()
    return Known(login, row.id, row.staff_id, row.password_hash, totp)


def see_proved(known: Known | None, password: str, code: str, now: datetime) -> int:
    """The half-minute of the code that was shown. Both are always compared, for nobody too: with
    no transaction open, since it takes tens of milliseconds. Raises SignInNotAccepted."""
    right = verify(known.password_hash if known else None, password)
    step = step_of(known.totp if known else None, code, now)
    if not right or step is None:
        raise SignInNotAccepted
    return step


def sign_in(
    session: Session, keys: Keyring, known: Known, address: str, *, step: int, now: datetime
) -> Opened:
    """Begin a session. Raises SignInNotAccepted for a code that was used, and where the password
    was changed or the person has left meanwhile."""
    # The person first, as whoever ends what they come in by: or each would wait for the other.
    session.execute(_KEEP, {"id": known.staff_id})
    used = session.scalar(
        update(StaffCredential)
        .where(
            StaffCredential.id == known.credential_id,
            StaffCredential.password_hash == known.password_hash,
            StaffCredential.totp_step < step,
            StaffCredential.staff_id == Staff.id,
            Staff.active,
            _IS_LIVE,
        )
        .values(totp_step=step)
        .returning(StaffCredential.id)
    )
    if used is None:
        raise SignInNotAccepted
    token, until = SESSION_MARK + secrets.token_urlsafe(32), now + LONGEST
    session.add(
        StaffSession(
            staff_id=known.staff_id,
            token_hash=keys.hash(SESSION, token),
            address_hash=keys.hash(_ADDRESS, f"{known.login}\0{address}"),
            created_at=now,
            seen_at=now,
            expires_at=until,
        )
    )
    record(session, known.login, "staff.sign_in", f"staff:{known.login}")
    return Opened(token, until)


def sign_out(session: Session, person: Person) -> None:
    """End the session of this request. Raises NoSession where it came by an API token."""
    if person.session_id is None:
        raise NoSession
    session.execute(_END, {"id": person.session_id})
    record(session, person.login, "staff.sign_out", f"staff:{person.login}")


def _was_here(session: Session, keys: Keyring, login: str, address: str, now: datetime) -> bool:
    """Whether the login was signed in from this address lately."""
    hashes = keys.hashes(_ADDRESS, f"{login}\0{address}")
    since = now - _REMEMBERED
    found = exists().where(
        StaffSession.staff_id == Staff.id,
        Staff.login == login,
        StaffSession.created_at > since,
        StaffSession.address_hash.in_(hashes),
    )
    return bool(session.scalar(select(found)))


_IS_LIVE = StaffCredential.ended_at.is_(None) & StaffCredential.confirmed_at.is_not(None)

_KEEP = text("SELECT FROM staff WHERE id = :id FOR KEY SHARE")

_END = text("""
    UPDATE staff_sessions SET ended_at = clock_timestamp() WHERE id = :id AND ended_at IS NULL
""")
