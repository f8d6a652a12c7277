"""What shops pay, and which invoices it is for. The caller owns the unit of work.

Whoever changes anything locks the payment, then the invoices in the order of their ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from partners.receivables.models import Allocation, Invoice, ShopPayment
from partners.receivables.queries import left_of, lock_shop, open_invoices
from partners.receivables.rules import (
    AllocationNotFound,
    AllocationTooLarge,
    InvoiceKind,
    InvoiceNotFound,
    InvoiceOfAnother,
    Part,
    PaymentDiffers,
    PaymentHasNoShop,
    PaymentHasShop,
    PaymentKind,
    PaymentNotFound,
    PaymentOver,
    matched,
    numbers_in,
    oldest_first,
)
from tracker.audit.service import record
from tracker.kit.clock import moscow_midnight
from tracker.ledger.rules import HOUSE, Account, Kind, Leg, posting
from tracker.ledger.service import post

_POSTED = {
    PaymentKind.PAYMENT: (Kind.SHOP_PAID, Account.BANK),
    PaymentKind.WRITE_OFF: (Kind.RECEIVABLE_WRITTEN_OFF, Account.WRITE_OFFS),
}


@dataclass(frozen=True, slots=True)
class Paid:
    """A line of the bank's."""

    bank_reference: str
    amount: int
    """Kopecks."""
    received_on: date
    payer: str
    purpose: str
    shop_id: int | None = None
    """None: its invoices' numbers may tell."""


def take(
    session: Session,
    paid: Paid,
    who: str,
    kind: PaymentKind = PaymentKind.PAYMENT,
    *,
    match: bool = True,
) -> tuple[ShopPayment, bool]:
    """Write down a payment, once for each bank reference, and ``match`` it with invoices if it says
    which; whether it is new.

    Whose it is, where the line does not say so, the invoices tell that its purpose names. Raises
    PaymentDiffers.
    """
    shop_id = paid.shop_id or _shop_named_in(session, paid.purpose)
    values = {**asdict(paid), "shop_id": shop_id, "kind": str(kind), "recorded_by": who}
    statement = insert(ShopPayment).values(values).on_conflict_do_nothing()
    fresh = session.scalar(statement.returning(ShopPayment.id))
    if fresh is None:
        return _the_same(session, paid), False
    found = session.get_one(ShopPayment, fresh)
    told = {"amount": found.amount, "shop_id": shop_id, "bank_reference": found.bank_reference}
    record(session, who, "payment.record", f"payment:{found.id}", after=told)
    if shop_id is not None:
        _credit(session, found, who, match=match)
    return found, True


def assign(session: Session, payment_id: int, shop_id: int, who: str) -> ShopPayment:
    """Say whose payment it is. Raises PaymentNotFound, PaymentOver and PaymentHasShop."""
    found = _locked(session, payment_id)
    if found.shop_id is not None:
        raise PaymentHasShop
    found.shop_id = shop_id
    session.flush()
    record(session, who, "payment.assign", f"payment:{payment_id}", after={"shop_id": shop_id})
    _credit(session, found, who, match=True)
    return found


def allocate(
    session: Session, payment_id: int, parts: Sequence[Part] | None, who: str
) -> Sequence[Allocation]:
    """Say which invoices a payment is for; None: those that were due first.

    Raises PaymentNotFound, PaymentOver, PaymentHasNoShop, InvoiceNotFound, InvoiceOfAnother and
    AllocationTooLarge.
    """
    found = _locked(session, payment_id)
    if found.shop_id is None:
        raise PaymentHasNoShop
    left = left_of(session, found)
    if parts is None:
        lock_shop(session, found.shop_id)
        parts = oldest_first(left, open_invoices(session, found.shop_id))
    if sum(part.amount for part in parts) > left:
        raise AllocationTooLarge(f"{left} kopecks are left of payment {payment_id}")
    return _place(session, found.shop_id, parts, who, payment_id=payment_id)


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
        raise AllocationTooLarge(f"{left} kopecks are left of {note.number}")
    return _place(session, note.shop_id, parts, who, credit_note_id=credit_note_id)


