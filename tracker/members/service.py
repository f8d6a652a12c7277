"""Verbs on members. The caller owns the unit of work."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.kit.database import bulk_insert
from tracker.kit.errors import Invalid, NotFound
from tracker.members.models import Member, Number
from tracker.members.queries import EMAIL, PHONE, ids_by_phone, seal_email, seal_phone
from tracker.members.rules import Ended, Language, Role, normal_email, normal_phone

_CODE_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_CODE_LENGTH = 12


class ReferrerNotFound(Invalid):
    """The number given as the referrer's belongs to no member."""

    code = "referrer_not_found"


class ReferrersInACircle(Invalid):
    """Members of one file name each other as referrers."""

    code = "referrers_in_a_circle"


class MemberNotFound(NotFound):
    """No such member."""

    code = "member_not_found"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A member to be. ``proved_at``: when the number was last shown to be theirs."""

    phone: str
    joined_at: datetime
    email: str | None = None
    referrer_phone: str | None = None
    language: Language = Language.RU
    email_proved_at: datetime | None = None
    referrer_id: int | None = None
    """Of those who join by a link; an import names a number instead."""


def join_many(
    session: Session, keys: Keyring, newcomers: Sequence[Newcomer], proved_at: datetime
) -> dict[str, int]:
    """Take in those who are not members yet; returns the ids of those who were new, by number.

    Members already there stay as they are: joining twice changes nothing, and a referrer is only
    ever named at joining. Raises PhoneNotUsable, EmailNotUsable, ReferrerNotFound and
    ReferrersInACircle.
    """
    by_phone: dict[str, Newcomer] = {}
    for one in newcomers:
        by_phone.setdefault(normal_phone(one.phone), one)
    if not by_phone:
        return {}
    _lock_numbers(session, by_phone)
    known = ids_by_phone(session, keys, by_phone)
    wanted = sorted(set(by_phone) - set(known))
    ids = list(session.scalars(_NEXT_IDS, {"count": len(wanted)}))
    theirs = dict(zip(wanted, ids, strict=True))
    rows = [_number(keys, member, phone, proved_at) for phone, member in theirs.items()]
    before = _were_members(session, keys, {phone: by_phone[phone] for phone in theirs})
    bulk_insert(session, Number, rows)
    bulk_insert(
        session,
        Member,
        [_member(keys, theirs[one], by_phone[one], returned=one in before) for one in wanted],
    )
    _name_referrers(session, keys, theirs, by_phone)
    return theirs


def end_number(session: Session, number_id: int, reason: Ended, now: datetime) -> None:
    """A number is its member's no more. Nothing is done when it was not any more."""
    session.execute(
        update(Number)
        .where(Number.id == number_id, Number.ended_at.is_(None))
        .values(ended_at=now, end_reason=str(reason))
    )


def add_number(
    session: Session,
    keys: Keyring,
    member_id: int,
    phone: str,
    *,
    role: Role,
    proved_at: datetime | None,
) -> Number:
    """Give a member a number, in normal form; who else has it is to be seen to before."""
    made = Number(**_number(keys, member_id, phone, proved_at), role=str(role))
    session.add(made)
    session.flush()
    return made


def set_email(
    session: Session, keys: Keyring, member_id: int, email: str, proved_at: datetime | None
) -> None:
    """Let an address, in normal form, be the member's.

    Raises MemberNotFound for one who has left: an address would come back that was erased.
    """
    set_ = session.scalars(
        update(Member)
        .where(Member.id == member_id, Member.closed_at.is_(None))
        .values(
            email_sealed=seal_email(keys, member_id, email),
            email_hash=keys.hash(EMAIL, email),
            email_proved_at=proved_at,
        )
        .returning(Member.id)
    )
    if set_.first() is None:
        raise MemberNotFound(f"no member {member_id}")


def find(session: Session, member_id: int, *, lock: bool = False) -> Member:
    """A member who has not left. Raises MemberNotFound.

    ``lock``: against others who lock the member, and not against who only refers to one: a sign-in
    that has the number in hand would wait for us, and we for the number.
    """
    query = select(Member).where(Member.id == member_id, Member.closed_at.is_(None))
    found = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise MemberNotFound(f"no member {member_id}")
    return found


def lock_number(session: Session, phone: str) -> None:
    """Let nobody else join by a number, or take it, until the unit of work ends."""
    _lock_numbers(session, [phone])


