"""Drives the books through the calendar of a replay and reads off the figures of its summary."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from tests.oracle.books import Books, Payment
from tests.oracle.invoices import Fact, midnight_after, read_facts

LAST_DAY = date(2011, 3, 31)


@dataclass(frozen=True)
class Figures:
    """The summary of a replay as far as it does not depend on how often events are sent.

    Sums are kopecks.
    """

    purchases: int
    unattributed: int
    unmatched_returns: int
    members: int
    cashback_tracked: int
    cashback_rejected: int
    cashback_confirmed: int
    cashback_pending: int
    welcome_bonus: int
    clawed_back: int
    available: int
    paid_out: int


@dataclass(frozen=True)
class Expected:
    """What a replay must end with."""

    figures: Figures
    payments: dict[str, Payment]
    """By month, as ``2011-01``."""
    deepest_debt: int
    """The least that a member had when a settlement came; 0 or less, in kopecks."""


def expected_of(path: Path) -> Expected:
    """What the replay of a file must end with."""
    books = run(path)
    return Expected(_figures(books), books.payments, books.deepest_debt)


def run(path: Path) -> Books:
    """The books at the end of the calendar; the identities of money are checked."""
    facts = read_facts(path)
    by_day: defaultdict[date, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_day[fact.day].append(fact)
    books = Books(customers={fact.customer for fact in facts} - {""})
    day = facts[0].day
    while day <= LAST_DAY:
        books.a_day(by_day[day])
        books.a_midnight(midnight_after(day))
        day += timedelta(days=1)
        if day.day == 1:
            books.settle(f"{day:%Y-%m}")
    return books


def _figures(books: Books) -> Figures:
    figures = Figures(
        purchases=len(books.purchases),
        unattributed=len(books.guests),
        unmatched_returns=len(books.unmatched),
        members=len(books.customers),
        cashback_tracked=books.tracked,
        cashback_rejected=books.rejected,
        cashback_confirmed=books.confirmed,
        cashback_pending=books.pending(),
        welcome_bonus=sum(books.bonuses().values()),
        clawed_back=books.clawed_back,
        available=sum(books.available().values()),
        paid_out=sum(payment.kopecks for payment in books.payments.values()),
    )
    _check(figures)
    return figures


def _check(it: Figures) -> None:
    """Money neither appears nor vanishes."""
    assert it.cashback_tracked == (
        it.cashback_rejected + it.cashback_confirmed + it.cashback_pending
    )
    assert it.cashback_confirmed + it.welcome_bonus - it.clawed_back == it.available + it.paid_out
