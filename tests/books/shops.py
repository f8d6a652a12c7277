"""What shops owe and what we lent them, by plain Python."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from tests.books.plain import Asked, Lines, Plain
from tests.world import World
from tracker.kit.clock import moscow_date, moscow_midnight

_LATE = ((0, "not_due"), (30, "days_30"), (60, "days_60"), (90, "days_90"))
_INVOICES = """
    SELECT id, number, shop_id, kind, amount, issued_on, due_on, recorded_at FROM invoices
"""
_HAD = (
    "SELECT member_id, amount FROM payouts WHERE state = 'paid'",
    "SELECT member_id, amount FROM certificates WHERE state = 'redeemed'",
    "SELECT member_id, amount FROM adjustments WHERE cause = 'operator_paid'",
)
_CONFIRMED = """
    SELECT purchases.*, moved.period
    FROM purchases JOIN ledger_transactions AS moved ON moved.reference = confirmed_reference
    ORDER BY moved.id
"""
_CAME = """
    SELECT shop_id, amount FROM shop_payments
    WHERE kind = 'payment' AND reversed_at IS NULL AND shop_id IS NOT NULL
"""


def open_invoices(world: World, asked: Asked) -> dict[Any, int]:
    """What is open of each invoice and credit note at the end of a day: never less than nothing."""
    on, known = moscow_date(asked["as_of"]), asked.get("known_at")
    papers = {row.id: row for row in world.query(_INVOICES)}
    came = {row.id: row.received_on for row in world.query("SELECT * FROM shop_payments")}
    met: dict[int, int] = defaultdict(int)
    for one in world.query("SELECT * FROM payment_allocations"):
        note = papers.get(one.credit_note_id)
        began = note.issued_on if note is not None else came[one.payment_id]
        if began > on or papers[one.invoice_id].issued_on > on or _undone(one, on, known):
            continue
        met[one.invoice_id] += one.amount
        if note is not None:
            met[note.id] -= one.amount
    return {
        row: row.amount - min(met[row.id], row.amount)
        if row.kind == "invoice"
        else row.amount - met[row.id]
        for row in papers.values()
        if row.issued_on <= on and (known is None or row.recorded_at <= known)
    }


def receivables(world: World, plain: Plain, asked: Asked) -> Lines:
    """What each shop owes, by how late its invoices are."""
    on, known = moscow_date(asked["as_of"]), asked.get("known_at")
    end = moscow_midnight(on + timedelta(days=1))
    rows: Lines = defaultdict(lambda: defaultdict(int))
    for one in plain.entries:
        told = known is None or one.recorded_at <= known
        if one.account == "shop_receivable" and one.effective_at < end and told:
            row = rows[plain.slugs[one.owner_id]]
            row["owed"] += one.amount
            row["not_invoiced"] += one.amount
    for paper, amount in open_invoices(world, asked).items():
        if paper.kind == "invoice":
            row = rows[plain.slugs[paper.shop_id]]
            row[_lateness((on - paper.due_on).days)] += amount
            row["not_invoiced"] -= amount
    return {slug: some for slug, row in rows.items() if (some := without_zeros(row))}


def funding(world: World) -> dict[int, list[int]]:
    """What members had of each shop's purchases, and what of it the shop has paid for.

    A member's money goes to purchases in the order of their confirmation; a shop's to its months,
    the oldest first.
    """
    left: dict[int, int] = defaultdict(int)
    for row in (row for sql in _HAD for row in world.query(sql)):
        left[row.member_id] += row.amount
    spent: dict[tuple[int, str], int] = defaultdict(int)
    commission: dict[tuple[int, str], int] = defaultdict(int)
    for row in world.query(_CONFIRMED):
        key = (row.shop_id, row.period)
        commission[key] += row.confirmed_commission
        taken = min(row.confirmed_cashback or 0, left[row.member_id]) if row.member_id else 0
        left[row.member_id] -= taken
        spent[key] += taken
    came: dict[int, int] = defaultdict(int)
    for row in world.query(_CAME):
        came[row.shop_id] += row.amount
    found: dict[int, list[int]] = {}
    for key in sorted(commission):
        shop, due = key[0], commission[key]
        paid = min(due, came[shop])
        came[shop] -= paid
        if one := spent[key]:
            row = found.setdefault(shop, [0, 0])
            row[0] += one
            row[1] += one if due <= 0 else one * paid // due
    return found


def without_zeros(row: Any) -> dict[str, int]:
    """A line without what is nothing in it."""
    return {name: value for name, value in row.items() if value}


def _undone(one: Any, on: Any, known: Any) -> bool:
    """Whether an allocation was not there, as far as was known."""
    if known is not None and one.made_at > known:
        return True
    if one.undone_at is None or (known is not None and one.undone_at > known):
        return False
    return not (one.undone_on and one.undone_on > on)


def _lateness(days: int) -> str:
    return next((name for until, name in _LATE if days <= until), "days_older")
