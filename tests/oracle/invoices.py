"""Reads invoices as a list of plain facts: who bought or gave back what, where and when."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from math import floor
from pathlib import Path
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass(frozen=True)
class Fact:
    invoice: str
    thing: str
    units: int
    moment: datetime
    """In UTC, so that a day is always 24 hours."""
    price: int
    customer: str
    shop: int

    @property
    def day(self) -> date:
        return self.moment.astimezone(MOSCOW).date()


def read_facts(path: Path) -> list[Fact]:
    """The facts of a file in its order; a name that ends in .gz means that it is gzipped."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return list(_facts(text))


def _facts(text: str) -> Iterator[Fact]:
    for line in csv.reader(text.splitlines()[1:]):
        invoice, thing, _, units, moment, price, customer, _ = line
        local = datetime.strptime(moment, "%Y-%m-%dT%H:%M").replace(tzinfo=MOSCOW)
        yield Fact(
            invoice=invoice,
            thing=thing,
            units=int(units),
            moment=local.astimezone(UTC),
            price=half_up(Fraction(price) * 10_000),
            customer=customer,
            shop=crc(thing.upper()) % 660,
        )


@cache
def hold_of(shop: int) -> timedelta:
    return timedelta(days=1 + crc(f"hold:shop-{shop:03d}") % 90)


@cache
def cashback_percent_of(shop: int) -> int:
    return 1 + crc(f"rate:shop-{shop:03d}") % 50


def midnight_after(day: date) -> datetime:
    """The moment the day ends in Moscow, in UTC."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=MOSCOW).astimezone(UTC)


def half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def crc(text: str) -> int:
    return zlib.crc32(text.encode("utf-8"))
