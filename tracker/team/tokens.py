"""API tokens: made, listed, taken back. The caller owns the unit of work."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.kit.crypto import Keyring
from tracker.staff.models import Staff, StaffToken
from tracker.staff.rules import Role, check_scopes, is_within
from tracker.staff.second_person import see_that_one_may
from tracker.staff.service import Person, give_token
from tracker.team.rules import (
    MAX_TOKENS,
    PersonHasLeft,
    TokenNotFound,
    TokenTooWide,
    TooManyTokens,
)
from tracker.team.service import person_named


def make_token(
    session: Session,
    keys: Keyring,
    who: str,
    login: str,
    *,
    name: str,
    scopes: Sequence[str],
    days: int,
    by: Person | None = None,
) -> tuple[int, str]:
    """A token of a person's own; its id, and the token, which cannot be read again.

    ``by``: the person themself. Who came by a token could else make another one each time, and go
    on when it is over: what it makes ends no later.

    Raises PersonNotFound, PersonHasLeft, ScopeNotKnown and TooManyTokens; TokenNotAccepted where
    what the person came by is over meanwhile.
    """
    person = person_named(session, login, locked=True)
    if not person.active:
        raise PersonHasLeft
    if by is not None:
        see_that_one_may(session, by, Role.VIEWER)
    until = by.expires_at if by is not None and by.session_id is None else None
    live = select(func.count()).where(StaffToken.staff_id == person.id, _IS_LIVE)
    if (session.scalar(live) or 0) >= MAX_TOKENS:
        raise TooManyTokens
    made, token = give_token(
        session, keys, person.id, name=name, scopes=scopes, days=days, by=who, until=until
    )
    after = {"name": name, "scopes": check_scopes(scopes), "days": days, "of": login}
    record(session, who, "token.create", f"token:{made}", after=after)
    return made, token


def see_within(person: Person, scopes: Sequence[str]) -> None:
    """Raises TokenTooWide where somebody who came by a token asks for one that may do more."""
    if not is_within(check_scopes(scopes), person.scopes):
        raise TokenTooWide


def revoke_token(
    session: Session, who: str, token_id: int, *, of: str | None, reason: str | None = None
) -> None:
    """Take a token back, at once. ``of``: only a token of this person.

    Raises TokenNotFound, also where it is somebody else's or over already.
    """
    gone = session.execute(
        update(StaffToken)
        .where(
            StaffToken.id == token_id,
            StaffToken.revoked_at.is_(None),
            StaffToken.staff_id == Staff.id,
            *((Staff.login == of,) if of else ()),
        )
        .values(revoked_at=func.clock_timestamp())
        .returning(StaffToken.name, Staff.login)
    ).one_or_none()
    if gone is None:
        raise TokenNotFound
    session.execute(_END_WHAT_IT_BEGAN, {"id": token_id})
    before = {"name": gone.name, "of": gone.login}
    record(session, who, "token.revoke", f"token:{token_id}", reason=reason, before=before)


def tokens_of(session: Session, login: str, *, after: int = 0, limit: int) -> list[Row[Any]]:
    """A person's tokens as they were made, those that are over too; never what they are."""
    rows = session.execute(_TOKENS, {"login": login, "after": after, "limit": limit})
    return list(rows)


_IS_LIVE = StaffToken.revoked_at.is_(None) & (StaffToken.expires_at > func.clock_timestamp())

_END_WHAT_IT_BEGAN = text("""
    UPDATE staff_credentials SET ended_at = clock_timestamp()
    WHERE token_id = :id AND ended_at IS NULL AND confirmed_at IS NULL
""")

_TOKENS = text("""
    SELECT tokens.id, login, name, scopes, tokens.created_by, tokens.created_at, expires_at,
           last_used_at, revoked_at,
           revoked_at IS NULL AND expires_at > clock_timestamp() AND active AS live
    FROM staff_tokens AS tokens JOIN staff ON staff.id = staff_id
    WHERE login = :login AND tokens.id > :after ORDER BY tokens.id LIMIT :limit
""")
