"""What the rows say was given back, and of which purchases.

A cancellation does not name the invoice that it takes back: units are taken from what the same
customer bought of the same thing before, the most recent first. Units nobody bought are a return
of an order that was never seen, under the cancellation's own number.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.replay.rows import Row
from sandbox.replay.shops import shop_of


@dataclass(slots=True)
class ReturnedLine:
    """How much of one line comes back in one return."""

    line_id: str
    quantity: int = 0
    amount: int = 0
    """Kopecks."""


@dataclass(frozen=True, slots=True)
class Return:
    """All that one cancellation takes back of one order at one shop."""

    return_id: str
    order_id: str
    shop: str
    returned_at: datetime
    row: int
    """Number of the first row that took part in it."""
    lines: dict[int, ReturnedLine] = field(default_factory=dict)
    """By the number of the row that was sold, or that found nothing to take from."""

    @property
    def is_unmatched(self) -> bool:
        return self.order_id == self.return_id


@dataclass(slots=True)
class _Sold:
    """A row that was sold to a member, with what is left of it."""

    row: Row
    left: int


@dataclass(frozen=True, slots=True)
class _Taken:
    """Units that a cancellation takes from a row: a sold one, or itself if nothing was found."""

    row: Row
    units: int


def returns_in(rows: Iterable[Row]) -> list[Return]:
    """All returns, in the order of the rows that first took part in them."""
    returns: dict[tuple[str, str, str], Return] = {}
    for cancellation, taken in _all_taken(rows):
        shop = shop_of(cancellation.stock_code)
        found = returns.setdefault(
            (cancellation.invoice, taken.row.invoice, shop),
            Return(
                return_id=cancellation.invoice,
                order_id=taken.row.invoice,
                shop=shop,
                returned_at=cancellation.moment,
                row=cancellation.number,
            ),
        )
        number = taken.row.number
        line = found.lines.setdefault(number, ReturnedLine(str(number)))
        line.quantity += taken.units
        line.amount += taken.units * taken.row.unit_price
    return list(returns.values())


def _all_taken(rows: Iterable[Row]) -> Iterator[tuple[Row, _Taken]]:
    """Goes through the file once: each cancelling row with everything it takes, piece by piece."""
    sold: defaultdict[tuple[str, str], list[_Sold]] = defaultdict(list)
    for row in rows:
        stock = sold[row.customer, row.stock_code]
        if row.is_sale and row.customer:
            stock.append(_Sold(row, row.quantity))
        elif row.is_return:
            for taken in _taken(row, stock):
                yield row, taken


def _taken(cancellation: Row, stock: list[_Sold]) -> Iterator[_Taken]:
    """Takes from the end of the stock, using it up; what it cannot give comes last."""
    wanted = -cancellation.quantity
    while wanted and stock:
        latest = stock[-1]
        units = min(wanted, latest.left)
        yield _Taken(latest.row, units)
        wanted -= units
        latest.left -= units
        if not latest.left:
            stock.pop()
    if wanted:
        yield _Taken(cancellation, wanted)
