"""The body of a control-totals request, read strictly. Pure."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import date

from tracker.kit.money import format_rubles
from tracker.kit.strict_json import decode
from tracker.purchases.days import EVERYTHING, DayTotals, Order, Range, Sum, Tally, Word
from webhooks.totals.rules import MAX_BUCKETS, MAX_ORDERS, Said, TotalsInvalid
from webhooks.wire.reading import MAX_ID_BYTES, Faults, Reader

MAX_COUNT = 1_000_000_000

_TOTALS = ("count", "sum", "by_status", "hash")
_NO_DAY = date(2000, 1, 1)
_DATE = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


def read(body: bytes) -> Said:
    """What a shop says. Raises NotStrictJson, and TotalsInvalid with every field at fault."""
    faults = Faults()
    said = _said(_Reader(decode(body), faults))
    if faults:
        raise TotalsInvalid("The control totals were read and are wrong.", fields=faults)
    return said


def list_sha256(orders: Iterable[Order]) -> str:
    """The hash (hex) of a list of orders."""
    lines = [
        f"{one.order_id}\t{one.amount}\t{one.word}\n"
        for one in sorted(orders, key=lambda one: one.order_id)
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class _Reader(Reader):
    """An object of the input, with the fields that only control totals have."""

    def number(self, name: str) -> int:
        """A whole number from 0 on."""
        value = self._get(name)
        if type(value) is not int or not 0 <= value <= MAX_COUNT:
            return self._bad(name, value, "must be a whole number from 0 on", 0)
        return value

    def day(self, name: str) -> date:
        """A date in the years 2000 to 2099."""
        value = self._get(name)
        if isinstance(value, str) and _DATE.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        return self._bad(name, value, "must be a date such as 2010-12-01", _NO_DAY)

    def sha256(self, name: str) -> str:
        """64 small hexadecimal digits."""
        value = self._get(name)
        if not isinstance(value, str) or not _HASH.fullmatch(value):
            return self._bad(name, value, "must be 64 small hexadecimal digits", "")
        return value

    def range(self) -> Range:
        """``from`` and ``to``: left out or null, the range is open at that end."""
        within = Range(self._bound("from") or "", self._bound("to"))
        if within.end is not None and within.end <= within.first:
            self.fault("to", "must come after `from` in the order of the bytes")
        return within

    def rows(self, name: str, most: int) -> Iterator["_Reader"]:
        """The objects of a list of up to so many."""
        value = self._get(name)
        if not isinstance(value, list) or len(value) > most:
            self._bad(name, value, f"must be a list of up to {most} objects", None)
            return
        for place, item in enumerate(value):
            yield _Reader(item, self.faults, f"{name}[{place}]")

    def within(self, name: str) -> "_Reader":
        """An object in it."""
        return _Reader(self._get(name), self.faults, f"{self._path}.{name}".strip("."))

    def _bound(self, name: str) -> str | None:
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, str) or len(value.encode()) > MAX_ID_BYTES:
            return self._bad(name, value, f"must be a string of up to {MAX_ID_BYTES} bytes", None)
        return value


def _said(body: _Reader) -> Said:
    day = body.day("date")
    follows = body.has("buckets") or body.has("orders")
    totals = _totals(body) if any(map(body.has, _TOTALS)) or not follows else None
    if body.has("buckets") and body.has("orders"):
        body.fault("buckets", "must not come together with orders")
    if not body.has("orders"):
        for name in ("from", "to"):
            if body.has(name):
                body.fault(name, "belongs to orders, which are missing")
        return Said(day, totals, _buckets(body) if body.has("buckets") else ())
    within = body.range()
    orders = _orders(body, within)
    if totals and within == EVERYTHING and not body.faults:
        _check_against(body, totals, orders)
    return Said(day, totals, orders=orders, within=within)


def _totals(body: _Reader) -> DayTotals:
    given = body.within("by_status")
    by_word: dict[Word, Tally] = {}
    for word in Word:
        one = given.within(word)
        by_word[word] = Tally(one.number("count"), one.money("sum"))
    if by_word[Word.RETURNED].amount:
        body.fault("by_status.returned.sum", 'must be "0.00": nothing is left of what is returned')
    totals = DayTotals(by_word, body.sha256("hash"))
    if body.number("count") != totals.count:
        body.fault("count", f"must be what by_status comes to, which is {totals.count}")
    if body.money("sum") != totals.amount:
        body.fault("sum", f"must be what by_status comes to, which is {_shown(totals.amount)}")
    return totals


def _buckets(body: _Reader) -> list[tuple[Range, Sum]]:
    found: list[tuple[Range, Sum]] = []
    before: str | None = ""
    for row in body.rows("buckets", MAX_BUCKETS):
        within = row.range()
        if before is None or within.first < before:
            row.fault("from", "must not come before the end of the bucket above it")
        before = within.end
        found.append((within, Sum(row.number("count"), row.money("sum"), row.sha256("hash"))))
    if not found:
        body.fault("buckets", f"must be a list of 1 to {MAX_BUCKETS} objects")
    return found


def _orders(body: _Reader, within: Range) -> list[Order]:
    found: dict[str, Order] = {}
    for row in body.rows("orders", MAX_ORDERS):
        one = Order(
            row.identifier("order_id"), row.money("amount"), Word(row.word("status", _WORDS))
        )
        if (one.word is Word.RETURNED) != (one.amount == 0):
            row.fault("status", 'must be "returned" exactly where the amount is "0.00"')
        if one.order_id in found:
            row.fault("order_id", "stands twice")
        if not within.holds(one.order_id):
            row.fault("order_id", "is not between `from` and `to` in the order of the bytes")
        found[one.order_id] = one
    return list(found.values())


_WORDS = tuple(str(word) for word in Word)


def _check_against(body: _Reader, totals: DayTotals, orders: list[Order]) -> None:
    """Totals that came with all the orders are of those orders: whoever writes a client learns at
    once how far it is right."""
    for word, tally in totals.by_word.items():
        amounts = [one.amount for one in orders if one.word is word]
        if tally != Tally(len(amounts), sum(amounts)):
            why = f"orders come to a count of {len(amounts)} and a sum of {_shown(sum(amounts))}"
            body.fault(f"by_status.{word}", why)
    expected = list_sha256(orders)
    if totals.sha256 != expected:
        body.fault("hash", f"of these orders it is {expected}")


def _shown(kopecks: int) -> str:
    return format_rubles(kopecks)
