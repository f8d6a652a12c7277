"""Reads of relatives: a member's list, and who gets what of a month."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.members.models import Number
from tracker.members.queries import open_phone
from tracker.relatives.models import Relative
from tracker.relatives.rules import Direction, RelativeNotFound


@dataclass(frozen=True, slots=True)
class Listed:
    """A relative as the member sees one."""

    id: int
    number_id: int
    phone: str
    label: str | None
    place: int
    fixed: int | None
    share_bp: int | None
    proved_at: datetime | None


def purpose_of_label(member_id: int) -> str:
    """What a member's labels are sealed for."""
    return f"relatives of member {member_id}"


def listed(session: Session, keys: Keyring, member_id: int) -> list[Listed]:
    """A member's relatives, in their order."""
    return [_listed(keys, row) for row in session.execute(_live(member_id))]


def one_of(session: Session, keys: Keyring, member_id: int, relative_id: int) -> Listed:
    """One relative of a member. Raises RelativeNotFound."""
    row = session.execute(_live(member_id).where(Relative.id == relative_id)).one_or_none()
    if row is None:
        raise RelativeNotFound(f"no relative {relative_id}")
    return _listed(keys, row)


def confirmed_directions(session: Session, members: Collection[int]) -> dict[int, list[Direction]]:
    """What goes to the relatives of some members, in their order; only to confirmed numbers."""
    found: dict[int, list[Direction]] = {}
    rows = session.execute(
        select(Relative.member_id, Relative.number_id, Relative.fixed, Relative.share_bp)
        .join(Number, Number.id == Relative.number_id)
        .where(
            Relative.member_id.in_(list(members)),
            Number.ended_at.is_(None),
            Number.proved_at.is_not(None),
        )
        .order_by(Relative.member_id, Relative.place, Relative.id)
    )
    for row in rows:
        direction = Direction(row.number_id, row.fixed, row.share_bp)
        found.setdefault(row.member_id, []).append(direction)
    return found


def _live(member_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Relative.id,
            Relative.member_id,
            Relative.number_id,
            Number.sealed,
            Relative.label_sealed,
            Relative.place,
            Relative.fixed,
            Relative.share_bp,
            Number.proved_at,
        )
        .join(Number, Number.id == Relative.number_id)
        .where(Relative.member_id == member_id, Number.ended_at.is_(None))
        .order_by(Relative.place, Relative.id)
    )


def _listed(keys: Keyring, row: Row[Any]) -> Listed:
    label = row.label_sealed and keys.open(purpose_of_label(row.member_id), row.label_sealed)
    return Listed(
        row.id,
        row.number_id,
        open_phone(keys, row.member_id, row.sealed),
        label.decode() if label else None,
        row.place,
        row.fixed,
        row.share_bp,
        row.proved_at,
    )
