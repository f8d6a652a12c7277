"""Verbs on those who join. The caller owns the unit of work.

``now`` is the real moment, by which codes and joinings expire; ``today`` is the business moment,
at which somebody proved something or became a member.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access import codes
from tracker.access.codes import Asked, Destination, Verdict
from tracker.access.models import Joining
from tracker.access.passwords import keep_password
from tracker.access.rules import Purpose, Step, is_trusted
from tracker.access.sessions import Device, Opened, open_session
from tracker.access.takeover import free_number
from tracker.kit.crypto import Keyring
from tracker.kit.errors import Conflict, NotFound
from tracker.members.models import Number
from tracker.members.queries import owner_of
from tracker.members.rules import Language
from tracker.members.service import Newcomer, join_many
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify

LASTS = timedelta(hours=24)
"""How long somebody may take from the number to the password."""

ReferrerOf = Callable[[Session, Keyring, str | None, datetime], int | None]
"""Whose link somebody came by, at a business moment, as the token says that it left; None: nobody's
(of the room above: it is handed in)."""

_TOKEN = "token of a joining"  # noqa: S105 - what its hash is for

_CODES = {Step.PHONE_CODE: Purpose.JOINING_PHONE, Step.EMAIL_CODE: Purpose.JOINING_EMAIL}


class JoiningNotFound(NotFound):
    """Nobody joins by this token, or not any more: begin again."""

    code = "joining_not_found"


class AnotherStepIsNext(Conflict):
    """This step was done, or it is not its turn: the state says which is next."""

    code = "another_step_is_next"


class NumberIsAMembers(Conflict):
    """Somebody has just become a member by this number: sign in instead."""

    code = "number_is_a_members"


@dataclass(frozen=True, slots=True)
class Way:
    """How far somebody has come."""

    step: Step
    expires_at: datetime
    code: Asked | None = None
    """The code that is on its way, when one is next."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a code, and of the number that it proves."""

    verdict: Verdict
    taken: bool = False
    """The code was right, and in the meantime somebody else joined by the number."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A new member, signed in."""

    member_id: int
    opened: Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the last step brings."""

    password_hash: str = field(repr=False)
    device: Device
    remembered: bool
    trust: timedelta
    """For how long a number is its member's without another proof."""
    referrer_of: ReferrerOf


def begin(
    session: Session,
    keys: Keyring,
    phone: str,
    now: datetime,
    *,
    language: Language,
    referral: str | None = None,
) -> tuple[str, Way]:
    """Somebody wants to join by a number, in normal form; a code goes out to it. Gives the token.

    A member's number is treated like any other: the worker that sends the message sees to it.
    """
    token = "joi_" + secrets.token_urlsafe(32)
    row = Joining(
        token_hash=keys.hash(_TOKEN, token),
        step=Step.PHONE_CODE,
        language=language,
        phone_sealed=keys.seal(f"phone of {token}", phone.encode()),
        referral_sealed=keys.seal(f"referral of {token}", referral.encode()) if referral else None,
        started_at=now,
        expires_at=now + LASTS,
    )
    session.add(row)
    session.flush()
    asked = ask_again(session, keys, token, now)
    return token, Way(Step.PHONE_CODE, row.expires_at, asked)


def way(session: Session, keys: Keyring, token: str, now: datetime) -> Way:
    """How far somebody has come. Raises JoiningNotFound."""
    row = _row(session, keys, token, now)
    step = Step(row.step)
    code = codes.standing(session, keys, _CODES[step], token) if step in _CODES else None
    return Way(step, row.expires_at, code)


def awaited(
    session: Session, keys: Keyring, token: str, now: datetime
) -> tuple[Purpose, Destination]:
    """Which code is next, and where it goes. Raises JoiningNotFound and AnotherStepIsNext."""
    return _awaited(keys, token, _row(session, keys, token, now))


def ask_again(session: Session, keys: Keyring, token: str, now: datetime) -> Asked:
    """Send the code that is next. Raises what `awaited` raises, and AskedTooSoon."""
    row = _row(session, keys, token, now, lock=True)
    purpose, to = _awaited(keys, token, row)
    return codes.ask(session, keys, purpose, to, token, now, language=Language(row.language))


def prove_phone(  # noqa: PLR0917 - two clocks
    session: Session,
    keys: Keyring,
    token: str,
    code: str,
    now: datetime,
    today: datetime,
    *,
    trust: timedelta,
) -> Proof:
    """The code that went to the number. To be committed whatever comes of it.

    A member's number is never proved here, whatever the code: there was none to know.
    """
    row = _row(session, keys, token, now, lock=True)
    _see_step(row, Step.PHONE_CODE)
    verdict = codes.answer(session, keys, Purpose.JOINING_PHONE, token, code, now)
    if verdict is not Verdict.RIGHT:
        return Proof(verdict)
    owner = owner_of(session, keys, _phone(keys, token, row))
    if owner and is_trusted(owner.proved_at, today, trust):
        since = session.scalar(select(Number.created_at).where(Number.id == owner.number_id))
        taken = since is not None and since > row.started_at
        return Proof(verdict, taken=True) if taken else Proof(Verdict.WRONG)
    row.step, row.phone_proved_at = Step.EMAIL, today
    session.flush()
    return Proof(verdict)


