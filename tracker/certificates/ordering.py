"""Ordering certificates: a member's money goes into them in the same moment. The caller owns the
unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.certificates.denominations import parts_of
from tracker.certificates.models import Certificate
from tracker.certificates.queries import of_order, past_of
from tracker.certificates.rules import (
    Limits,
    NotEnoughSaved,
    OrderKeyUsed,
    first_state,
    ordered_posting,
    see_the_pace,
    shares_of_goal,
)
from tracker.goals.queries import goal_of
from tracker.goals.rules import GoalNotFound
from tracker.goals.service import put_aside, spend
from tracker.kit.money import format_rubles
from tracker.ledger.service import lock_members, post
from tracker.members.service import find


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a member orders."""

    amount: int
    """Kopecks."""
    order_key: str
    """The same key again is the same order."""
    goal_id: int | None = None
    """Whose money goes first; None: what is available alone."""
    split: bool = False
    """Whether it may come as several certificates."""


def order(
    session: Session, member_id: int, wish: Wish, limits: Limits, now: datetime
) -> Sequence[Certificate]:
    """Order certificates, or see those that were ordered under this key.

    Raises MemberNotFound, OrderKeyUsed, NotADenomination, CannotBeSplit, TooManyCertificates,
    GoalNotFound and NotEnoughSaved.
    """
    available = lock_members(session, [member_id])[member_id].available
    language = find(session, member_id).language
    before = of_order(session, member_id, wish.order_key)
    if before:
        return _the_same(before, wish)
    parts = parts_of(wish.amount, split=wish.split)
    past = past_of(session, member_id, now)
    see_the_pace(parts, past, limits, now)
    from_goal = _taken_from_goal(session, member_id, wish, available, now)
    made = [
        Certificate(
            member_id=member_id,
            goal_id=wish.goal_id,
            order_key=wish.order_key,
            part=part,
            amount=amount,
            from_goal=share,
            state=first_state(parts, past, limits),
            language=language,
            ordered_at=now,
        )
        for part, (amount, share) in enumerate(
            zip(parts, shares_of_goal(parts, from_goal), strict=True), 1
        )
    ]
    session.add_all(made)
    session.flush()
    _pay(session, made, now)
    return made


def _the_same(before: Sequence[Certificate], wish: Wish) -> Sequence[Certificate]:
    if (sum(one.amount for one in before), before[0].goal_id) != (wish.amount, wish.goal_id):
        raise OrderKeyUsed
    return before


def _taken_from_goal(
    session: Session, member_id: int, wish: Wish, available: int, now: datetime
) -> int:
    """What the goal gives: all that it has, or as much as is needed."""
    given = 0
    if wish.goal_id is not None:
        goal = goal_of(session, wish.goal_id, member_id)
        if goal.ended_at is not None:
            raise GoalNotFound
        given = min(goal.reserved, wish.amount)
    if wish.amount - given > max(available, 0):
        if wish.goal_id is None:
            raise NotEnoughSaved(f"{format_rubles(max(available, 0))} RUB is available")
        raise NotEnoughSaved
    if wish.goal_id is not None and given:
        spend(session, wish.goal_id, member_id, given, now)
    return given


def _pay(session: Session, made: Sequence[Certificate], now: datetime) -> None:
    """What a goal then lacks is put aside anew from what is available, as for any goal."""
    member_id = made[0].member_id
    post(
        session,
        [ordered_posting(one.id, member_id, one.amount, one.from_goal, now) for one in made],
    )
    put_aside(session, {member_id: now})
