"""One-time codes: six digits to a number or an address, good once, soon, and for whoever asked.

A code is bound to the token of the flow that asked for it, to what it is for, and to where it went.
``now`` is the real moment everywhere here (`SystemClock`): people read codes by the clock on the
wall, also where business time runs faster.

`answer` never raises for a wrong code: the edge commits the attempt, and only then says no
(`edge.see_right`). What a code costs is taken from a budget before it is asked for, and so is a
guess (`edge.spend_guess`).
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.access.models import OneTimeCode
from tracker.access.rules import Purpose
from tracker.kit.crypto import Keyring
from tracker.kit.errors import Conflict, Invalid, TooMany
from tracker.members.rules import Language
from tracker.notifications.contracts import Kind
from tracker.notifications.service import send_code

LASTS = timedelta(minutes=10)
MAX_ATTEMPTS = 5
"""Of a million codes; the 6th is refused even if it is right."""

_PAUSES = (30, 60, 120, 300)
"""Seconds before another one may be asked for; the last holds from then on."""

_FLOW, _DESTINATION, _CODE = "flow of a code", "destination of a code", "one-time code"

_KINDS = {
    Purpose.JOINING_PHONE: Kind.JOINING_CODE,
    Purpose.JOINING_EMAIL: Kind.EMAIL_CODE,
    Purpose.SIGN_IN: Kind.SIGN_IN_CODE,
    Purpose.STEP_UP_EMAIL: Kind.EMAIL_CODE,
    Purpose.NUMBER_OLD: Kind.NUMBER_CODE,
    Purpose.NUMBER_NEW: Kind.NEW_NUMBER_CODE,
    Purpose.RELATIVE: Kind.RELATIVE_CODE,
    Purpose.EMAIL_CHANGE: Kind.EMAIL_CODE,
    Purpose.ERASURE: Kind.ERASURE_CODE,
}
"""Which message carries the code."""


class Verdict(StrEnum):
    """What came of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    USED_UP = "used_up"
    """It was guessed at too often."""
    NONE = "none"
    """No code was asked for, or it was used."""


class CodeWrong(Invalid):
    """This is not the code that was sent last."""

    code = "code_wrong"


class CodeNotAlive(Conflict):
    """The code has expired, was used, or was guessed at too often: ask for another one."""

    code = "code_not_alive"


class AskedTooSoon(TooMany):
    """A code is on its way: wait before asking for another one."""

    code = "asked_too_soon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a code goes: one of the two, in normal form."""

    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return "a number" if self.phone else "an address"


@dataclass(frozen=True, slots=True)
class Asked:
    """A code is on its way."""

    expires_at: datetime
    resend_after: datetime


def ask(  # noqa: PLR0917 - all of them name the code
    session: Session,
    keys: Keyring,
    purpose: Purpose,
    destination: Destination,
    bound_to: str,
    now: datetime,
    *,
    language: Language,
) -> Asked:
    """Send a code that only this flow can answer; an earlier one of it is good no more.

    Raises AskedTooSoon. Whether the destination is anybody's makes no difference here.
    """
    earlier = _row(session, keys, purpose, bound_to, lock=True)
    if earlier and earlier.resend_at > now:
        raise AskedTooSoon(retry_after=ceil((earlier.resend_at - now).total_seconds()))
    code = f"{secrets.randbelow(10**6):06}"
    asked = min(earlier.asked + 1, 1_000) if earlier else 1
    fresh = Asked(now + LASTS, now + timedelta(seconds=_PAUSES[min(asked, len(_PAUSES)) - 1]))
    to = keys.hash(_DESTINATION, destination.phone or destination.email or "")
    values = {
        "destination_hash": to,
        "code_hash": keys.hash(_CODE, _bound(purpose, bound_to, to, code)),
        "asked": asked,
        "attempts": 0,
        "resend_at": fresh.resend_after,
        "expires_at": fresh.expires_at,
        "used_at": None,
    }
    flow = earlier.flow_hash if earlier else keys.hash(_FLOW, bound_to)
    row_id = session.scalar(
        insert(OneTimeCode)
        .values(purpose=str(purpose), flow_hash=flow, **values)
        .on_conflict_do_update(index_elements=["purpose", "flow_hash"], set_=values)
        .returning(OneTimeCode.id)
    )
    send_code(
        session,
        keys,
        _KINDS[purpose],
        phone=destination.phone,
        email=destination.email,
        code=code,
        language=language,
        now=now,
        expires_at=fresh.expires_at,
        key=f"code:{row_id}:{secrets.token_hex(8)}",
    )
    return fresh


def see_pause(
    session: Session, keys: Keyring, purpose: Purpose, bound_to: str, now: datetime
) -> None:
    """Raises AskedTooSoon: to be called before a budget is spent on another code of a flow."""
    earlier = _row(session, keys, purpose, bound_to)
    if earlier and earlier.resend_at > now:
        raise AskedTooSoon(retry_after=ceil((earlier.resend_at - now).total_seconds()))


def standing(session: Session, keys: Keyring, purpose: Purpose, bound_to: str) -> Asked | None:
    """When the code of a flow expires, and when another one may be asked for."""
    found = _row(session, keys, purpose, bound_to)
    return Asked(found.expires_at, found.resend_at) if found else None


def answer(  # noqa: PLR0917 - likewise
    session: Session, keys: Keyring, purpose: Purpose, bound_to: str, code: str, now: datetime
) -> Verdict:
    """Count an attempt, and say what it came to; RIGHT is said once.

    The attempt counts when the unit of work is committed: commit before saying no.
    """
    hashes = keys.hashes(_FLOW, bound_to)
    tried = session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.purpose == str(purpose),
            OneTimeCode.flow_hash.in_(hashes),
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now,
            OneTimeCode.attempts < MAX_ATTEMPTS,
        )
        .values(attempts=OneTimeCode.attempts + 1)
        .returning(OneTimeCode.id, OneTimeCode.code_hash, OneTimeCode.destination_hash)
    ).one_or_none()
    if tried is None:
        return _why_not(_row(session, keys, purpose, bound_to), now)
    said = _bound(purpose, bound_to, tried.destination_hash, code)
    if not any(hmac.compare_digest(tried.code_hash, one) for one in keys.hashes(_CODE, said)):
        return Verdict.WRONG
    session.execute(
        update(OneTimeCode).where(OneTimeCode.id == tried.id).values(used_at=now, code_hash=None)
    )
    return Verdict.RIGHT


def was_right(
    session: Session, keys: Keyring, purpose: Purpose, bound_to: str, now: datetime
) -> bool:
    """Whether the code of a flow was answered and would be good yet: so that of two codes the right
    one need not be asked for again because the other was wrong."""
    row = _row(session, keys, purpose, bound_to)
    return row is not None and row.used_at is not None and row.expires_at > now


def _why_not(row: OneTimeCode | None, now: datetime) -> Verdict:
    if row is None or row.used_at is not None:
        return Verdict.NONE
    return Verdict.EXPIRED if row.expires_at <= now else Verdict.USED_UP


def _row(
    session: Session, keys: Keyring, purpose: Purpose, bound_to: str, *, lock: bool = False
) -> OneTimeCode | None:
    query = (
        select(OneTimeCode)
        .where(
            OneTimeCode.purpose == str(purpose),
            OneTimeCode.flow_hash.in_(keys.hashes(_FLOW, bound_to)),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalar(query.with_for_update() if lock else query)


def _bound(purpose: Purpose, bound_to: str, destination_hash: bytes, code: str) -> str:
    return "\0".join((purpose, bound_to, destination_hash.hex(), code))
