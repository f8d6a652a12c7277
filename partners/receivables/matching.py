"""Which invoices payments and credit notes are for. The caller owns the unit of work.

Whoever changes anything locks the payment, then all that is open of its shop.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from partners.receivables.models import Allocation, Invoice, ShopPayment
from partners.receivables.queries import left_of, lock_shop, open_invoices
from partners.receivables.rules import (
    AllocationNotFound,
    AllocationTooLarge,
    InvoiceKind,
    InvoiceNotFound,
    InvoiceOfAnother,
    NotPaid,
    Part,
    PaymentHasNoShop,
    PaymentKind,
    PaymentNotFound,
    PaymentOver,
    oldest_first,
)
from tracker.audit.service import record
from tracker.kit.money import format_rubles


def allocate(
    session: Session, payment_id: int, parts: Sequence[Part] | None, who: str
) -> Sequence[Allocation]:
    """Say which invoices a payment is for; None: those that were due first.

    Raises PaymentNotFound, PaymentOver, PaymentHasNoShop, InvoiceNotFound, InvoiceOfAnother and
    AllocationTooLarge.
    """
    found = locked(session, payment_id)
    if found.shop_id is None:
        raise PaymentHasNoShop
    left = left_of(session, found)
    if parts is None:
        lock_shop(session, found.shop_id)
        parts = oldest_first(left, open_invoices(session, found.shop_id))
    if sum(part.amount for part in parts) > left:
        raise AllocationTooLarge(f"{format_rubles(left)} RUB is left of payment {payment_id}")
    return place(session, found.shop_id, parts, who, payment_id=payment_id)


def set_off(
    session: Session, credit_note_id: int, parts: Sequence[Part] | None, who: str
) -> Sequence[Allocation]:
    """Let a credit note lessen invoices; None: those that were due first.

    Raises InvoiceNotFound, InvoiceOfAnother and AllocationTooLarge.
    """
    note = session.get(Invoice, credit_note_id)
    if note is None:
        raise InvoiceNotFound
    if note.kind != InvoiceKind.CREDIT_NOTE:
        raise InvoiceOfAnother(f"{note.number} is no credit note")
    lock_shop(session, note.shop_id)
    left = left_of(session, note)
    if parts is None:
        parts = oldest_first(left, open_invoices(session, note.shop_id))
    if sum(part.amount for part in parts) > left:
        raise AllocationTooLarge(f"{format_rubles(left)} RUB is left of {note.number}")
    return place(session, note.shop_id, parts, who, credit_note_id=credit_note_id)


def undo(session: Session, allocation_id: int, who: str, reason: str) -> Allocation:
    """Take a part of a payment back from its invoice.

    Raises AllocationNotFound, ReasonMissing and, for what two people gave up, NotPaid.
    """
    found = session.get(Allocation, allocation_id, with_for_update=True, populate_existing=True)
    if found is None or found.undone_at is not None:
        raise AllocationNotFound
    paid = session.get(ShopPayment, found.payment_id) if found.payment_id else None
    if paid is not None and paid.kind != PaymentKind.PAYMENT:
        raise NotPaid(f"{paid.bank_reference} was given up of this very invoice: reverse it")
    found.undone_by, found.undone_at = who, session.scalar(select(func.clock_timestamp()))
    session.flush()
    told = {"invoice_id": found.invoice_id, "amount": found.amount}
    record(
        session,
        who,
        "payment.unmatch",
        f"payment:{found.payment_id}" if found.payment_id else f"invoice:{found.credit_note_id}",
        reason=reason,
        before=told,
    )
    return found


def place(
    session: Session,
    shop_id: int,
    parts: Iterable[Part],
    who: str,
    *,
    payment_id: int | None = None,
    credit_note_id: int | None = None,
) -> Sequence[Allocation]:
    """Match parts of a payment, or of a credit note, with open invoices of its shop.

    Raises InvoiceNotFound, InvoiceOfAnother and AllocationTooLarge.
    """
    lock_shop(session, shop_id)
    open_ = {one.id: one.amount for one in open_invoices(session, shop_id)}
    made = []
    for part in sorted(parts, key=lambda one: one.invoice_id):
        invoice = session.get(Invoice, part.invoice_id)
        if invoice is None:
            raise InvoiceNotFound
        if invoice.shop_id != shop_id or invoice.kind != InvoiceKind.INVOICE:
            raise InvoiceOfAnother
        left = open_.get(invoice.id, 0)
        if part.amount > left:
            raise AllocationTooLarge(f"{format_rubles(left)} RUB is open of {invoice.number}")
        open_[invoice.id] = left - part.amount
        one = Allocation(
            payment_id=payment_id,
            credit_note_id=credit_note_id,
            invoice_id=invoice.id,
            amount=part.amount,
            made_by=who,
        )
        session.add(one)
        session.flush()
        made.append(one)
        told = {"invoice": invoice.number, "amount": part.amount}
        subject = f"payment:{payment_id}" if payment_id else f"invoice:{credit_note_id}"
        record(session, who, "payment.match", subject, after=told)
    return made


def locked(session: Session, payment_id: int) -> ShopPayment:
    """A payment, until the end nobody else's. Raises PaymentNotFound and PaymentOver."""
    found = session.get(ShopPayment, payment_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise PaymentNotFound
    if found.reversed_at is not None:
        raise PaymentOver
    return found
