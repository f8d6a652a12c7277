"""A small file of invoices of our own, as dirty as real ones: for tests and demonstrations.

It has guests, zero and negative prices, negative quantities outside cancellations, repeated rows,
prices of more digits than kopecks; and things given back in part, in full, twice, more of than
was bought, and never bought at all. Purchases are of December 2010, so that every hold is over by
the end of March 2011 and every click is at most 30 days old; returns go on into January, after
the first payment.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.catalogue.draws import number, pick, weighted
from sandbox.replay.rows import COLUMNS
from tracker.kit.clock import MOSCOW

_START = datetime(2010, 12, 4, 22, 15, tzinfo=MOSCOW)
_STEP = timedelta(hours=4, minutes=50)
_LAST_PURCHASE = datetime(2010, 12, 31, 20, tzinfo=MOSCOW)
_INVOICES = 172
_FIRST_INVOICE = 700_001
_CUSTOMERS = [str(12_000 + 37 * place) for place in range(18)]
_GUEST = ""

_PRICES = ("0.42", "0.85", "1.25", "2.1", "2.55", "4.95", "7", "12.75", "39.95")
_ODD_PRICES = ("0.0333", "0.1875", "1.23455", "0.00005")
"""Two that leave roubles with kopecks, and two that are rounded to a kopeck."""


@dataclass(frozen=True, slots=True)
class _Line:
    stock_code: str
    quantity: int
    price: str


@dataclass(frozen=True, slots=True)
class _Invoice:
    number: str
    customer: str
    moment: datetime
    lines: list[_Line]


def sample_csv(seed: int = 1) -> str:
    """The text of a file of some 400 rows; the same for the same seed."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for invoice in _invoices(f"sample:{seed}"):
        for line in invoice.lines:
            writer.writerow(
                {
                    "InvoiceNo": invoice.number,
                    "StockCode": line.stock_code,
                    "Description": f"SAMPLE THING {line.stock_code.upper()}",
                    "Quantity": line.quantity,
                    "InvoiceDate": f"{invoice.moment:%Y-%m-%dT%H:%M}",
                    "UnitPrice": line.price,
                    "CustomerID": invoice.customer,
                    "Country": "Russia",
                }
            )
    return text.getvalue()


def _invoices(seed: str) -> Iterator[_Invoice]:
    bought: list[_Invoice] = []
    for place in range(_INVOICES):
        key = f"{seed}:{place}"
        moment = _START + place * _STEP + timedelta(minutes=number(f"{key}:minute", 180))
        kind = weighted(f"{key}:kind", {"bought": 62, "guest": 14, "cancelled": 24})
        serial = str(_FIRST_INVOICE + place)
        if bought and (kind == "cancelled" or moment > _LAST_PURCHASE):
            yield _cancellation(key, replace(pick(f"{key}:of", bought), moment=moment), serial)
            continue
        customer = _GUEST if kind == "guest" else pick(f"{key}:customer", _CUSTOMERS)
        invoice = _Invoice(serial, customer, moment, list(_basket(key)))
        if customer:
            bought.append(invoice)
        yield invoice


def _basket(key: str) -> Iterator[_Line]:
    for place in range(1 + number(f"{key}:lines", 4)):
        thing = f"{key}:{place}"
        quantity = 1 + number(f"{thing}:quantity", 24)
        line = _Line(_stock_code(thing), quantity, _price(thing))
        quirk = weighted(f"{thing}:quirk", {"": 84, "free": 4, "debt": 2, "loss": 4, "again": 6})
        yield from {
            "": [line],
            "free": [replace(line, price="0")],
            "debt": [replace(line, price=f"-{line.price}")],
            "loss": [replace(line, quantity=-quantity)],
            "again": [line, replace(line, quantity=quantity + 1)],
        }[quirk]


def _stock_code(thing: str) -> str:
    suffix = weighted(f"{thing}:suffix", {"": 8, "A": 1, "b": 1})
    return f"{31_000 + 13 * number(f'{thing}:code', 25)}{suffix}"


def _price(thing: str) -> str:
    prices = weighted(f"{thing}:prices", {_PRICES: 80, _ODD_PRICES: 20})
    return pick(f"{thing}:price", prices)


def _cancellation(key: str, original: _Invoice, serial: str) -> _Invoice:
    """Gives back an earlier invoice in one of the ways that shops do."""
    ways: dict[str, int] = {"full": 40, "part": 26, "twice": 10, "too much": 8, "unknown": 10}
    way = weighted(f"{key}:way", ways | {"guest": 3, "free": 3})
    lines = [line for line in original.lines if line.quantity > 0]
    changed: dict[str, Callable[[_Line], list[_Line]]] = {
        "full": lambda line: [line],
        "part": lambda line: [replace(line, quantity=(line.quantity + 1) // 2)],
        "twice": lambda line: [replace(line, quantity=1)] * 2,
        "too much": lambda line: [replace(line, quantity=line.quantity + 30)],
        "unknown": lambda line: [replace(line, stock_code=f"9{line.stock_code}")],
        "guest": lambda line: [line],
        "free": lambda line: [replace(line, price="0")],
    }
    given_back = [part for line in lines for part in changed[way](line)]
    return replace(
        original,
        number=f"C{serial}",
        customer=_GUEST if way == "guest" else original.customer,
        lines=[replace(line, quantity=-line.quantity) for line in given_back],
    )
