"""Verbs on relatives. The caller owns the unit of work."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.members.models import Number
from tracker.members.queries import phones_of
from tracker.members.rules import Ended, Role
from tracker.members.service import add_number, end_number, find
from tracker.relatives.models import Relative
from tracker.relatives.queries import Listed, listed, one_of, purpose_of_label
from tracker.relatives.rules import (
    MAX_RELATIVES,
    AlreadyConfirmed,
    OwnNumber,
    RelativeKnown,
    TooManyRelatives,
    see_that_shares_fit,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member wants to go to a relative: either kopecks a month, or basis points."""

    fixed: int | None
    share_bp: int | None
    label: str | None = None


def add(session: Session, keys: Keyring, member_id: int, phone: str, wish: Wish) -> Listed:
    """Put a number, in normal form, on a member's list; nothing goes to it until it is confirmed.

    Raises OwnNumber, RelativeKnown, TooManyRelatives and SharesExceedAll.
    """
    find(session, member_id, lock=True)
    known = listed(session, keys, member_id)
    if phones_of(session, keys, [member_id]).get(member_id) == phone:
        raise OwnNumber
    if any(one.phone == phone for one in known):
        raise RelativeKnown
    if len(known) >= MAX_RELATIVES:
        raise TooManyRelatives(f"there can be {MAX_RELATIVES}")
    see_that_shares_fit([one.share_bp or 0 for one in known] + [wish.share_bp or 0])
    number = add_number(session, keys, member_id, phone, role=Role.RELATIVE, proved_at=None)
    made = Relative(
        member_id=member_id,
        number_id=number.id,
        label_sealed=_sealed(keys, member_id, wish.label),
        place=max((one.place for one in known), default=0) + 1,
        fixed=wish.fixed,
        share_bp=wish.share_bp,
    )
    session.add(made)
    session.flush()
    return one_of(session, keys, member_id, made.id)


def change(
    session: Session,
    keys: Keyring,
    member_id: int,
    relative_id: int,
    *,
    wish: Wish,
    place: int | None,
) -> Listed:
    """Let something else go to a relative, or in another order, from the next list on.

    A label that is not given stays.

    Raises RelativeNotFound and SharesExceedAll.
    """
    find(session, member_id, lock=True)
    known = listed(session, keys, member_id)
    mine = one_of(session, keys, member_id, relative_id)
    others = [one for one in known if one.id != relative_id]
    see_that_shares_fit([one.share_bp or 0 for one in others] + [wish.share_bp or 0])
    if place is not None:
        others.insert(min(place, len(known)) - 1, mine)
        for number, one in enumerate(others, 1):
            _write(session, one.id, place=number)
    _write(
        session,
        relative_id,
        fixed=wish.fixed,
        share_bp=wish.share_bp,
        label_sealed=_sealed(keys, member_id, wish.label or mine.label),
    )
    return one_of(session, keys, member_id, relative_id)


def see_that_it_waits(session: Session, keys: Keyring, member_id: int, relative_id: int) -> Listed:
    """A relative whose number waits to be confirmed. Raises RelativeNotFound, AlreadyConfirmed."""
    found = one_of(session, keys, member_id, relative_id)
    if found.proved_at is not None:
        raise AlreadyConfirmed
    return found


def confirm(session: Session, number_id: int, now: datetime) -> None:
    """The owner of a number has told its code: from the next list on it is paid to."""
    session.execute(
        update(Number)
        .where(Number.id == number_id, Number.ended_at.is_(None), Number.proved_at.is_(None))
        .values(proved_at=now)
    )


def remove(
    session: Session, keys: Keyring, member_id: int, relative_id: int, now: datetime
) -> None:
    """Take a relative off the list; what was sealed for the number is withheld.

    Raises RelativeNotFound.
    """
    found = one_of(session, keys, member_id, relative_id)
    end_number(session, found.number_id, Ended.REMOVED, now)


def _write(session: Session, relative_id: int, **values: object) -> None:
    session.execute(update(Relative).where(Relative.id == relative_id).values(**values))


def _sealed(keys: Keyring, member_id: int, label: str | None) -> bytes | None:
    return keys.seal(purpose_of_label(member_id), label.encode()) if label else None
