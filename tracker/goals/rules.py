"""What is put aside for which goal. Pure; sums are kopecks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tracker.kit.errors import Conflict, Invalid, NotFound
from tracker.kit.money import MAX_KOPECKS, format_rubles

MOST_GOALS = 20
"""That a member may have at a time."""
_LONGEST_NAME = 60


class GoalState(StrEnum):
    """A goal's way."""

    ACTIVE = "active"
    """What becomes available is put aside for it, in its turn."""
    PAUSED = "paused"
    """It keeps what it has, and gets nothing more."""
    SPENT = "spent"
    """Its money went into certificates."""
    DROPPED = "dropped"
    """Given up; its money is available again."""


ENDED = frozenset({GoalState.SPENT, GoalState.DROPPED})


class GoalNotFound(NotFound):
    """The member has no such goal, or has it no more."""

    code = "goal_not_found"


class TooManyGoals(Conflict):
    """The member has as many goals as there may be."""

    code = "too_many_goals"


class GoalsOutOfDate(Conflict):
    """The order names other goals than the member has by now."""

    code = "goals_out_of_date"


class GoalUnsound(Invalid):
    """The name or the sum of a goal cannot be."""

    code = "goal_unsound"


@dataclass(frozen=True, slots=True)
class Pot:
    """A goal as far as its money goes. One to be given up has a target of nothing."""

    id: int
    target: int
    reserved: int
    fills: bool
    """Whether it is given more in its turn."""


@dataclass(frozen=True, slots=True)
class Move:
    """So much goes into a pot; below zero: out of it."""

    pot: int
    amount: int


def rearrange(available: int, pots: Sequence[Pot]) -> list[Move]:
    """What is to be moved, one move for each pot at most, given what is available besides.

    What is more than a target comes back. A debt takes back what was put aside, from the last goal
    to the first: what a member owes is not saved. What is available goes to the first goal in
    order that is not reached, and on.
    """
    moved = {pot.id: -max(0, pot.reserved - pot.target) for pot in pots}
    available -= sum(moved.values())
    for pot in reversed(pots):
        if available >= 0:
            break
        back = min(-available, pot.reserved + moved[pot.id])
        moved[pot.id] -= back
        available += back
    for pot in pots:
        if available <= 0:
            break
        if pot.fills:
            more = max(0, min(available, pot.target - pot.reserved - moved[pot.id]))
            moved[pot.id] += more
            available -= more
    return [Move(pot, amount) for pot, amount in moved.items() if amount]


def check_name(name: str) -> str:
    """The name as it is kept. Raises GoalUnsound."""
    kept = " ".join(name.split())
    if not kept or len(kept) > _LONGEST_NAME or not kept.isprintable():
        raise GoalUnsound(f"a goal has a name of 1 to {_LONGEST_NAME} characters that can be read")
    return kept


def check_target(target: int) -> int:
    """Kopecks to be saved. Raises GoalUnsound."""
    if not 1 <= target <= MAX_KOPECKS:
        raise GoalUnsound(f"{format_rubles(target)} cannot be saved for")
    return target
