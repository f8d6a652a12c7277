"""How much cashback one of the staff may credit alone. The caller owns the unit of work.

Whoever sees which orders are nobody's could let a friend have them, and whoever may move an order
from one member to another could move a large one. So what one of the staff has credited within a
day, and what a member was credited by single ones of them, is limited (``CREDIT_BY_HAND_LIMIT``);
beyond that it takes another's approval. What two agreed to, and what the console did, counts not.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

T = TypeVar("T")

_TOGETHER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Alone:
    """One of the staff, by whose word alone something is credited, and the moment of it."""

    login: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TooMuch:
    """Nothing was credited: it takes another person."""

    cashback: int
    """Kopecks that it would have been."""


def credit_alone(
    session: Session,
    alone: Alone,
    limit: int,
    act: Callable[[], T],
    purchases: Callable[[T], Collection[int]],
) -> T | TooMuch:
    """Do ``act``, which credits ``purchases`` by the word of one; undo it if they come to more
    than the ``limit`` (kopecks) with what was credited within a day. Raises as ``act`` does."""
    # Of one person's acts at once each sees what the others credited; a member's are parted by the
    # lock of the balance.
    session.execute(_ONE_AFTER_ANOTHER, {"name": f"credits by {alone.login}"})
    attempt = session.begin_nested()
    made = act()
    given = {"ids": list(purchases(made)), "who": alone.login, "since": alone.at - _TOGETHER}
    session.flush()
    if int(session.scalar(_TOGETHER_THEY_ARE, given) or 0) <= limit:
        attempt.commit()
        return made
    cashback = int(session.scalar(_OF_THESE, given) or 0)
    attempt.rollback()
    return TooMuch(cashback)


_ONE_AFTER_ANOTHER = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

_OF_THESE = text("""
    SELECT sum(pending_cashback + confirmed_cashback) FROM purchases
    WHERE id = ANY(CAST(:ids AS bigint[]))
""")

_TOGETHER_THEY_ARE = text("""
    SELECT sum(pending_cashback + confirmed_cashback) FROM purchases
    WHERE attributed_by IS NOT NULL AND attributed_at > :since
      AND (attributed_by = :who
           OR member_id IN (SELECT member_id FROM purchases WHERE id = ANY(CAST(:ids AS bigint[]))))
""")
