"""Goals and what is put aside for them. The caller owns the unit of work.

Whatever makes money available, or takes it away, goes through `post_and_put_aside`: so what goals
ask for is reserved in the same moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.goals.models import Goal
from tracker.goals.notices import reached_notice
from tracker.goals.queries import open_goals, open_goals_of
from tracker.goals.rules import (
    ENDED,
    MOST_GOALS,
    GoalNotFound,
    GoalsOutOfDate,
    GoalState,
    Move,
    Pot,
    TooManyGoals,
    check_name,
    check_target,
    rearrange,
)
from tracker.ledger import service as ledger
from tracker.ledger.rules import Account, Kind, Leg, Posting, posting
from tracker.ledger.service import lock_members
from tracker.members.service import find
from tracker.notifications.service import notify


def post_and_put_aside(session: Session, postings: Sequence[Posting]) -> None:
    """Write postings as the ledger does, and put aside for goals what they make available.

    A debt that they leave is taken from what was put aside. Each counts no earlier than those that
    it comes after. Raises as the ledger does.
    """
    postings = ledger.in_order(session, postings)
    ledger.post(session, postings)
    moved: dict[int, datetime] = {}
    for one in postings:
        for leg in one.legs:
            if leg.account is Account.MEMBER_AVAILABLE:
                at = moved.get(leg.owner, one.effective_at)
                moved[leg.owner] = max(at, one.effective_at)
    tell_reached(session, put_aside(session, moved), moved)


def tell_reached(
    session: Session, reached: Sequence[Goal], moments: Mapping[int, datetime]
) -> None:
    """Tell members of goals that were reached by what they earned: of several of one member that of
    the largest. Who sees it on the screen, after an act of their own, is told nothing: a message
    costs money, and acts can be repeated."""
    largest = {one.member_id: one for one in sorted(reached, key=lambda one: one.target)}
    notices = [
        reached_notice(one.id, one.member_id, one.target, one.spendings) for one in largest.values()
    ]
    if notices:
        notify(session, notices, max(moments[one.member_id] for one in reached))


def put_aside(session: Session, members: Mapping[int, datetime]) -> list[Goal]:
    """Reserve what these members have available as their goals ask, each as of a moment; returns
    the goals that are reached by it.

    They are locked, as whoever has posted something of theirs has them: a goal that is made
    meanwhile is either seen here, or sees what was posted.
    """
    pots: dict[int, list[Goal]] = {}
    for goal in open_goals(session, members):
        pots.setdefault(goal.member_id, []).append(goal)
    if not pots:
        return []
    balances = lock_members(session, pots.keys())
    made: list[Posting] = []
    reached: list[Goal] = []
    for member, goals in pots.items():
        moves = rearrange(balances[member].available, [_pot(one) for one in goals])
        before = {one.id for one in goals if one.reached_at}
        taken = -sum(one.amount for one in moves if one.amount < 0)
        at = members[member]
        if taken:
            # What others tell of last week cannot take what was put aside today.
            at = ledger.held_since(session, member, Account.MEMBER_RESERVED, taken, at)
        made += _carry_out(session, goals, moves, at)
        reached += [one for one in goals if one.reached_at and one.id not in before]
    ledger.post(session, made)
    return reached


def create(session: Session, member_id: int, name: str, target: int, now: datetime) -> Goal:
    """Begin to save; what is available is put aside at once, after what came before.

    Raises GoalUnsound, TooManyGoals and MemberNotFound.
    """
    lock_members(session, [member_id])
    find(session, member_id)  # an erasure may have come first: no name is kept after it
    standing = open_goals_of(session, member_id)
    if len(standing) >= MOST_GOALS:
        raise TooManyGoals(f"there may be {MOST_GOALS} goals at a time")
    place = max((one.place for one in standing), default=0) + 1
    goal = Goal(
        member_id=member_id,
        name=check_name(name),
        target=check_target(target),
        place=place,
        created_at=now,
    )
    session.add(goal)
    session.flush()
    session.refresh(goal)
    put_aside(session, {member_id: now})
    return goal


def change(
    session: Session,
    goal_id: int,
    member_id: int,
    now: datetime,
    *,
    name: str | None = None,
    target: int | None = None,
    paused: bool | None = None,
) -> Goal:
    """Change what is given; what is more than a lower target is available again, or the next
    goal's. Raises GoalNotFound and GoalUnsound."""
    goal = _locked(session, goal_id, member_id)
    if name is not None:
        goal.name = check_name(name)
    if paused is not None:
        goal.state = GoalState.PAUSED if paused else GoalState.ACTIVE
    if target is not None:
        _retarget(session, goal, check_target(target), now)
    session.flush()
    put_aside(session, {member_id: now})
    return goal


