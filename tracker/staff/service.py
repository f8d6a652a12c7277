"""Verbs on staff. The caller owns the unit of work.

Tokens and sessions go by the database's clock: no process can be mistaken about when one is over.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.kit.database import constraint_name
from tracker.kit.errors import Conflict
from tracker.staff.models import Staff, StaffToken
from tracker.staff.rules import (
    ALL_SCOPES,
    IDLE,
    TOKEN_DAYS,
    Role,
    RoleTooLow,
    Scope,
    ScopeTooNarrow,
    TokenNotAccepted,
    allows,
    check_login,
    check_scopes,
)

TOKEN, SESSION = "staff token", "staff session"
"""What the hashes are for."""

SESSION_MARK = "sts_"
"""What the token of a session begins with; an API token begins with ``stf_``."""


class LoginTaken(Conflict):
    """A staff member with this login exists."""

    code = "login_taken"


@dataclass(frozen=True, slots=True)
class Person:
    """A staff member whose token was accepted."""

    login: str
    role: Role
    scopes: tuple[str, ...] = ALL_SCOPES
    """What the token may do; all that the role may, for a session."""
    expires_at: datetime | None = None
    """When the token or the session is over."""
    session_id: int | None = None
    """None: by an API token."""
    token_id: int | None = None
    """None: by a session, or at the console."""


def hire(
    session: Session,
    keys: Keyring,
    login: str,
    role: Role,
    *,
    days: int = TOKEN_DAYS,
    by: str = "console",
) -> str:
    """Add a staff member; returns an API token, which cannot be read again.

    Raises LoginNotUsable and LoginTaken.
    """
    made = add_person(session, login, role)
    _, token = give_token(session, keys, made.id, name="first", scopes=ALL_SCOPES, days=days, by=by)
    return token


def add_person(session: Session, login: str, role: Role) -> Staff:
    """Add a staff member who has nothing yet to come in by. Raises LoginNotUsable, LoginTaken."""
    check_login(login)
    made = Staff(login=login, role=role)
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_name(error) in ("uq_staff_login", "uq_staff_lower_login"):
            raise LoginTaken(f"{login} is taken") from error
        raise
    return made


def give_token(
    session: Session,
    keys: Keyring,
    staff_id: int,
    *,
    name: str,
    scopes: Iterable[str],
    days: int,
    by: str,
    until: datetime | None = None,
) -> tuple[int, str]:
    """Make an API token; its id, and the token, which cannot be read again. It is over after so
    many days, and no later than ``until``. Raises ScopeNotKnown."""
    token = "stf_" + secrets.token_urlsafe(32)
    values = {
        "staff_id": staff_id,
        "name": name,
        "token_hash": keys.hash(TOKEN, token),
        "scopes": check_scopes(scopes),
        "created_by": by,
        "expires_at": func.least(func.now() + func.make_interval(0, 0, 0, days), until),
    }
    made = session.scalar(insert(StaffToken).values(values).returning(StaffToken.id))
    return int(made or 0), token


def recognise(
    session: Session,
    keys: Keyring,
    token: str,
    needed: Role,
    *,
    scope: Scope = Scope.WRITE,
    area: str | None = None,
) -> Person:
    """The staff member who holds a token, of an API or of a session.

    ``scope`` and ``area``: what the token is used for. Raises TokenNotAccepted, also for one that
    is over, RoleTooLow and ScopeTooNarrow.
    """
    by_session = token.startswith(SESSION_MARK)
    row = (_session_of if by_session else _token_of)(session, keys, token)
    if row is None:
        raise TokenNotAccepted
    person = Person(
        row.login,
        Role(row.role),
        tuple(row.scopes),
        row.expires_at,
        session_id=row.id if by_session else None,
        token_id=None if by_session else row.id,
    )
    if not person.role.includes(needed):
        raise RoleTooLow(f"{person.login} is {person.role}, {needed} is needed")
    if not allows(person.scopes, scope, area):
        also = f" or {area}:{scope}" if area else ""
        raise ScopeTooNarrow(
            f"the token is for {', '.join(person.scopes)}; {scope}{also} is needed"
        )
    return person


def _token_of(session: Session, keys: Keyring, token: str) -> Row[Any] | None:
    hashes = keys.hashes(TOKEN, token)
    row = session.execute(_TOKEN, {"hashes": hashes}).one_or_none()
    if row is not None and (row.is_stale or row.token_hash != hashes[0]):
        # When the key was changed, too: the token outlives the former one.
        session.execute(_TOKEN_USED, {"id": row.id, "hash": hashes[0]})
    return row


def _session_of(session: Session, keys: Keyring, token: str) -> Row[Any] | None:
    hashes = keys.hashes(SESSION, token)
    values = {"hashes": hashes, "idle": IDLE, "scopes": list(ALL_SCOPES)}
    row = session.execute(_SESSION, values).one_or_none()
    if row is not None and (row.is_stale or row.token_hash != hashes[0]):
        session.execute(_SESSION_SEEN, {"id": row.id, "hash": hashes[0]})
    return row


_TOKEN = text("""
    SELECT tokens.id, login, role, scopes, token_hash, expires_at,
           coalesce(last_used_at < clock_timestamp() - interval '1 minute', true) AS is_stale
    FROM staff_tokens AS tokens JOIN staff ON staff.id = staff_id
    WHERE token_hash = ANY(CAST(:hashes AS bytea[])) AND active AND revoked_at IS NULL
      AND expires_at > clock_timestamp()
""")

_TOKEN_USED = text("""
    UPDATE staff_tokens SET last_used_at = clock_timestamp(), token_hash = :hash WHERE id = :id
""")

_SESSION = text("""
    SELECT sessions.id, login, role, CAST(:scopes AS text[]) AS scopes, token_hash,
           expires_at, seen_at < clock_timestamp() - interval '1 minute' AS is_stale
    FROM staff_sessions AS sessions JOIN staff ON staff.id = staff_id
    WHERE token_hash = ANY(CAST(:hashes AS bytea[])) AND active AND ended_at IS NULL
      AND expires_at > clock_timestamp()
      AND seen_at > clock_timestamp() - CAST(:idle AS interval)
""")

_SESSION_SEEN = text("""
    UPDATE staff_sessions SET seen_at = clock_timestamp(), token_hash = :hash WHERE id = :id
""")
