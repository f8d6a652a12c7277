"""Reports as dialects make them, told to the books directly: with trust, pieces and ceilings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from typing import Any

from tests.world import Shop, World, day, rubles
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.purchases.contracts import (
    CANCELLATION,
    Line,
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
    ReturnLine,
)
from tracker.purchases.service import book

THE_END = day(200)
"""Every hold is over by then."""

Telling = Callable[[str, str], Sequence[PurchaseReport]]
"""The reports on an order of this number, bought by this click."""


def stated(
    shop: Shop,
    order: str,
    click: str | None,
    lines: Mapping[str, float],
    *,
    at: datetime | None = None,
    source: str = "first",
    **options: Any,
) -> PurchaseStated:
    """A statement of sums in roubles by line, told and ordered on day 1 unless told otherwise."""
    amended, ordered_at = options.pop("amended", False), options.pop("ordered_at", day(1))
    told = tuple(Line(line, 1, rubles(amount)) for line, amount in lines.items())
    return PurchaseStated(
        shop.id, order, at or day(1), source, amended, click, ordered_at, told, **options
    )


def confirmation(
    shop: Shop,
    order: str,
    amount: float | None = None,
    *,
    at: datetime | None = None,
    source: str = "confirms",
    **options: Any,
) -> PurchaseConfirmed:
    """The shop's confirmation, of a total in roubles or of whatever was stated."""
    total = None if amount is None else rubles(amount)
    return PurchaseConfirmed(shop.id, order, at or day(5), source, total, **options)


def given_back(
    shop: Shop, order: str, return_id: str, lines: Mapping[str, float], **options: Any
) -> PurchaseReturned:
    """A return of sums in roubles by line."""
    told = tuple(ReturnLine(line, 1, rubles(amount)) for line, amount in lines.items())
    at, source = options.pop("at", day(6)), options.pop("source", return_id)
    return PurchaseReturned(shop.id, order, at, source, return_id, told, **options)


def cancellation(shop: Shop, order: str, **options: Any) -> PurchaseReturned:
    """The order is called off."""
    at, source = options.pop("at", day(7)), options.pop("source", "calls off")
    return PurchaseReturned(shop.id, order, at, source, CANCELLATION, None, **options)


def book_all(world: World, *reports: PurchaseReport) -> list[str]:
    """Book reports together; the codes of those that were refused."""
    with unit_of_work(world.tools.engine) as session:
        refused = book(session, reports, world.programme)
    return [error.code for error in refused.values()]


def status_of(world: World, order: str) -> str:
    """Where an order stands."""
    (row,) = world.query("SELECT status FROM purchases WHERE order_id = :order", order=order)
    return str(row.status)


def purchase_id(world: World, order: str) -> int:
    """The id of an order's purchase."""
    (row,) = world.query("SELECT id FROM purchases WHERE order_id = :order", order=order)
    return int(row.id)


def ends_in_every_order(
    world: World, shop: Shop, telling: Telling, *, hold_ends: bool = True
) -> set[tuple[str, Balance]]:
    """Tell a set of reports in every order, each again a step later; the different ends of it.

    An end is the status of the purchase and the balance of its member.
    """
    size = len(telling("", ""))
    orders = list(permutations(range(size)))
    members = world.members(len(orders))
    clicks = world.clicks(members, shop, day(0))
    names = [f"of-{member}" for member in members]
    cases = [
        [telling(name, click)[place] for place in order]
        for name, click, order in zip(names, clicks, orders, strict=True)
    ]
    for step in range(size + 1):
        assert book_all(world, *_step(cases, step)) == []
    if hold_ends:
        world.end_holds(THE_END)
    assert world.differences() == []
    return {
        (status_of(world, name), world.balance(member))
        for name, member in zip(names, members, strict=True)
    }


def _step(cases: Sequence[Sequence[PurchaseReport]], step: int) -> Iterator[PurchaseReport]:
    for case in cases:
        if step < len(case):
            yield case[step]
        if step:
            again = case[step - 1]
            yield replace(again, source=again.source + "-again")