def reorder(session: Session, member_id: int, ids: Sequence[int]) -> list[Goal]:
    """Let goals be filled in this order from now on; what each has, it keeps.

    Raises GoalsOutOfDate when it does not name exactly the member's goals.
    """
    lock_members(session, [member_id])
    goals = {one.id: one for one in open_goals_of(session, member_id)}
    if sorted(ids) != sorted(goals):
        raise GoalsOutOfDate("name each of your goals once")
    for place, goal_id in enumerate(ids, 1):
        goals[goal_id].place = place
    session.flush()
    return [goals[one] for one in ids]


def drop(session: Session, goal_id: int, member_id: int, now: datetime) -> Goal:
    """Give a goal up: its money is available again, or the next goals'. Raises GoalNotFound."""
    goal = _locked(session, goal_id, member_id)
    _end(session, goal, GoalState.DROPPED, now)
    put_aside(session, {member_id: now})
    return goal


def spend(session: Session, goal_id: int, member_id: int, amount: int, now: datetime) -> None:
    """Take kopecks out of a goal, for a certificate: the caller posts where they go.

    A goal that is empty then is over. Raises GoalNotFound, and ValueError when it has less.
    """
    goal = _locked(session, goal_id, member_id)
    if amount > goal.reserved:
        raise ValueError(f"goal {goal_id} has {goal.reserved}, not {amount}")
    goal.reserved -= amount
    goal.spendings += 1
    goal.reached_at = None
    if goal.reserved == 0:
        goal.state, goal.ended_at = GoalState.SPENT, now
    session.flush()


def take_back(session: Session, goal_id: int, amount: int, now: datetime) -> bool:
    """Put kopecks back into a goal that still stands, or was spent on what is undone; False for
    one that was dropped. The member is locked; the caller posts where they come from.

    One that was spent comes back paused: that it is to take more is for the member to say.
    """
    goal = session.get_one(Goal, goal_id, with_for_update=True, populate_existing=True)
    if goal.state == GoalState.DROPPED:
        return False
    if goal.state == GoalState.SPENT:
        places = select(func.coalesce(func.max(Goal.place), 0)).where(
            Goal.member_id == goal.member_id, Goal.ended_at.is_(None)
        )
        goal.place = (session.scalar(places) or 0) + 1
        goal.state, goal.ended_at = GoalState.PAUSED, None
    goal.reserved += amount
    goal.target = max(goal.target, goal.reserved)
    if goal.reserved == goal.target and goal.reached_at is None:
        goal.reached_at = now
    session.flush()
    return True


def _locked(session: Session, goal_id: int, member_id: int) -> Goal:
    lock_members(session, [member_id])
    find(session, member_id)
    goal = session.get(Goal, goal_id, populate_existing=True)
    if goal is None or goal.member_id != member_id or goal.state in ENDED:
        raise GoalNotFound
    return goal


def _retarget(session: Session, goal: Goal, target: int, now: datetime) -> None:
    excess = goal.reserved - target
    goal.target = target
    if excess > 0:
        ledger.post(session, _carry_out(session, [goal], [Move(goal.id, -excess)], now))
    if goal.reserved < target:
        goal.reached_at = None
    elif goal.reached_at is None:
        goal.reached_at = now


def _end(session: Session, goal: Goal, state: GoalState, now: datetime) -> None:
    if goal.reserved:
        ledger.post(session, _carry_out(session, [goal], [Move(goal.id, -goal.reserved)], now))
    goal.state, goal.ended_at = state, now
    session.flush()


def _pot(goal: Goal) -> Pot:
    return Pot(goal.id, goal.target, goal.reserved, fills=goal.state == GoalState.ACTIVE)


def _carry_out(
    session: Session, goals: Iterable[Goal], moves: Iterable[Move], at: datetime
) -> list[Posting]:
    """Moves written into their goals, and what they are in the ledger."""
    by_id = {goal.id: goal for goal in goals}
    made = []
    for move in moves:
        goal = by_id[move.pot]
        goal.reserved += move.amount
        goal.moves += 1
        made.append(goal_posting(goal.id, goal.moves, goal.member_id, move.amount, at))
        if goal.reserved == goal.target and goal.reached_at is None:
            goal.reached_at = at
        elif goal.reserved < goal.target:
            goal.reached_at = None
    session.flush()
    return [one for one in made if one is not None]


def goal_posting(
    goal_id: int, number: int, member_id: int, amount: int, at: datetime
) -> Posting | None:
    """Kopecks into a goal; below zero: out of it."""
    kind = Kind.GOAL_RESERVED if amount > 0 else Kind.GOAL_RELEASED
    legs = (
        Leg(Account.MEMBER_AVAILABLE, member_id, amount),
        Leg(Account.MEMBER_RESERVED, member_id, -amount),
    )
    return posting(f"goal:{goal_id}:{number}", kind, at, legs)
