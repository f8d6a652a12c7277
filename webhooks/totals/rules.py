"""What a shop's control totals are compared with, and what it hears. Pure; our books are a port.

Nothing is remembered from one question to the next: a shop that asks again brings along what it
heard. Each answer either finds the very orders that differ, or narrows down the ranges of order
numbers among which they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from tracker.kit.clock import MOSCOW
from tracker.kit.errors import Invalid
from tracker.kit.money import format_rubles
from tracker.purchases.days import EVERYTHING, DayTotals, Order, Range, Sum

MAX_ORDERS = 1_000
"""Orders that are compared one by one in one request, of either side."""

MAX_BUCKETS = 1_024
"""Ranges in one request and in one answer."""

PIECES = 32
"""A range that differs is cut into so many at most."""


NOON = 12
"""Hours in Moscow: by then a shop has told of the day before."""


class TotalsInvalid(Invalid):
    """The control totals were read and are wrong: which field and why."""

    code = "totals_invalid"


class Books(Protocol):
    """Our books of the shop's day, all of one moment."""

    def totals(self) -> DayTotals:
        """Of the whole day."""

    def sums(self, ranges: Sequence[Range]) -> list[Sum]:
        """Of each range."""

    def split(self, ranges: Sequence[Range], pieces: int) -> list[tuple[Range, Sum]]:
        """The ranges, each cut into so many at most, with what each piece comes to."""

    def orders(self, within: Range, limit: int) -> list[Order]:
        """The first so many orders of a range."""


Buckets = Sequence[tuple[Range, Sum]]


@dataclass(frozen=True, slots=True)
class Said:
    """What a shop says of a day: totals, or sums of ranges, or the orders of one range.

    Totals may come together with either of the others.
    """

    day: date
    totals: DayTotals | None = None
    buckets: Buckets = ()
    orders: Sequence[Order] | None = None
    within: Range = EVERYTHING


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two lists of orders differ. ``amounts`` and ``words`` are pairs: ours, theirs."""

    missing: Sequence[Order] = ()
    """They have it, we do not."""
    extra: Sequence[Order] = ()
    """We have it, they do not."""
    amounts: Sequence[tuple[Order, Order]] = ()
    words: Sequence[tuple[Order, Order]] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.missing or self.extra or self.amounts or self.words)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of the comparison."""

    matches: bool
    ours: DayTotals | None = None
    """Of the day, where the shop told its own."""
    buckets: Buckets | None = None
    """Ranges that are to be looked at further."""
    difference: Difference | None = None


def compare(said: Said, books: Books) -> Verdict:
    """Hold what a shop says against our books. Raises TotalsInvalid where its sums are not of the
    orders that its hash is of."""
    ours = books.totals() if said.totals else None
    if said.totals and ours:
        _check_totals(said.totals, ours)
        if said.totals == ours:
            return Verdict(True, ours)
    buckets: Buckets | None = None
    found: Difference | None = None
    if said.orders is not None:
        held = books.orders(said.within, MAX_ORDERS + 1)
        if len(held) > MAX_ORDERS:
            buckets = books.split([said.within], PIECES)
        else:
            found = difference(held, said.orders)
    elif said.buckets:
        buckets = _narrowed(said.buckets, books)
    else:
        buckets = books.split([EVERYTHING], PIECES)
    alike = not buckets and (found is None or found.is_nothing)
    return Verdict(alike and said.totals is None, ours, buckets, found)


def due(now: datetime) -> date:
    """The last business date of which shops ought to have sent their totals."""
    local = now.astimezone(MOSCOW)
    return local.date() - timedelta(days=1 if local.hour >= NOON else 2)


def difference(ours: Sequence[Order], theirs: Sequence[Order]) -> Difference:
    """Where two lists differ, by the order's number."""
    held = {one.order_id: one for one in ours}
    told = {one.order_id: one for one in theirs}
    both = [(held[name], told[name]) for name in sorted(held.keys() & told.keys())]
    return Difference(
        missing=[told[name] for name in sorted(told.keys() - held.keys())],
        extra=[held[name] for name in sorted(held.keys() - told.keys())],
        amounts=[pair for pair in both if pair[0].amount != pair[1].amount],
        words=[pair for pair in both if pair[0].word is not pair[1].word],
    )


def _narrowed(told: Buckets, books: Books) -> Buckets:
    """Those of the ranges that differ, cut finer as far as an answer has room."""
    ours = books.sums([within for within, _ in told])
    differing: list[tuple[Range, Sum]] = []
    faults: dict[str, str] = {}
    for place, ((within, theirs), own) in enumerate(zip(told, ours, strict=True)):
        if theirs.sha256 != own.sha256:
            differing.append((within, own))
        elif theirs != own:
            faults[f"buckets[{place}]"] = _misadded(own.count, own.amount)
    if faults:
        raise TotalsInvalid(_MISADDED, fields=faults)
    pieces = min(PIECES, MAX_BUCKETS // max(1, len(differing)))
    if pieces == 1 or not differing:
        return differing
    return books.split([within for within, _ in differing], pieces)


def _check_totals(theirs: DayTotals, ours: DayTotals) -> None:
    if theirs.sha256 == ours.sha256 and theirs != ours:
        faults = {
            f"by_status.{word}": _misadded(tally.count, tally.amount)
            for word, tally in ours.by_word.items()
            if theirs.by_word[word] != tally
        }
        raise TotalsInvalid(_MISADDED, fields=faults)


_MISADDED = "The hash is ours, so the orders are the same; the sums do not follow from them."


def _misadded(count: int, amount: int) -> str:
    return f"of these orders the count is {count} and the sum {format_rubles(amount)}"
