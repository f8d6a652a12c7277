"""Reads of invoices and payments."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from partners.receivables.models import Allocation, Invoice, ShopPayment
from partners.receivables.rules import InvoiceNotFound, Open, PaymentNotFound, ShopNamedUnknown
from partners.shops.service import ids_by_slug
from tracker.kit.clock import moscow_midnight
from tracker.ledger.rollups import Cut, movements
from tracker.ledger.rules import Account


def invoice_of(session: Session, invoice_id: int) -> Invoice:
    """Raises InvoiceNotFound."""
    found = session.get(Invoice, invoice_id)
    if found is None:
        raise InvoiceNotFound
    return found


def invoice_numbered(session: Session, number: str) -> Invoice:
    """Raises InvoiceNotFound."""
    found = session.scalar(select(Invoice).where(Invoice.number == number))
    if found is None:
        raise InvoiceNotFound(f"there is no invoice {number}")
    return found


def payment_of(session: Session, payment_id: int) -> ShopPayment:
    """Raises PaymentNotFound."""
    found = session.get(ShopPayment, payment_id)
    if found is None:
        raise PaymentNotFound
    return found


def shop_named(session: Session, slug: str) -> int:
    """The shop that a filter or a body names. Raises ShopNamedUnknown."""
    found = ids_by_slug(session, [slug])
    if not found:
        raise ShopNamedUnknown(fields={"shop": "no shop has this slug"})
    return found[slug]


def lock_shop(session: Session, shop_id: int) -> None:
    """Until the end nobody else matches anything with this shop's invoices."""
    session.execute(_LOCK, {"name": f"invoices of shop {shop_id}"})


def lock_files(session: Session) -> None:
    """Until the end nobody else takes payments from a file: two would lock shops crosswise."""
    session.execute(_LOCK, {"name": "files of payments"})


def open_invoices(session: Session, shop_id: int) -> list[Open]:
    """A shop's invoices of which something is not paid, those that were due first in front."""
    rows = session.execute(_OPEN, {"shop": shop_id})
    return [Open(row.id, row.number, row.due_on, int(row.amount)) for row in rows]


def left_of(session: Session, source: ShopPayment | Invoice) -> int:
    """Kopecks of a payment, or of a credit note, that are for no invoice yet."""
    column = Allocation.payment_id if isinstance(source, ShopPayment) else Allocation.credit_note_id
    query = select(Allocation.amount).where(column == source.id, Allocation.undone_at.is_(None))
    return abs(source.amount) - sum(session.scalars(query))


def listed(
    session: Session,
    *,
    shop_id: int | None = None,
    period: str | None = None,
    only_open: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Row[Any]]:
    """Invoices in the order in which they were issued, with what is open of each."""
    values = {"shop": shop_id, "period": period, "open": only_open, "after": after, "limit": limit}
    return session.execute(_LISTED, values).all()


def payments(
    session: Session,
    *,
    shop_id: int | None = None,
    unassigned: bool = False,
    unmatched: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Row[Any]]:
    """Payments in the order in which they were written down, with what is left of each."""
    values = {
        "shop": shop_id,
        "unassigned": unassigned,
        "unmatched": unmatched,
        "after": after,
        "limit": limit,
    }
    return session.execute(_PAYMENTS, values).all()


def allocations_of(session: Session, payment_id: int) -> Sequence[Allocation]:
    """What a payment is for, also what was taken back."""
    query = select(Allocation).where(Allocation.payment_id == payment_id)
    return session.scalars(query.order_by(Allocation.id)).all()


def days(session: Session, invoice: Invoice) -> Sequence[Row[Any]]:
    """What each day came to: confirmed, and taken back."""
    return session.execute(_DAYS, {"shop": invoice.shop_id, "period": invoice.period}).all()


def ageing(session: Session, day: date) -> Sequence[Row[Any]]:
    """What each shop owes on a business date, by how long it is overdue, as far as it is known."""
    select, values = aged(session, day)
    return session.execute(text(f'{select} ORDER BY shops.slug COLLATE "C"'), values).all()


def aged(
    session: Session, day: date, known_at: datetime | None = None
) -> tuple[str, dict[str, Any]]:
    """A SELECT of what each shop owes at the end of a day, as it was known by a moment."""
    cut = Cut(as_of=moscow_midnight(day + timedelta(days=1)) - _A_TICK, known_at=known_at)
    moved = movements(session, cut, (Account.SHOP_RECEIVABLE,))
    return _AGEING.format(moved=moved.select), {**moved.values, "day": day, "known_at": known_at}


_A_TICK = timedelta(microseconds=1)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

_OPEN = text("""
    SELECT invoices.id, number, due_on, invoices.amount - coalesce(sum(met.amount), 0) AS amount
    FROM invoices LEFT JOIN payment_allocations AS met
         ON met.invoice_id = invoices.id AND met.undone_at IS NULL
    WHERE shop_id = :shop AND kind = 'invoice'
    GROUP BY invoices.id
    HAVING invoices.amount > coalesce(sum(met.amount), 0)
    ORDER BY due_on, number
""")

