"""Verbs on members. The caller owns the unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.kit.errors import Invalid
from tracker.members.models import Member
from tracker.members.queries import ids_by_phone
from tracker.members.rules import normal_phone


class ReferrerNotFound(Invalid):
    """The number given as the referrer's belongs to no member."""

    code = "referrer_not_found"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A member to be, as an import file tells it."""

    phone: str
    joined_at: datetime
    email: str | None = None
    referrer_phone: str | None = None


def join_many(session: Session, newcomers: Sequence[Newcomer]) -> int:
    """Take in those who are not members yet; returns how many were new.

    Members already there stay as they are: joining twice changes nothing, and a referrer is only
    ever named at joining. Raises PhoneNotUsable and ReferrerNotFound.
    """
    by_phone: dict[str, Newcomer] = {}
    for one in newcomers:
        by_phone.setdefault(normal_phone(one.phone), one)
    if not by_phone:
        return 0
    rows = [
        {"phone": phone, "email": one.email, "joined_at": one.joined_at}
        for phone, one in sorted(by_phone.items())
    ]
    fresh = session.execute(
        insert(Member).on_conflict_do_nothing().returning(Member.id, Member.phone), rows
    ).all()
    _name_referrers(session, {row.phone: row.id for row in fresh}, by_phone)
    return len(fresh)


def _name_referrers(session: Session, fresh: dict[str, int], by_phone: dict[str, Newcomer]) -> None:
    wanted = {
        member: normal_phone(by_phone[phone].referrer_phone or "")
        for phone, member in fresh.items()
        if by_phone[phone].referrer_phone
    }
    if not wanted:
        return
    known = ids_by_phone(session, set(wanted.values()))
    missing = sorted(set(wanted.values()) - set(known))
    if missing:
        raise ReferrerNotFound(f"no member has the number {missing[0]}")
    session.connection().execute(
        update(Member)
        .where(Member.id == bindparam("member"))
        .values(referrer_id=bindparam("referrer")),
        [{"member": member, "referrer": known[phone]} for member, phone in wanted.items()],
    )
