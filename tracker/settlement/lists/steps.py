"""The steps from last month's list to this one's. Pure.

Sums are kopecks. What was available at the last list, with all that has moved since, is what is
available now; that, with what is added and taken away by each later step, is the list's total.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracker.ledger.rules import Kind


class Step(StrEnum):
    """A line of the bridge, in its order; between the first two stand the ledger's kinds."""

    AVAILABLE_BEFORE = "available_before"
    """Of all members at the last list, debts taken off."""
    UNEXPLAINED = "unexplained"
    """What balances and bookings differ by: always nothing."""
    AVAILABLE_NOW = "available_now"
    """Of all members as the list was drawn up, debts taken off."""
    DEBTS = "debts"
    """Of members below zero: nobody else is paid less for it."""
    CLOSED = "closed"
    AUTO_PAYMENT_OFF = "auto_payment_off"
    JOINED_LATER = "joined_later"
    BELOW_MINIMUM = "below_minimum"
    NO_NUMBER = "no_number"
    """Members without a number of their own at present, and without relatives."""
    ABOVE_CAP = "above_cap"
    """What is more than the month's cap, or than one payment can carry."""
    LEFT_BY_RELATIVES = "left_by_relatives"
    """Of members with a list of relatives: parts below the minimum, or no number for the rest."""
    TOTAL = "total"
    """The list: its payouts, and what they come to."""


SENT, CAME_BACK = Kind.PAYOUT_SUBMITTED, Kind.PAYOUT_FAILED
NEW = (Kind.CONFIRMED, Kind.BONUS_CONFIRMED, Kind.REWARD_CONFIRMED)
TAKEN_BACK = (Kind.CLAWED_BACK, Kind.BONUS_CLAWED_BACK, Kind.REWARD_CLAWED_BACK)

_FIRST = (SENT, CAME_BACK, *NEW, *TAKEN_BACK)
MOVEMENTS = (*_FIRST, *sorted(set(Kind) - set(_FIRST)))
"""The ledger's kinds in the order in which a bridge tells them; whatever else moves comes last."""

NOT_LISTED = (
    Step.CLOSED,
    Step.AUTO_PAYMENT_OFF,
    Step.JOINED_LATER,
    Step.BELOW_MINIMUM,
    Step.NO_NUMBER,
    Step.ABOVE_CAP,
    Step.LEFT_BY_RELATIVES,
)

ORDER = tuple(
    str(step)
    for step in (
        Step.AVAILABLE_BEFORE,
        *MOVEMENTS,
        Step.UNEXPLAINED,
        Step.AVAILABLE_NOW,
        Step.DEBTS,
        *NOT_LISTED,
        Step.TOTAL,
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    """One step: ``count`` of bookings for what moved, of payouts for the total, else of members.

    ``amount`` in kopecks, below zero when it makes the list smaller.
    """

    step: str
    count: int
    amount: int


def in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Lines as a bridge tells them."""
    return tuple(sorted(lines, key=lambda line: ORDER.index(line.step)))


def misses(lines: Iterable[Line]) -> Mapping[str, tuple[int, int]]:
    """The sums that a bridge tells and that its steps do not lead to: (expected, told)."""
    told = {line.step: line.amount for line in lines}
    moved = sum(told.get(kind, 0) for kind in MOVEMENTS)
    now, total = told.get(Step.AVAILABLE_NOW, 0), told.get(Step.TOTAL, 0)
    sums = {
        str(Step.UNEXPLAINED): (0, told.get(Step.UNEXPLAINED, 0)),
        str(Step.AVAILABLE_NOW): (told.get(Step.AVAILABLE_BEFORE, 0) + moved, now),
        str(Step.TOTAL): (now + sum(told.get(one, 0) for one in (Step.DEBTS, *NOT_LISTED)), total),
    }
    return {step: (due, found) for step, (due, found) in sums.items() if due != found}