_LISTED = text("""
    SELECT invoices.id, number, shops.slug AS shop, invoices.period, kind, invoices.amount, lines,
           issued_on, due_on, invoices.sha256,
           CASE WHEN kind = 'invoice' THEN invoices.amount - met.amount
                ELSE invoices.amount + used.amount END AS open
    FROM invoices
    JOIN shops ON shops.id = invoices.shop_id
    CROSS JOIN LATERAL (
        SELECT CAST(coalesce(sum(amount), 0) AS bigint) AS amount FROM payment_allocations
        WHERE invoice_id = invoices.id AND undone_at IS NULL
    ) AS met
    CROSS JOIN LATERAL (
        SELECT CAST(coalesce(sum(amount), 0) AS bigint) AS amount FROM payment_allocations
        WHERE credit_note_id = invoices.id AND undone_at IS NULL
    ) AS used
    WHERE invoices.id > :after
      AND (CAST(:shop AS bigint) IS NULL OR shop_id = :shop)
      AND (CAST(:period AS text) IS NULL OR invoices.period = :period)
      AND (NOT :open OR CASE WHEN kind = 'invoice' THEN invoices.amount - met.amount
                             ELSE invoices.amount + used.amount END <> 0)
    ORDER BY invoices.id LIMIT :limit
""")

_PAYMENTS = text("""
    SELECT paid.id, paid.kind, bank_reference, shops.slug AS shop, paid.amount, received_on, payer,
           purpose, recorded_by, recorded_at, reversed_by, reversed_at,
           CASE WHEN reversed_at IS NULL THEN paid.amount - met.amount ELSE 0 END AS left_over
    FROM shop_payments AS paid
    LEFT JOIN shops ON shops.id = paid.shop_id
    CROSS JOIN LATERAL (
        SELECT CAST(coalesce(sum(amount), 0) AS bigint) AS amount FROM payment_allocations
        WHERE payment_id = paid.id AND undone_at IS NULL
    ) AS met
    WHERE paid.id > :after
      AND (CAST(:shop AS bigint) IS NULL OR paid.shop_id = :shop)
      AND (NOT :unassigned OR (paid.shop_id IS NULL AND reversed_at IS NULL))
      AND (NOT :unmatched OR (reversed_at IS NULL AND paid.amount > met.amount))
    ORDER BY paid.id LIMIT :limit
""")

_OF_INVOICE = """
    FROM ledger_entries
    JOIN ledger_transactions AS moved ON moved.id = transaction_id
    WHERE account = 'shop_receivable' AND owner_id = :shop AND moved.period = :period
      AND moved.kind IN ('confirmed', 'clawed_back')
"""

_DAYS = text(f"""
    SELECT (effective_at AT TIME ZONE 'Europe/Moscow')::date AS day,
           coalesce(sum(amount) FILTER (WHERE moved.kind = 'confirmed'), 0) AS confirmed,
           coalesce(sum(amount) FILTER (WHERE moved.kind = 'clawed_back'), 0) AS taken_back,
           count(*) AS lines
    {_OF_INVOICE} GROUP BY 1 ORDER BY 1
""")

MET = """
    met AS (
        SELECT invoice_id, least(sum(allocated.amount), due.amount) AS amount
        FROM payment_allocations AS allocated JOIN invoices AS due ON due.id = invoice_id
        LEFT JOIN shop_payments AS paid ON paid.id = payment_id
        LEFT JOIN invoices AS note ON note.id = credit_note_id
        WHERE coalesce(received_on, note.issued_on) <= :day
          AND allocated.made_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
          AND (undone_at IS NULL OR undone_at > CAST(:known_at AS timestamptz)
               OR undone_on > :day)
        GROUP BY invoice_id, due.amount
    )
"""
"""What of each invoice was met by the end of ``:day``, as it was known at ``:known_at``. Never more
than all: a payment that came back stood until that day beside the one that took its place."""

_AGEING = f"""
    WITH {MET}, standing AS (
        SELECT shop_id, due_on, invoices.amount - coalesce(met.amount, 0) AS amount
        FROM invoices LEFT JOIN met ON met.invoice_id = invoices.id
        WHERE kind = 'invoice' AND issued_on <= :day
          AND recorded_at <= coalesce(CAST(:known_at AS timestamptz), 'infinity')
    ), aged AS (
        SELECT shop_id, sum(amount) AS invoiced,
               coalesce(sum(amount) FILTER (WHERE due_on >= :day), 0) AS not_due,
               coalesce(sum(amount) FILTER (WHERE :day - due_on BETWEEN 1 AND 30), 0) AS days_30,
               coalesce(sum(amount) FILTER (WHERE :day - due_on BETWEEN 31 AND 60), 0) AS days_60,
               coalesce(sum(amount) FILTER (WHERE :day - due_on BETWEEN 61 AND 90), 0) AS days_90,
               coalesce(sum(amount) FILTER (WHERE :day - due_on > 90), 0) AS days_older
        FROM standing GROUP BY shop_id
    ), owed AS (
        SELECT shop_id, sum(amount) AS amount FROM ({{moved}}) AS moved GROUP BY shop_id
    )
    SELECT shops.id AS shop_id, shops.slug AS shop,
           CAST(coalesce(owed.amount, 0) AS bigint) AS owed,
           CAST(coalesce(not_due, 0) AS bigint) AS not_due,
           CAST(coalesce(days_30, 0) AS bigint) AS days_30,
           CAST(coalesce(days_60, 0) AS bigint) AS days_60,
           CAST(coalesce(days_90, 0) AS bigint) AS days_90,
           CAST(coalesce(days_older, 0) AS bigint) AS days_older,
           CAST(coalesce(owed.amount, 0) - coalesce(invoiced, 0) AS bigint) AS not_invoiced
    FROM owed FULL JOIN aged USING (shop_id) JOIN shops ON shops.id = shop_id
    WHERE coalesce(owed.amount, 0) <> 0 OR coalesce(invoiced, 0) <> 0
"""  # noqa: S608 (texts of this file put together)
"""By shop. ``not_invoiced``: the open months and credit notes, less what was paid and is matched
with no invoice."""
