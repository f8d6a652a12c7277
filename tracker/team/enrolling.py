"""Handing in a password and a telephone for one-time codes. The caller owns the unit of work.

``now`` is the real moment everywhere here. The secret that a telephone makes codes from is sealed;
the enrolment secret that opens the way to it is kept as a keyed hash, and used once.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, insert, select, update
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.kit.crypto import Keyring
from tracker.staff.models import Staff, StaffToken
from tracker.staff.rules import ALL_SCOPES, Role, is_within
from tracker.staff.second_person import see_that_one_may
from tracker.staff.service import Person
from tracker.team.models import StaffCredential
from tracker.team.rules import (
    ENROLMENT,
    AlreadyEnrolled,
    CodeNotRight,
    EnrolmentOver,
    PersonHasLeft,
    TokenTooWide,
    new_secret,
    step_of,
)
from tracker.team.service import person_named

_SECRET = "enrolment of staff"  # noqa: S105 - what its hash is for
_OTHER_HALF = "other half of an enrolment of staff"


@dataclass(frozen=True, slots=True)
class Enrolling:
    """Somebody on the way to sign in."""

    id: int
    staff_id: int
    login: str
    secret: str
    """What the telephone makes codes from, in base 32."""


def purpose_of(staff_id: int) -> str:
    """What a person's secret is sealed for."""
    return f"one-time codes of staff {staff_id}"


def see_enrollable(session: Session, login: str, now: datetime) -> Staff:
    """Somebody who has nothing to come in by, and is kept so until the unit of work ends: nobody
    can hand in a second key to what somebody has. Where there is one, the person enrols themselves,
    or is reset first.

    Raises PersonNotFound, PersonHasLeft and AlreadyEnrolled.
    """
    person = _enrollable(session, login)
    live = StaffToken.revoked_at.is_(None) & (StaffToken.expires_at > now)
    if session.scalar(select(exists().where(StaffToken.staff_id == person.id, live))):
        raise AlreadyEnrolled(f"{login} has a token, and can enrol by it")
    return person


def other_half(keys: Keyring) -> tuple[str, str]:
    """One half of an enrolment secret to be, for who proposes it, and its keyed hash in hex."""
    half = "enh_" + secrets.token_urlsafe(32)
    return half, keys.hash(_OTHER_HALF, half).hex()


def enrol(
    session: Session,
    keys: Keyring,
    who: str,
    login: str,
    now: datetime,
    *,
    other_half: str | None = None,
    reason: str | None = None,
) -> tuple[str, datetime]:
    """A secret by which its holder sets the password of ``login``, and until when; the one made
    before is over. ``who`` is told it: so long as it holds, the two are not two people, unless it
    is good for nothing without the ``other_half`` (its hash), which another was told.

    Raises PersonNotFound, PersonHasLeft, and AlreadyEnrolled where there is a password.
    """
    person = _enrollable(session, login)
    alone = who if other_half is None else None
    session.execute(update(Staff).where(Staff.id == person.id).values(let_in_by=alone))
    return _enrol(session, keys, person, who, now, other_half=other_half, reason=reason)


def enrol_oneself(
    session: Session, keys: Keyring, by: Person, now: datetime, *, reason: str | None = None
) -> tuple[str, datetime]:
    """The same for oneself: over with the token that it was asked for by, if nobody confirmed it.

    Raises TokenTooWide where the token may not do all, TokenNotAccepted where it is over meanwhile,
    PersonHasLeft and AlreadyEnrolled.
    """
    if not is_within(ALL_SCOPES, by.scopes):
        raise TokenTooWide
    person = _enrollable(session, by.login)
    see_that_one_may(session, by, Role.VIEWER)
    return _enrol(session, keys, person, by.login, now, by=by, reason=reason)


def _enrol(
    session: Session,
    keys: Keyring,
    person: Staff,
    who: str,
    now: datetime,
    *,
    by: Person | None = None,
    other_half: str | None = None,
    reason: str | None,
) -> tuple[str, datetime]:
    session.execute(update(StaffCredential).where(*_of(person)).values(ended_at=now))
    secret, until = "enr_" + secrets.token_urlsafe(32), now + ENROLMENT
    if by is not None and by.token_id is not None and by.expires_at is not None:
        until = min(until, by.expires_at)
    session.execute(
        insert(StaffCredential),
        {
            "staff_id": person.id,
            "secret_hash": keys.hash(_SECRET, secret),
            "other_half_hash": bytes.fromhex(other_half) if other_half else None,
            "totp_sealed": keys.seal(purpose_of(person.id), new_secret().encode()),
            "made_by": who,
            "token_id": by.token_id if by else None,
            "made_at": now,
            "expires_at": until,
        },
    )
    after = {"until": until.isoformat()}
    record(session, who, "staff.enrol", f"staff:{person.login}", reason=reason, after=after)
    return secret, until


def _enrollable(session: Session, login: str) -> Staff:
    person = person_named(session, login, locked=True)
    if not person.active:
        raise PersonHasLeft
    is_confirmed = StaffCredential.confirmed_at.is_not(None)
    if session.scalar(select(exists().where(*_of(person), is_confirmed))):
        raise AlreadyEnrolled
    return person


def _of(person: Staff) -> tuple[ColumnElement[bool], ...]:
    return (StaffCredential.staff_id == person.id, StaffCredential.ended_at.is_(None))


def enrolling(
    session: Session, keys: Keyring, secret: str, now: datetime, *, other_half: str | None = None
) -> Enrolling:
    """Who holds an enrolment secret, and its other half where there is one, and what is to go into
    the telephone. Raises EnrolmentOver."""
    half = StaffCredential.other_half_hash
    halves = keys.hashes(_OTHER_HALF, other_half) if other_half is not None else []
    row = session.execute(
        select(StaffCredential, Staff.login)
        .join(Staff, Staff.id == StaffCredential.staff_id)
        .where(
            StaffCredential.secret_hash.in_(keys.hashes(_SECRET, secret)),
            half.is_(None) if other_half is None else half.in_(halves),
            StaffCredential.ended_at.is_(None),
            StaffCredential.confirmed_at.is_(None),
            StaffCredential.expires_at > now,
            Staff.active,
        )
    ).one_or_none()
    if row is None:
        raise EnrolmentOver
    made, login = row
    plain = keys.open(purpose_of(made.staff_id), made.totp_sealed).decode()
    return Enrolling(made.id, made.staff_id, login, plain)


def see_code(found: Enrolling, code: str, now: datetime) -> int:
    """The half-minute of a code that the telephone shows. Raises CodeNotRight."""
    step = step_of(found.secret, code, now)
    if step is None:
        raise CodeNotRight(fields={"totp": "it is not the one that the telephone shows"})
    return step


def confirm(
    session: Session, found: Enrolling, password_hash: str, step: int, now: datetime
) -> None:
    """From now on the person signs in by this password and the telephone. Raises EnrolmentOver
    where somebody else was faster with the same secret."""
    done = session.scalar(
        update(StaffCredential)
        .where(
            StaffCredential.id == found.id,
            StaffCredential.ended_at.is_(None),
            StaffCredential.confirmed_at.is_(None),
        )
        .values(password_hash=password_hash, confirmed_at=now, totp_step=step)
        .returning(StaffCredential.id)
    )
    if done is None:
        raise EnrolmentOver
    record(session, found.login, "staff.enrolled", f"staff:{found.login}")
