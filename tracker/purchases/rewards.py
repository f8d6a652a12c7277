"""The referral reward: the inviter's, with a friend's first purchase, and no other. Pure.

Pending while that purchase is, confirmed with it, rejected with it. The first purchase is the one
ordered earliest for which something was paid, whatever became of it: when it is rejected the reward
does not move to the next one, as the welcome bonus does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.purchases.bonus import Bonus, Carrier, carrier_of
from tracker.purchases.rules import Status


class RewardState(StrEnum):
    """Where a friend's reward stands."""

    NONE = "none"
    """The friend has no first purchase."""
    PENDING = "pending"
    REVIEW = "review"
    """The purchase is confirmed, and something is suspicious: the money is pending until staff
    decide."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    OVER_CEILING = "over_ceiling"
    """The inviter has as much as one may have; it waits for room."""


PLACED = frozenset({RewardState.PENDING, RewardState.REVIEW, RewardState.CONFIRMED})
"""Rewards that count towards the ceiling."""


class Decision(StrEnum):
    """The word of staff on a reward that was held."""

    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a reward stands, and which purchase decides on it."""

    state: RewardState
    purchase_id: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reward that asks for room: first come those whose purchase was ordered first."""

    carried_at: datetime
    friend_id: int
    amount: int

    @property
    def place(self) -> tuple[datetime, int]:
        """Its place in the queue."""
        return self.carried_at, self.friend_id


def wanted(
    before: Standing,
    first: Carrier | None,
    present: Carrier | None,
    *,
    decision: Decision | None = None,
    was_left: bool = False,
) -> Standing:
    """Where a reward belongs when there is room for it and nobody suspects anything.

    ``first`` is the friend's first purchase, live or rejected; ``present`` the live one that
    carries the reward now. What is confirmed stays with its purchase, as a welcome bonus does,
    until the first one that turned up late is rejected. ``was_left``: the inviter had left the
    club when the friend bought.
    """
    if decision is Decision.REFUSE:
        return Standing(RewardState.REJECTED, first.purchase_id if first else None)
    if first is None:
        return Standing(RewardState.NONE)
    if first.status is Status.REJECTED or was_left:
        return Standing(RewardState.REJECTED, first.purchase_id)
    confirmed = before.state is RewardState.CONFIRMED
    carrier = carrier_of(first, present, confirmed=confirmed) or first
    return Standing(with_purchase(carrier.status), carrier.purchase_id)


def with_purchase(status: Status) -> RewardState:
    """The state of a placed reward that goes with a live purchase."""
    return RewardState.CONFIRMED if status is Status.CONFIRMED else RewardState.PENDING


def admitted(waiting: Iterable[Waiting], room: int) -> Iterator[Waiting]:
    """Those for which there is room, one after another; who comes behind one that is too large
    waits as well."""
    for one in sorted(waiting, key=lambda one: one.place):
        room -= one.amount
        if room < 0:
            return
        yield one


def as_gift(state: RewardState, *, amount: int, friend_id: int) -> Bonus:
    """A reward as money: it goes with the friend, whichever purchase decides on it."""
    carried_by = friend_id if state in PLACED else None
    return Bonus(amount, carried_by, confirmed=state is RewardState.CONFIRMED)
