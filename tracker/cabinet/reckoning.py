"""How the cashback of one purchase came to be what it is, step by step. Pure.

Sums are kopecks. What was promised, less every deduction, is what is pending or accrued.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.cabinet.lines import Bought, why_not
from tracker.cabinet.rules import Why
from tracker.kit.money import share


@dataclass(frozen=True, slots=True)
class Sold:
    """One line of a purchase as it is stated."""

    line_id: str
    quantity: int
    amount: int
    sku: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """One return: all of the purchase, or kopecks by line."""

    return_id: str
    at: datetime
    whole: bool
    reason: Why
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the purchase, and what it earns: half up of amount times rate."""

    sold: Sold
    cashback: int
    returned: int
    """Kopecks given back of its amount."""


@dataclass(frozen=True, slots=True)
class Deduction:
    """What took something away: a return, or (without an id) a verdict on all that was left."""

    reason: Why
    amount: int
    """Kopecks of cashback."""
    at: datetime | None = None
    return_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The arithmetic of a purchase."""

    items: Sequence[Item]
    deductions: Sequence[Deduction]


def reckon(one: Bought, sold: Sequence[Sold], rate: int, returns: Sequence[Back]) -> Reckoning:
    """The arithmetic of a purchase at a rate in basis points."""
    left = {line.line_id: line.amount for line in sold}
    deductions = list(_taken(left, rate, returns))
    rest = one.rejected - sum(each.amount for each in deductions)
    if rest:
        deductions.append(Deduction(why_not(one), rest))
    items = [
        Item(line, share(line.amount, rate), line.amount - left[line.line_id]) for line in sold
    ]
    return Reckoning(items, deductions)


def _taken(left: dict[str, int], rate: int, returns: Sequence[Back]) -> Iterator[Deduction]:
    """What each return took of the cashback, in their order; what is left is written to ``left``.

    The cashback is computed anew on what is left, so that no kopeck of rounding is lost.
    """
    for back in sorted(returns, key=lambda each: (each.at, each.return_id)):
        before = _cashback(left, rate)
        for line_id, amount in left.items():
            taken = amount if back.whole else back.amounts.get(line_id, 0)
            left[line_id] = max(0, amount - taken)
        yield Deduction(back.reason, before - _cashback(left, rate), back.at, back.return_id)


def _cashback(amounts: Mapping[str, int], rate: int) -> int:
    return sum(share(amount, rate) for amount in amounts.values())