def give_email(session: Session, keys: Keyring, token: str, email: str, now: datetime) -> Way:
    """Name an address, in normal form, or another one instead; a code goes out to it.

    Raises JoiningNotFound, AnotherStepIsNext and AskedTooSoon.
    """
    row = _row(session, keys, token, now, lock=True)
    _see_step(row, Step.EMAIL, Step.EMAIL_CODE)
    row.step = Step.EMAIL_CODE
    row.email_sealed = keys.seal(f"email of {token}", email.encode())
    session.flush()
    return Way(Step.EMAIL_CODE, row.expires_at, ask_again(session, keys, token, now))


def prove_email(  # noqa: PLR0917 - two clocks
    session: Session, keys: Keyring, token: str, code: str, now: datetime, today: datetime
) -> Verdict:
    """The code that went to the address. To be committed whatever comes of it."""
    row = _row(session, keys, token, now, lock=True)
    _see_step(row, Step.EMAIL_CODE)
    verdict = codes.answer(session, keys, Purpose.JOINING_EMAIL, token, code, now)
    if verdict is Verdict.RIGHT:
        row.step, row.email_proved_at = Step.PASSWORD, today
        session.flush()
    return verdict


def see_step(session: Session, keys: Keyring, token: str, now: datetime, *steps: Step) -> None:
    """Raises JoiningNotFound, and AnotherStepIsNext when none of these is next."""
    _see_step(_row(session, keys, token, now), *steps)


def finish(  # noqa: PLR0917 - two clocks
    session: Session, keys: Keyring, token: str, now: datetime, today: datetime, ending: Ending
) -> Joined:
    """Become a member, with auto-payment on, and be signed in and greeted.

    Raises JoiningNotFound, AnotherStepIsNext, and NumberIsAMembers: of several who join by one
    number at the same time, one becomes a member.
    """
    row = _row(session, keys, token, now, lock=True)
    _see_step(row, Step.PASSWORD)
    phone, email = _phone(keys, token, row), _email(keys, token, row)
    if not free_number(session, keys, phone, now, today, trust=ending.trust).free:
        raise NumberIsAMembers
    member_id = _enrol(session, keys, token, row, phone, email, today, ending)
    keep_password(session, member_id, ending.password_hash, today)
    opened = open_session(
        session, keys, member_id, ending.device, now, remembered=ending.remembered
    )
    notify(session, [Notice(member_id, Kind.WELCOME, f"welcome:{member_id}")], today)
    row.step = Step.DONE
    row.phone_sealed = row.email_sealed = row.referral_sealed = None
    session.flush()
    return Joined(member_id, opened)


def _enrol(  # noqa: PLR0917 - what `finish` has gathered
    session: Session,
    keys: Keyring,
    token: str,
    row: Joining,
    phone: str,
    email: str,
    today: datetime,
    ending: Ending,
) -> int:
    sealed = row.referral_sealed
    touch = keys.open(f"referral of {token}", sealed).decode() if sealed else None
    newcomer = Newcomer(
        phone,
        today,
        email,
        language=Language(row.language),
        email_proved_at=row.email_proved_at,
        referrer_id=ending.referrer_of(session, keys, touch, today),
    )
    return join_many(session, keys, [newcomer], row.phone_proved_at or today)[phone]


def _row(
    session: Session, keys: Keyring, token: str, now: datetime, *, lock: bool = False
) -> Joining:
    query = select(Joining).where(
        Joining.token_hash.in_(keys.hashes(_TOKEN, token)), Joining.expires_at > now
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise JoiningNotFound
    return found


def _see_step(row: Joining, *steps: Step) -> None:
    if row.step not in steps:
        raise AnotherStepIsNext


def _awaited(keys: Keyring, token: str, row: Joining) -> tuple[Purpose, Destination]:
    _see_step(row, *_CODES)
    if row.step == Step.PHONE_CODE:
        return Purpose.JOINING_PHONE, Destination(phone=_phone(keys, token, row))
    return Purpose.JOINING_EMAIL, Destination(email=_email(keys, token, row))


def _phone(keys: Keyring, token: str, row: Joining) -> str:
    return keys.open(f"phone of {token}", row.phone_sealed or b"").decode()


def _email(keys: Keyring, token: str, row: Joining) -> str:
    return keys.open(f"email of {token}", row.email_sealed or b"").decode()
