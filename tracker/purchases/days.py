"""A shop's orders of one day as the shop itself knows them. Pure.

What a shop can compute from its own books, and nothing of our terms: no holds, no attribution, no
verdict of ours. So both sides can hold their books against each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tracker.kit.clock import moscow_midnight


class Word(StrEnum):
    """Where an order stands by what the shop has said of it."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    """The shop said so, whatever its word was worth."""
    RETURNED = "returned"
    """Nothing is left of it: returned, cancelled, or sold for nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order and what is left of it, kopecks."""

    order_id: str
    amount: int
    word: Word


@dataclass(frozen=True, slots=True)
class Range:
    """Order numbers from ``first`` to before ``end`` (None: to the last), by their UTF-8 bytes.

    That is the order of Python's strings, and of the collation "C".
    """

    first: str = ""
    end: str | None = None

    def holds(self, order_id: str) -> bool:
        """Whether an order's number is in it."""
        return self.first <= order_id and (self.end is None or order_id < self.end)


EVERYTHING = Range()


@dataclass(frozen=True, slots=True)
class Sum:
    """What the orders of a range come to, kopecks; ``sha256`` (hex) is of their list.

    The list has a line ``order_id TAB kopecks TAB status LF`` for each, sorted by the bytes of the
    order's number.
    """

    count: int
    amount: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many orders, and what is left of them, kopecks."""

    count: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What a whole day comes to; ``sha256`` as in a Sum."""

    by_word: Mapping[Word, Tally]
    sha256: str

    @property
    def count(self) -> int:
        return sum(one.count for one in self.by_word.values())

    @property
    def amount(self) -> int:
        """Kopecks."""
        return sum(one.amount for one in self.by_word.values())


@dataclass(frozen=True, slots=True)
class ShopDay:
    """The orders of one shop that were placed on one business date."""

    shop_id: int
    date: date

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return moscow_midnight(self.date)

    @property
    def until(self) -> datetime:
        """The first moment of the next date."""
        return moscow_midnight(self.date + timedelta(days=1))
