"""Passwords: kept as Argon2id makes them, compared in the same time for nobody and for somebody.

Making and comparing one takes tens of milliseconds and 19 MiB on purpose: do it with no
transaction open.
"""

import secrets
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.access.models import MemberPassword
from tracker.access.password_rules import LONGEST, normal_password

# The parameters that OWASP's cheat sheet names first.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

_NOBODYS = _HASHER.hash(secrets.token_urlsafe())
"""What is compared for a number without a member or a password: as long, and never right."""


def hash_password(password: str) -> str:
    """What is kept of a password that passed `password_rules.check`."""
    return _HASHER.hash(normal_password(password))


def verify(known: str | None, password: str) -> bool:
    """Whether it is the password of which ``known`` is kept; None: there is none, never right."""
    given = normal_password(password[:LONGEST])
    try:
        _HASHER.verify(known or _NOBODYS, given)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None and len(password) <= LONGEST


def needs_rehash(known: str) -> bool:
    """Whether it was kept with weaker parameters: keep it anew when it is next shown."""
    return _HASHER.check_needs_rehash(known)


def hash_of(session: Session, member_id: int | None) -> str | None:
    """What is kept of a member's password; None: there is no password, or nobody was named."""
    return session.scalar(
        # For nobody too: the same statement, which takes the same time.
        select(MemberPassword.hash).where(MemberPassword.member_id == (member_id or 0))
    )


def has_password(session: Session, member_id: int) -> bool:
    """Whether the member has one."""
    return hash_of(session, member_id) is not None


def is_still(session: Session, member_id: int, known: str | None) -> bool:
    """Whether what was verified with no transaction open is the member's password yet."""
    return known is not None and hash_of(session, member_id) == known


def keep_password(session: Session, member_id: int, hashed: str, now: datetime) -> None:
    """Let this, by `hash_password`, be what is kept of a member's password."""
    values = {"hash": hashed, "changed_at": now}
    session.execute(
        insert(MemberPassword)
        .values(member_id=member_id, **values)
        .on_conflict_do_update(index_elements=["member_id"], set_=values)
    )
