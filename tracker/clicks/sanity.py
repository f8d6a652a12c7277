"""Whether an order may have come of its click: signs that people are to look at. Pure.

A sign changes no money and refuses nothing: shops' clocks are off, and some people do buy a
thousand spoons. The thresholds are such that an honest shop hardly meets one.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from tracker.clicks.rules import Click


class Sign(StrEnum):
    """What looks odd of an order that is credited to a click. A closed list."""

    BEFORE_CLICK = "before_click"
    """Ordered before the click, by more than clocks may differ."""
    TOO_SOON = "too_soon"
    """Ordered at the click or within seconds after it: nobody buys as fast."""
    END_OF_WINDOW = "end_of_window"
    """Ordered in the last minutes in which the click counts."""
    DATED_AHEAD = "dated_ahead"
    """Ordered later than the shop's own message that tells of it was written."""
    LARGE_TOTAL = "large_total"
    LARGE_QUANTITY = "large_quantity"
    MANY_ORDERS = "many_orders"
    """One of more orders than one click leads to."""


CLOCKS_DIFFER = timedelta(minutes=5)
"""As much as a webhook's own timestamp may be off."""

HASTE = timedelta(seconds=10)
"""Within so long after the click nobody has found, chosen and paid."""

LAST_MOMENTS = timedelta(minutes=10)
"""Of an attribution window of days."""

LARGE_TOTAL = 100_000_000
"""Kopecks (a million roubles) that an order comes to: from here on it is large."""

LARGE_QUANTITY = 1_000
"""Pieces of one line: from here on it is large."""

ORDERS_OF_A_CLICK = 10
"""More than so many are many."""


class Ordered(NamedTuple):
    """An order as its shop tells it. Sums are kopecks."""

    at: datetime
    total: int
    quantities: Collection[int]
    """Pieces, by line."""
    told_at: datetime | None = None
    """When the shop says it wrote of it; None where the wire tells no moment."""


def signs(click: Click, order: Ordered) -> Iterator[Sign]:
    """What looks odd of an order by itself, beside the click that it is credited to."""
    since = order.at - click.clicked_at
    if since < -CLOCKS_DIFFER:
        yield Sign.BEFORE_CLICK
    elif since < HASTE:
        yield Sign.TOO_SOON
    if click.valid_until - order.at <= LAST_MOMENTS:
        yield Sign.END_OF_WINDOW
    if order.told_at is not None and order.at - order.told_at > CLOCKS_DIFFER:
        yield Sign.DATED_AHEAD
    if order.total >= LARGE_TOTAL:
        yield Sign.LARGE_TOTAL
    if max(order.quantities, default=0) >= LARGE_QUANTITY:
        yield Sign.LARGE_QUANTITY
