"""Whether of two people each may, and whether they are two. The caller owns the unit of work.

To be asked behind the lock of what is decided about: since a request was let in, its token may have
been taken back, or the person have left. What is found holds until the unit of work ends.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.kit.errors import Conflict, Forbidden
from tracker.staff.models import Staff
from tracker.staff.rules import Role, RoleTooLow, TokenNotAccepted, same_person
from tracker.staff.service import Person


class ProposerHasLeft(Conflict):
    """Whoever asked for it is not of the team any more: reject it, and let another ask anew."""

    code = "proposer_has_left"


class ProposerMayNot(Conflict):
    """Whoever asked for it may not any more, or what it was asked by was taken back: reject it, and
    let it be asked anew."""

    code = "proposer_may_not"


class LetInByTheOther(Forbidden):
    """One of the two let the other in, or one let in both, alone: that one may hold what another
    comes in by. A third has to."""

    code = "let_in_by_the_other"


def see_that_two_may(session: Session, first: str, second: Person, needed: Role) -> None:
    """That ``second`` may still decide about what ``first``, a login, has asked for.

    Raises TokenNotAccepted, RoleTooLow, ProposerHasLeft and LetInByTheOther.
    """
    people = _kept(session, first, second.login)
    _see(session, people, second, needed)
    proposer = people.get(first)
    if proposer is not None and not proposer.active:
        raise ProposerHasLeft(f"{first} has left")
    shared = sorted(_way_in(session, first) & _way_in(session, second.login))
    if shared and not same_person(first, second.login):
        raise LetInByTheOther(f"{shared[0]} let {first} or {second.login} in")


def see_that_it_stands(
    session: Session, first: str, needed: Role, *, since: datetime, token_id: int | None
) -> None:
    """That ``first``, a login, might still ask for what they asked for at ``since``: that nothing
    was taken back in the meantime by which somebody else may have asked. Their row is locked.

    Raises ProposerMayNot.
    """
    person = session.execute(_PROPOSER, {"login": first, "token": token_id}).one_or_none()
    if person is None:
        return
    if not Role(person.role).includes(needed):
        raise ProposerMayNot(f"{first} is {person.role} now, {needed} is needed")
    if person.is_revoked or (person.shut_out_at is not None and person.shut_out_at >= since):
        raise ProposerMayNot(f"what {first} came in by then was taken back since")


def has_left(session: Session, login: str) -> bool:
    """Whether somebody of the team is not of it any more."""
    return session.scalar(select(Staff.active).where(Staff.login == login)) is False


def see_that_one_may(session: Session, who: Person, needed: Role) -> None:
    """That what let somebody in still does. The console's own account is none of the team.

    Raises TokenNotAccepted and RoleTooLow.
    """
    _see(session, _kept(session, who.login), who, needed)


def _see(session: Session, people: Mapping[str, Any], who: Person, needed: Role) -> None:
    found = people.get(who.login)
    if found is None:
        return
    if not found.active or not _is_let_in(session, who):
        raise TokenNotAccepted
    if not Role(found.role).includes(needed):
        raise RoleTooLow(f"{who.login} is {found.role}, {needed} is needed")


def _is_let_in(session: Session, who: Person) -> bool:
    by = {"token": who.token_id, "session": who.session_id}
    return all(
        session.scalar(_LIVE[kind], {"id": one}) for kind, one in by.items() if one is not None
    )


def _way_in(session: Session, login: str) -> set[str]:
    """Somebody, and whoever alone let them in, and whoever alone let that one in, and so on."""
    return set(session.scalars(_WAY_IN, {"login": login}))


def _kept(session: Session, *logins: str) -> dict[str, Any]:
    """People as they are until the unit of work ends, locked in one order by everybody."""
    query = select(Staff.login, Staff.role, Staff.active)
    kept = query.where(Staff.login.in_(logins)).order_by(Staff.id).with_for_update(read=True)
    return {one.login: one for one in session.execute(kept)}


_LIVE = {
    "token": text("""
        SELECT true FROM staff_tokens
        WHERE id = :id AND revoked_at IS NULL AND expires_at > clock_timestamp() FOR SHARE
    """),
    "session": text("""
        SELECT true FROM staff_sessions
        WHERE id = :id AND ended_at IS NULL AND expires_at > clock_timestamp() FOR SHARE
    """),
}

_WAY_IN = text("""
    WITH RECURSIVE way AS (
        SELECT login, let_in_by FROM staff WHERE lower(login) = lower(:login)
        UNION
        SELECT staff.login, staff.let_in_by
        FROM way JOIN staff ON lower(staff.login) = lower(way.let_in_by)
    )
    SELECT login FROM way
""")

_PROPOSER = text("""
    SELECT role, shut_out_at,
           EXISTS (SELECT FROM staff_tokens WHERE id = :token AND revoked_at IS NOT NULL)
               AS is_revoked
    FROM staff WHERE login = :login
""")
