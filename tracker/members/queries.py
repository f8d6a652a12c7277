"""Reads of members and their numbers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.members.models import Member, Number
from tracker.members.rules import Role, mask_phone

PHONE = "phone"
"""What the keyed hash of a number is made for."""

EMAIL = "email"
"""What the keyed hash of an address is made for."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a number belongs to at present."""

    member_id: int
    number_id: int
    proved_at: datetime | None
    """When the member last showed to hold it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How a member came to the club."""

    referrer_id: int | None
    """Who invited them."""
    returned: bool
    """Whether they had been a member before."""


def ids_by_phone(session: Session, keys: Keyring, phones: Collection[str]) -> dict[str, int]:
    """Ids of the present owners of normal-form numbers; numbers of nobody are left out."""
    hashes = {one: phone for phone in phones for one in keys.hashes(PHONE, phone)}
    rows = session.execute(
        select(Number.hash, Number.member_id).where(
            Number.hash.in_(list(hashes)), Number.role == Role.OWN, Number.ended_at.is_(None)
        )
    )
    return {hashes[row.hash]: row.member_id for row in rows}


def owner_of(session: Session, keys: Keyring, phone: str) -> Owner | None:
    """The member whose own number this is now."""
    row = session.execute(
        select(Number.member_id, Number.id, Number.proved_at).where(
            Number.hash.in_(keys.hashes(PHONE, phone)),
            Number.role == Role.OWN,
            Number.ended_at.is_(None),
        )
    ).first()
    return Owner(row.member_id, row.id, row.proved_at) if row else None


def phones_of(session: Session, keys: Keyring, members: Collection[int]) -> dict[int, str]:
    """The members' own numbers, read with the key; who has none at present is left out."""
    rows = session.execute(
        select(Number.member_id, Number.sealed).where(
            Number.member_id.in_(list(members)), Number.role == Role.OWN, Number.ended_at.is_(None)
        )
    )
    return {row.member_id: open_phone(keys, row.member_id, row.sealed) for row in rows}


def emails_of(session: Session, keys: Keyring, members: Collection[int]) -> dict[int, str]:
    """The members' addresses, read with the key; who has none is left out."""
    rows = session.execute(
        select(Member.id, Member.email_sealed).where(
            Member.id.in_(list(members)), Member.email_sealed.is_not(None)
        )
    )
    return {row.id: open_email(keys, row.id, row.email_sealed) for row in rows}


def masked_phones(session: Session, keys: Keyring, numbers: Collection[int]) -> dict[int, str]:
    """What staff see of some numbers, by the ids of their rows; of whose owner was erased, that."""
    rows = session.execute(
        select(Number.id, Number.member_id, Number.sealed).where(Number.id.in_(list(numbers)))
    )
    return {
        row.id: mask_phone(row.sealed and open_phone(keys, row.member_id, row.sealed))
        for row in rows
    }


def seal_phone(keys: Keyring, member_id: int, phone: str) -> bytes:
    """A number as it is kept, bound to the member: it cannot be moved to another's row."""
    return keys.seal(f"phone of member {member_id}", phone.encode())


def open_phone(keys: Keyring, member_id: int, sealed: bytes) -> str:
    """What `seal_phone` sealed. Raises CannotDecrypt."""
    return keys.open(f"phone of member {member_id}", sealed).decode()


def seal_email(keys: Keyring, member_id: int, email: str) -> bytes:
    """An address as it is kept, bound to the member."""
    return keys.seal(f"email of member {member_id}", email.encode())


def open_email(keys: Keyring, member_id: int, sealed: bytes) -> str:
    """What `seal_email` sealed. Raises CannotDecrypt."""
    return keys.open(f"email of member {member_id}", sealed).decode()


def origins_of(session: Session, members: Collection[int]) -> dict[int, Origin]:
    """How some members came to the club: those whom nobody invited, and who were not members
    before, are left out. It never changes."""
    rows = session.execute(_ORIGINS, {"members": list(members)}) if members else ()
    return {row.id: Origin(row.referrer_id, row.returned) for row in rows}


def count(session: Session) -> int:
    """How many members there are."""
    return session.scalar(select(func.count()).select_from(Member)) or 0


_ORIGINS = text("""
    SELECT id, referrer_id, returned FROM members
    WHERE id = ANY (CAST(:members AS bigint[])) AND (referrer_id IS NOT NULL OR returned)
""")
