"""Verbs on how a member signs in: another password, number, address. The caller owns the unit of
work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.changes.rules import NumberInUse, NumberNotNew
from tracker.access.passwords import keep_password
from tracker.access.rules import SignedIn
from tracker.access.sessions import revoke_all
from tracker.access.signin.service import proved_address
from tracker.access.takeover import free_number
from tracker.access.tickets import TicketNotAccepted
from tracker.kit.crypto import Keyring
from tracker.members.models import Number
from tracker.members.queries import open_phone
from tracker.members.rules import Ended, Role
from tracker.members.service import add_number, end_number, find, set_email
from tracker.notifications.contracts import Kind, Notice
from tracker.notifications.service import notify, notify_at


@dataclass(frozen=True, slots=True)
class Hand:
    """Who changes something, and when."""

    session: Session
    keys: Keyring
    me: SignedIn
    now: datetime
    """The real moment, at which sessions end."""
    today: datetime
    """The business moment, at which something was proved."""


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


def change_password(hand: Hand, hashed: str) -> None:
    """Let a member have another password: all other devices are signed out."""
    session, me = hand.session, hand.me
    # Locked, or an erasure that has begun would leave the password behind.
    find(session, me.member_id, lock=True)
    # Kept first: who signs in by the old one meanwhile waits for it, or is signed out below.
    keep_password(session, me.member_id, hashed, hand.today)
    revoke_all(session, me.member_id, hand.now, but=me.session_id)
    _tell(hand, Kind.PASSWORD_CHANGED)


def change_number(hand: Hand, phone: str, *, instead_of: int | None, trust: timedelta) -> None:
    """Let a member have another number, which they proved: all other devices are signed out.

    ``instead_of``: the number that they had when they asked. What is to be paid to it and was not
    sent yet is withheld. Both numbers and the address are told.

    Raises TicketNotAccepted when they have another one by now, NumberNotNew and NumberInUse.
    """
    session, keys, me = hand.session, hand.keys, hand.me
    before = own_number(session, me.member_id)
    former = phone_of(keys, before) if before is not None else None
    if former == phone:
        raise NumberNotNew
    if not free_number(session, keys, phone, hand.now, hand.today, trust=trust).free:
        raise NumberInUse
    find(session, me.member_id, lock=True)
    present = own_number(session, me.member_id)
    if (present.id if present else None) != instead_of:
        raise TicketNotAccepted
    if present is not None:
        end_number(session, present.id, Ended.CHANGED, hand.today)
    add_number(session, keys, me.member_id, phone, role=Role.OWN, proved_at=hand.today)
    revoke_all(session, me.member_id, hand.now, but=me.session_id)
    _tell(hand, Kind.NUMBER_CHANGED)
    _tell_former(hand, Kind.NUMBER_CHANGED, phone=former, email=_address(hand))


def change_email(hand: Hand, email: str) -> None:
    """Let a member have another address, which they proved. The number and the old one are told."""
    find(hand.session, hand.me.member_id, lock=True)
    former = _address(hand)
    set_email(hand.session, hand.keys, hand.me.member_id, email, hand.today)
    _tell(hand, Kind.EMAIL_CHANGED)
    _tell_former(hand, Kind.EMAIL_CHANGED, email=former if former != email else None)


def _address(hand: Hand) -> str | None:
    """The address that the member proved."""
    found = proved_address(hand.session, hand.keys, hand.me.member_id)
    return found[0] if found else None


def _tell(hand: Hand, kind: Kind) -> None:
    """Tell the member where they are reached from now on."""
    notify(hand.session, [Notice(hand.me.member_id, kind, _key(hand, kind))], hand.today)


def _tell_former(
    hand: Hand, kind: Kind, *, phone: str | None = None, email: str | None = None
) -> None:
    """Tell the member where they were reached until now: the rest may be a thief's."""
    for name, to in (("phone", phone), ("email", email)):
        if to is not None:
            notice = Notice(hand.me.member_id, kind, f"{_key(hand, kind)}:{name}")
            notify_at(hand.session, hand.keys, notice, hand.today, **{name: to})


def _key(hand: Hand, kind: Kind) -> str:
    return f"{kind}:{hand.me.member_id}:{hand.me.session_id}:{hand.now.timestamp()}"
