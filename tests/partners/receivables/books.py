"""Shops that owe, and what is done about it, in a story."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from partners.receivables import matching, payments
from partners.receivables.issuing import ask
from partners.receivables.jobs import work
from partners.receivables.models import ShopPayment
from partners.receivables.payments import Paid
from partners.receivables.rules import Part
from partners.receivables.terms import Terms
from tests.stories.closing import LATER, close, run_closed
from tests.stories.months import FIRST, earns
from tests.world import Shop, World
from tracker.kit.database import unit_of_work

HOUSE = Terms(payment_days=14)


@dataclass(frozen=True, slots=True)
class Partners:
    """Two shops that pay 12 %, of which 10 % are the member's."""

    tea: Shop
    books: Shop
    member: int


def december(world: World) -> Partners:
    """The member has 300.00 by tea (which owes 360.00) and 100.00 by books (120.00); December and
    January are closed, and January's list is paid."""
    one = Partners(world.shop("tea"), world.shop("books"), world.member())
    earns(world, one.tea, one.member, 300)
    earns(world, one.books, one.member, 100)
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    return one


def issued(world: World, period: str = "2010-12", now: datetime = LATER) -> dict[str, Any]:
    """A month's invoices, by shop."""
    with unit_of_work(world.tools.engine) as session:
        ask(session, period, "anna", now)
    labour(world, now)
    rows = world.query(
        "SELECT invoices.*, slug FROM invoices JOIN shops ON shops.id = shop_id"
        " WHERE period = :period",
        period=period,
    )
    return {row.slug: row for row in rows}


def labour(world: World, now: datetime = LATER) -> None:
    """Workers do what waits."""
    while work(world.tools.engine, now, HOUSE):
        pass


def pays(
    world: World, amount: int, purpose: str = "", shop: Shop | None = None, key: str = ""
) -> ShopPayment:
    """The bank tells of a payment."""
    paid = Paid(
        key or f"bank-{amount}-{purpose}",
        amount,
        date(2011, 2, 14),
        "a shop",
        purpose,
        shop.id if shop else None,
    )
    with unit_of_work(world.tools.engine) as session:
        return payments.take(session, paid, "anna", LATER)[0]


def match(world: World, payment: ShopPayment, *parts: tuple[int, int]) -> None:
    """Somebody says what a payment is for."""
    wanted = [Part(*part) for part in parts] or None
    with unit_of_work(world.tools.engine) as session:
        matching.allocate(session, payment.id, wanted, "anna")


def owed(world: World, shop: Shop) -> int:
    """What the ledger says that a shop owes."""
    (row,) = world.query(
        "SELECT coalesce(sum(amount), 0) AS amount FROM ledger_entries"
        " WHERE account = 'shop_receivable' AND owner_id = :shop",
        shop=shop.id,
    )
    return int(row.amount)