def undo(session: Session, allocation_id: int, who: str, reason: str) -> Allocation:
    """Take a part of a payment back from its invoice. Raises AllocationNotFound, ReasonMissing."""
    found = session.get(Allocation, allocation_id, with_for_update=True, populate_existing=True)
    if found is None or found.undone_at is not None:
        raise AllocationNotFound
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


def reverse(session: Session, payment_id: int, who: str, reason: str, now: datetime) -> ShopPayment:
    """The payment was another's, or was sent back: the shop owes it again, and so do its invoices.

    Raises PaymentNotFound, PaymentOver and ReasonMissing.
    """
    found = _locked(session, payment_id)
    session.execute(
        update(Allocation)
        .where(Allocation.payment_id == payment_id, Allocation.undone_at.is_(None))
        .values(undone_at=func.clock_timestamp(), undone_by=who)
    )
    found.reversed_by, found.reversed_at = who, now
    session.flush()
    if found.shop_id is not None:
        kind, account = _POSTED[PaymentKind(found.kind)]
        legs = (
            Leg(Account.SHOP_RECEIVABLE, found.shop_id, found.amount),
            Leg(account, HOUSE, -found.amount),
        )
        one = posting(
            f"shop-payment:{found.id}:reversed",
            Kind.SHOP_PAYMENT_REVERSED,
            now,
            legs,
            corrects=f"shop-payment:{found.id}:{kind}",
        )
        post(session, [one] if one else [])
    record(
        session,
        who,
        "payment.reverse",
        f"payment:{payment_id}",
        reason=reason,
        before={"amount": found.amount, "shop_id": found.shop_id},
    )
    return found


def _credit(session: Session, found: ShopPayment, who: str, *, match: bool) -> None:
    """The shop owes so much less; and the invoices that the payment says are met."""
    if found.shop_id is None:
        raise PaymentHasNoShop
    kind, account = _POSTED[PaymentKind(found.kind)]
    legs = (
        Leg(account, HOUSE, found.amount),
        Leg(Account.SHOP_RECEIVABLE, found.shop_id, -found.amount),
    )
    at = moscow_midnight(found.received_on)
    one = posting(f"shop-payment:{found.id}:{kind}", kind, at, legs)
    post(session, [one] if one else [])
    if not match:
        return
    lock_shop(session, found.shop_id)
    parts = matched(found.amount, found.purpose, open_invoices(session, found.shop_id))
    if parts:
        _place(session, found.shop_id, parts, who, payment_id=found.id)


def _place(
    session: Session,
    shop_id: int,
    parts: Iterable[Part],
    who: str,
    *,
    payment_id: int | None = None,
    credit_note_id: int | None = None,
) -> Sequence[Allocation]:
    lock_shop(session, shop_id)
    known = {one.id: one for one in open_invoices(session, shop_id)}
    made = []
    for part in sorted(parts, key=lambda one: one.invoice_id):
        invoice = session.get(Invoice, part.invoice_id)
        if invoice is None:
            raise InvoiceNotFound
        if invoice.shop_id != shop_id or invoice.kind != InvoiceKind.INVOICE:
            raise InvoiceOfAnother
        left = known[invoice.id].amount if invoice.id in known else 0
        if part.amount > left:
            raise AllocationTooLarge(f"{left} kopecks are open of {invoice.number}")
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


def _the_same(session: Session, paid: Paid) -> ShopPayment:
    query = select(ShopPayment).where(ShopPayment.bank_reference == paid.bank_reference)
    found = session.scalars(query).one()
    said = (paid.amount, paid.received_on, paid.purpose)
    of_another = paid.shop_id is not None and found.shop_id not in (None, paid.shop_id)
    if said != (found.amount, found.received_on, found.purpose) or of_another:
        raise PaymentDiffers(f"{paid.bank_reference} is payment {found.id}, with other figures")
    return found


def _locked(session: Session, payment_id: int) -> ShopPayment:
    found = session.get(ShopPayment, payment_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise PaymentNotFound
    if found.reversed_at is not None:
        raise PaymentOver
    return found


def _shop_named_in(session: Session, purpose: str) -> int | None:
    numbers = numbers_in(purpose)
    shops = set(session.scalars(select(Invoice.shop_id).where(Invoice.number.in_(numbers))))
    return shops.pop() if len(shops) == 1 else None
