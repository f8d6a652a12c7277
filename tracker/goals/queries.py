"""Reads of goals."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.goals.models import Goal
from tracker.goals.rules import GoalNotFound


def open_goals(session: Session, members: Collection[int]) -> Sequence[Goal]:
    """What these members save for, each member's in order."""
    if not members:
        return ()
    found = (
        select(Goal)
        .where(Goal.member_id.in_(sorted(members)), Goal.ended_at.is_(None))
        .order_by(Goal.member_id, Goal.place)
        .execution_options(populate_existing=True)
    )
    return session.scalars(found).all()


def open_goals_of(session: Session, member_id: int) -> Sequence[Goal]:
    """What one member saves for, in order."""
    return open_goals(session, [member_id])


def goal_of(session: Session, goal_id: int, member_id: int) -> Goal:
    """A member's goal, also one that is over. Raises GoalNotFound."""
    goal = session.get(Goal, goal_id)
    if goal is None or goal.member_id != member_id:
        raise GoalNotFound
    return goal
