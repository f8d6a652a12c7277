"""Verbs on the team's people. The caller owns the unit of work; each act stands in the audit."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal_column, or_, select, text, update
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.staff.models import Staff
from tracker.staff.rules import Role
from tracker.staff.service import add_person
from tracker.team.rules import LastAdmin, NothingToChange, PersonHasLeft, PersonNotFound, is_less


def add(session: Session, who: str, login: str, role: Role, reason: str | None = None) -> Staff:
    """Take somebody into the team. Raises LoginNotUsable and LoginTaken."""
    made = add_person(session, login, role)
    note_added(session, who, login, role, reason)
    return made


def note_added(
    session: Session, who: str, login: str, role: Role, reason: str | None = None
) -> None:
    """Write down that somebody was taken in."""
    record(session, who, "staff.add", f"staff:{login}", reason=reason, after={"role": str(role)})


def change_role(
    session: Session, who: str, login: str, role: Role, reason: str | None, *, alone: bool = False
) -> bool:
    """Let somebody do more, or less, from the next request on. ``alone``: one person says so, and
    may only say less; False where it would be more, and nothing is done.

    Raises PersonNotFound, PersonHasLeft, NothingToChange and LastAdmin.
    """
    person = kept(session, login, still_admins=role is Role.ADMIN)
    if not person.active:
        raise PersonHasLeft
    if person.role == role:
        raise NothingToChange(f"{login} is {role} already")
    if alone and not is_less(role, Role(person.role)):
        return False
    session.execute(update(Staff).where(Staff.id == person.id).values(role=role))
    record(
        session,
        who,
        "staff.role",
        f"staff:{login}",
        reason=reason,
        before={"role": person.role},
        after={"role": str(role)},
    )
    return True


def leave(session: Session, who: str, login: str, reason: str | None) -> None:
    """Let somebody in no more: whatever they came in by is over.

    Raises PersonNotFound, NothingToChange and LastAdmin.
    """
    person = kept(session, login)
    if not person.active:
        raise NothingToChange(f"{login} has left already")
    session.execute(update(Staff).where(Staff.id == person.id).values(active=False))
    ended = shut_out(session, person.id)
    record(
        session,
        who,
        "staff.leave",
        f"staff:{login}",
        reason=reason,
        before={"active": True, "role": person.role} | ended,
        after={"active": False},
    )


def come_back(session: Session, who: str, login: str, reason: str | None) -> None:
    """Take somebody back who had left; there is nothing yet to come in by.

    Raises PersonNotFound and NothingToChange.
    """
    person = kept(session, login, still_admins=True)
    if person.active:
        raise NothingToChange(f"{login} has not left")
    session.execute(update(Staff).where(Staff.id == person.id).values(active=True))
    record(
        session,
        who,
        "staff.return",
        f"staff:{login}",
        reason=reason,
        before={"active": False},
        after={"active": True, "role": person.role},
    )


def reset(session: Session, who: str, login: str, reason: str | None) -> None:
    """End all that somebody comes in by: tokens, sessions, password and codes.

    Raises PersonNotFound and PersonHasLeft.
    """
    person = kept(session, login, still_admins=True)
    if not person.active:
        raise PersonHasLeft
    ended = shut_out(session, person.id)
    record(session, who, "staff.reset", f"staff:{login}", reason=reason, before=ended)


def shut_out(session: Session, staff_id: int) -> dict[str, int]:
    """End whatever a person comes in by; how many there were of each. What they have proposed until
    now, or somebody else in their name, is approved no more."""
    now = func.clock_timestamp()
    session.execute(update(Staff).where(Staff.id == staff_id).values(shut_out_at=now))
    return {
        name: len(session.execute(statement, {"id": staff_id}).all())
        for name, statement in _ENDINGS.items()
    }


def person_named(session: Session, login: str, *, locked: bool = False) -> Staff:
    """Somebody of the team; ``locked``: as they are until the unit of work ends.

    Raises PersonNotFound.
    """
    query = select(Staff).where(Staff.login == login)
    found = session.scalar(query.with_for_update() if locked else query)
    if found is None:
        raise PersonNotFound(f"nobody is called {login}")
    return found


def kept(session: Session, login: str, *, still_admins: bool = False) -> Row[Any]:
    """A person as they are until the unit of work ends, and so all admins: of two who take away
    each other's role at once, one is told. ``still_admins``: the act takes no admin away. An admin
    who has nothing to come in by is none that stays.

    Raises PersonNotFound and LastAdmin.
    """
    admins = (Staff.role == Role.ADMIN) & Staff.active
    rows: Sequence[Row[Any]] = session.execute(
        select(Staff.__table__, _COMES_IN)
        .where(or_(Staff.login == login, admins))
        .order_by(Staff.id)
        .with_for_update()
    ).all()
    person = next((one for one in rows if one.login == login), None)
    if person is None:
        raise PersonNotFound(f"nobody is called {login}")
    others = [one for one in rows if one.login != login and one.comes_in]
    if person.active and person.role == Role.ADMIN and not others and not still_admins:
        raise LastAdmin(f"{login} is the only admin")
    return person


_COMES_IN: ColumnElement[bool] = literal_column("""
    EXISTS (SELECT FROM staff_tokens AS tokens
            WHERE tokens.staff_id = staff.id AND revoked_at IS NULL
              AND tokens.expires_at > clock_timestamp())
    OR EXISTS (SELECT FROM staff_credentials AS credentials
               WHERE credentials.staff_id = staff.id AND ended_at IS NULL
                 AND confirmed_at IS NOT NULL)
""").label("comes_in")

_ENDINGS = {
    "tokens": text("""
        UPDATE staff_tokens SET revoked_at = clock_timestamp()
        WHERE staff_id = :id AND revoked_at IS NULL AND expires_at > clock_timestamp()
        RETURNING id
    """),
    "sessions": text("""
        UPDATE staff_sessions SET ended_at = clock_timestamp()
        WHERE staff_id = :id AND ended_at IS NULL AND expires_at > clock_timestamp() RETURNING id
    """),
    "credentials": text("""
        UPDATE staff_credentials SET ended_at = clock_timestamp()
        WHERE staff_id = :id AND ended_at IS NULL RETURNING id
    """),
}
