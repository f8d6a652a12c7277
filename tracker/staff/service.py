"""Verbs on staff. The caller owns the unit of work."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.kit.database import constraint_name
from tracker.kit.errors import Conflict
from tracker.staff.models import Staff
from tracker.staff.rules import Role, RoleTooLow, TokenNotAccepted, check_login

_PURPOSE = "staff token"


class LoginTaken(Conflict):
    """A staff member with this login exists."""

    code = "login_taken"


@dataclass(frozen=True, slots=True)
class Person:
    """A staff member whose token was accepted."""

    login: str
    role: Role


def hire(session: Session, keys: Keyring, login: str, role: Role) -> str:
    """Add a staff member; returns the API token, which cannot be read again.

    Raises LoginNotUsable and LoginTaken.
    """
    check_login(login)
    token = "stf_" + secrets.token_urlsafe(32)
    session.add(Staff(login=login, role=role, token_hash=keys.hash(_PURPOSE, token)))
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_name(error) == "uq_staff_login":
            raise LoginTaken(f"{login} is taken") from error
        raise
    return token


def recognise(session: Session, keys: Keyring, token: str, needed: Role) -> Person:
    """The staff member who holds a token. Raises TokenNotAccepted and RoleTooLow."""
    hashes = keys.hashes(_PURPOSE, token)
    found = session.scalar(select(Staff).where(Staff.token_hash.in_(hashes), Staff.active))
    if found is None:
        raise TokenNotAccepted
    if found.token_hash != hashes[0]:
        found.token_hash = hashes[0]  # the key was changed: the token outlives the former one
    person = Person(found.login, Role(found.role))
    if not person.role.includes(needed):
        raise RoleTooLow(f"{person.login} is {person.role}, {needed} is needed")
    return person
