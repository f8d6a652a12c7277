"""Verbs on how a member signs in: another password, number, address. The caller owns the unit of
work.

``now`` is the real moment, at which sessions end; ``today`` is the business moment, at which
something was proved.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.changes.rules import NumberInUse, NumberNotNew
from tracker.access.passwords import keep_password
from tracker.access.rules import SignedIn
from tracker.access.sessions import revoke_all
from tracker.access.takeover import free_number
from tracker.access.tickets import TicketNotAccepted
from tracker.kit.crypto import Keyring
from tracker.members.models import Number
from tracker.members.queries import open_phone
from tracker.members.rules import Ended, Role
from tracker.members.service import add_number, end_number, find, set_email
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify


def own_number(session: Session, member_id: int) -> Number | None:
    """The member's own number at present."""
    return session.scalar(
        select(Number).where(
            Number.member_id == member_id, Number.role == Role.OWN, Number.ended_at.is_(None)
        )
    )


def phone_of(keys: Keyring, number: Number) -> str:
    """A number that its member has, in normal form."""
    return open_phone(keys, number.member_id, number.sealed or b"")


def change_password(
    session: Session, me: SignedIn, hashed: str, now: datetime, today: datetime
) -> None:
    """Let a member have another password: all other devices are signed out."""
    find(session, me.member_id)
    # Kept first: who signs in by the old one meanwhile waits for it, or is signed out below.
    keep_password(session, me.member_id, hashed, today)
    revoke_all(session, me.member_id, now, but=me.session_id)
    _tell(session, me, Kind.PASSWORD_CHANGED, now, today)


def change_number(  # noqa: PLR0917 - two clocks
    session: Session,
    keys: Keyring,
    me: SignedIn,
    phone: str,
    now: datetime,
    today: datetime,
    *,
    instead_of: int | None,
    trust: timedelta,
) -> None:
    """Let a member have another number, which they proved: all other devices are signed out.

    ``instead_of``: the number that they had when they asked. What is to be paid to it and was not
    sent yet is withheld.

    Raises TicketNotAccepted when they have another one by now, NumberNotNew and NumberInUse.
    """
    present = own_number(session, me.member_id)
    if present is not None and phone_of(keys, present) == phone:
        raise NumberNotNew
    if not free_number(session, keys, phone, now, today, trust=trust).free:
        raise NumberInUse
    find(session, me.member_id, lock=True)
    present = own_number(session, me.member_id)
    if (present.id if present else None) != instead_of:
        raise TicketNotAccepted
    if present is not None:
        end_number(session, present.id, Ended.CHANGED, today)
    add_number(session, keys, me.member_id, phone, role=Role.OWN, proved_at=today)
    revoke_all(session, me.member_id, now, but=me.session_id)
    _tell(session, me, Kind.NUMBER_CHANGED, now, today)


def change_email(  # noqa: PLR0917 - two clocks
    session: Session, keys: Keyring, me: SignedIn, email: str, now: datetime, today: datetime
) -> None:
    """Let a member have another address, which they proved."""
    find(session, me.member_id)
    set_email(session, keys, me.member_id, email, today)
    _tell(session, me, Kind.EMAIL_CHANGED, now, today)


def _tell(session: Session, me: SignedIn, kind: Kind, now: datetime, today: datetime) -> None:
    key = f"{kind}:{me.member_id}:{me.session_id}:{now.timestamp()}"
    notify(session, [Notice(me.member_id, kind, key)], today)