def _lock_numbers(session: Session, phones: Collection[str]) -> None:
    """While the key is changed one number has two hashes, so the constraint alone would not do."""
    if len(phones) > _LOCKED_ONE_BY_ONE:
        session.execute(_LOCK_ALL)
        return
    session.execute(_LOCK_ALL_SHARED)
    digests = [hashlib.sha256(phone.encode()).digest()[:8] for phone in phones]
    ids = sorted(int.from_bytes(digest, signed=True) for digest in digests)
    session.execute(_LOCK, {"ids": ids})


def _number(
    keys: Keyring, member_id: int, phone: str, proved_at: datetime | None
) -> dict[str, Any]:
    return {
        "member_id": member_id,
        "sealed": seal_phone(keys, member_id, phone),
        "hash": keys.hash(PHONE, phone),
        "proved_at": proved_at,
    }


def _member(keys: Keyring, member_id: int, one: Newcomer, *, returned: bool) -> dict[str, Any]:
    email = normal_email(one.email) if one.email else None
    return {
        "id": member_id,
        "email_sealed": seal_email(keys, member_id, email) if email else None,
        "email_hash": keys.hash(EMAIL, email) if email else None,
        "email_proved_at": one.email_proved_at,
        "joined_at": one.joined_at,
        "referral_code": new_code(),
        "language": str(one.language),
        "returned": returned,
        "referrer_id": None if returned else one.referrer_id,
    }


def new_code() -> str:
    """A referral code: 60 random bits, easily read out."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_LENGTH))


def _were_members(session: Session, keys: Keyring, wanted: dict[str, Newcomer]) -> set[str]:
    """Those whose number or address was a member's before.

    Not by a number that was taken over: whoever has it now is somebody else.
    """
    by_hash: dict[bytes, str] = {}
    by_email: dict[bytes, list[str]] = {}
    for phone, one in wanted.items():
        by_hash |= dict.fromkeys(keys.hashes(PHONE, phone), phone)
        for hashed in keys.hashes(EMAIL, normal_email(one.email)) if one.email else ():
            by_email.setdefault(hashed, []).append(phone)
    numbers = session.scalars(
        select(Number.hash).where(
            Number.hash.in_(list(by_hash)),
            Number.role == Role.OWN,
            or_(Number.end_reason.is_(None), Number.end_reason != Ended.TAKEN_OVER),
        )
    )
    emails = session.scalars(select(Member.email_hash).where(Member.email_hash.in_(list(by_email))))
    found = {by_hash[one] for one in numbers}
    return found.union(*(by_email[one] for one in emails if one))


def _name_referrers(
    session: Session, keys: Keyring, fresh: dict[str, int], by_phone: dict[str, Newcomer]
) -> None:
    wanted = {
        member: normal_phone(by_phone[phone].referrer_phone or "")
        for phone, member in fresh.items()
        if by_phone[phone].referrer_phone
    }
    if not wanted:
        return
    known = ids_by_phone(session, keys, set(wanted.values()))
    missing = sorted(set(wanted.values()) - set(known))
    if missing:
        raise ReferrerNotFound(f"no member has the number {missing[0]}")
    referrers = {member: known[phone] for member, phone in wanted.items()}
    _see_no_circle(referrers)
    members, inviters = list(referrers), list(referrers.values())
    session.execute(_NAME_REFERRERS, {"members": members, "referrers": inviters})


def _see_no_circle(referrers: dict[int, int]) -> None:
    """Who joined before has a referrer from before, so a circle can only be among the new ones."""
    sound: set[int] = set()
    for start in referrers:
        path: set[int] = set()
        member: int | None = start
        while member is not None and member not in sound:
            if member in path:
                raise ReferrersInACircle("some members of the file are referrers of one another")
            path.add(member)
            member = referrers.get(member)
        sound |= path


_LOCKED_ONE_BY_ONE = 1_000

_LOCK_ALL = text("SELECT pg_advisory_xact_lock(hashtextextended('numbers', 0))")
_LOCK_ALL_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('numbers', 0))")

_LOCK = text("SELECT pg_advisory_xact_lock(id) FROM unnest(CAST(:ids AS bigint[])) AS id")

_NEXT_IDS = text("""
    SELECT nextval('members_id_seq') FROM generate_series(1, CAST(:count AS integer))
""")

# Of those who were members before nobody is the referrer.
_NAME_REFERRERS = text("""
    UPDATE members SET referrer_id = given.referrer
    FROM unnest(CAST(:members AS bigint[]), CAST(:referrers AS bigint[]))
         AS given (member, referrer)
    WHERE members.id = given.member AND NOT members.returned
""")
