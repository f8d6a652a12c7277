"""Reads of who invited whom."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.members.models import Member


@dataclass(frozen=True, slots=True)
class Friend:
    """Somebody who joined by a member's link."""

    ordinal: int
    """The place among the inviter's friends, from 1: all that the inviter is told of who it is."""
    member_id: int
    joined_at: datetime


def friends_of(session: Session, inviter_id: int, *, after: int, limit: int) -> list[Friend]:
    """The friends of a member from behind an ordinal on, in the order in which they joined."""
    rows = session.execute(
        select(Member.id, Member.joined_at)
        .where(Member.referrer_id == inviter_id)
        .order_by(Member.id)
        .offset(after)
        .limit(limit)
    )
    return [Friend(place, row.id, row.joined_at) for place, row in enumerate(rows, after + 1)]
