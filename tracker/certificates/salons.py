"""Salons that take certificates, and their keys. The caller owns the unit of work.

A key is told once and kept as a keyed hash. Each change is audited.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tracker.audit.service import record
from tracker.certificates.models import Salon
from tracker.certificates.salon_rules import (
    SalonClosed,
    SalonNotAccepted,
    SalonNotFound,
    SalonTaken,
    check_name,
    check_slug,
)
from tracker.kit.crypto import Keyring
from tracker.kit.database import constraint_name

_PURPOSE = "salon key"


@dataclass(frozen=True, slots=True)
class Act:
    """Who of the staff changes a salon, and why."""

    who: str
    reason: str


def open_salon(session: Session, keys: Keyring, slug: str, name: str, act: Act) -> str:
    """A new salon; returns its key, which cannot be read again.

    Raises SalonInvalid, SalonTaken and ReasonMissing.
    """
    key = _fresh()
    session.add(
        Salon(
            slug=check_slug(slug),
            name=check_name(name),
            key_hash=keys.hash(_PURPOSE, key),
            key_mark=keys.mark,
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_name(error) == "uq_salons_slug":
            raise SalonTaken(f"there is a salon {slug} already") from error
        raise
    _write_down(session, act, "salon.add", slug, {"name": check_name(name)})
    return key


def change_key(session: Session, keys: Keyring, slug: str, act: Act) -> str:
    """Another key; the one before opens nothing from now on.

    Raises SalonNotFound, SalonClosed and ReasonMissing.
    """
    salon, key = _open(session, slug), _fresh()
    salon.key_hash, salon.key_mark = keys.hash(_PURPOSE, key), keys.mark
    session.flush()
    _write_down(session, act, "salon.key", slug)
    return key


def close(session: Session, slug: str, act: Act, now: datetime) -> Salon:
    """Let a salon's key open nothing any more; what it has taken stays as it is.

    Raises SalonNotFound, SalonClosed and ReasonMissing.
    """
    salon = _open(session, slug)
    salon.closed_at = now
    session.flush()
    _write_down(session, act, "salon.close", slug, {"closed_at": now.isoformat()})
    return salon


def recognise(session: Session, keys: Keyring, key: str) -> Salon:
    """The salon whose key this is, while it is open. Raises SalonNotAccepted."""
    hashes = keys.hashes(_PURPOSE, key)
    found = session.scalar(
        select(Salon).where(Salon.key_hash.in_(hashes), Salon.closed_at.is_(None))
    )
    if found is None:
        raise SalonNotAccepted
    if found.key_hash != hashes[0] and not _known_anew(session, keys, found, hashes):
        raise SalonNotAccepted  # it was given another key, or was closed, a moment ago
    return found


def _known_anew(session: Session, keys: Keyring, found: Salon, hashes: Sequence[bytes]) -> bool:
    """Our key was changed: the salon's outlives the former one, unless it was changed meanwhile.

    Another till, or a process that still has our keys the other way round, may be faster: that is
    the same key of the salon by another hash.
    """
    done = session.execute(
        update(Salon)
        .where(Salon.id == found.id, Salon.key_hash.in_(hashes), Salon.closed_at.is_(None))
        .values(key_hash=hashes[0], key_mark=keys.mark)
        .returning(Salon.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def all_salons(session: Session) -> Sequence[Salon]:
    """All salons, closed ones too, by what they are called."""
    return session.scalars(select(Salon).order_by(Salon.slug)).all()


def _open(session: Session, slug: str) -> Salon:
    query = select(Salon).where(Salon.slug == slug).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise SalonNotFound(f"there is no salon {slug}")
    if found.closed_at is not None:
        raise SalonClosed(f"{slug} was closed on {found.closed_at:%Y-%m-%d}")
    return found


def _fresh() -> str:
    return "sal_" + secrets.token_urlsafe(32)


def _write_down(
    session: Session, act: Act, action: str, slug: str, after: Mapping[str, Any] | None = None
) -> None:
    record(session, act.who, action, f"salon:{slug}", reason=act.reason, after=after)
