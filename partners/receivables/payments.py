"""What shops pay. The caller owns the unit of work.

Whoever changes anything locks the payment, then all that is open of its shop.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from partners.receivables.matching import locked, place
from partners.receivables.models import Allocation, Invoice, ShopPayment
from partners.receivables.queries import lock_shop, open_invoices
from partners.receivables.rules import (
    NotPaid,
    PaymentDiffers,
    PaymentHasNoShop,
    PaymentHasShop,
    PaymentKind,
    PaymentNotYet,
    matched,
    numbers_in,
)
from tracker.audit.service import record
from tracker.kit.clock import moscow_date, moscow_midnight
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
    now: datetime,
    kind: PaymentKind = PaymentKind.PAYMENT,
    *,
    match: bool = True,
) -> tuple[ShopPayment, bool]:
    """Write down a payment, once for each bank reference, and ``match`` it with invoices if it says
    which; whether it is new.

    Whose it is, where the line does not say so, the invoices tell that its purpose names. Raises
    PaymentNotYet and PaymentDiffers.
    """
    if paid.received_on > moscow_date(now):
        raise PaymentNotYet(f"{paid.bank_reference}: {paid.received_on} is still to come")
    shop_id = paid.shop_id or _shop_named_in(session, paid.purpose)
    if shop_id is not None:
        # Before the line: whoever has written one down waits for nobody.
        lock_shop(session, shop_id)
    values = {**asdict(paid), "shop_id": shop_id, "kind": str(kind), "recorded_by": who}
    statement = insert(ShopPayment).values(values).on_conflict_do_nothing()
    fresh = session.scalar(statement.returning(ShopPayment.id))
    if fresh is None:
        return _the_same(session, paid, kind), False
    found = session.get_one(ShopPayment, fresh)
    told = {"amount": found.amount, "shop_id": shop_id, "bank_reference": found.bank_reference}
    record(session, who, "payment.record", f"payment:{found.id}", after=told)
    if shop_id is not None:
        _credit(session, found, who, match=match)
    return found, True


def assign(session: Session, payment_id: int, shop_id: int, who: str) -> ShopPayment:
    """Say whose payment it is. Raises PaymentNotFound, PaymentOver and PaymentHasShop."""
    found = locked(session, payment_id)
    if found.shop_id is not None:
        raise PaymentHasShop
    found.shop_id = shop_id
    session.flush()
    record(session, who, "payment.assign", f"payment:{payment_id}", after={"shop_id": shop_id})
    _credit(session, found, who, match=True)
    return found


def move(
    session: Session, payment_id: int, shop_id: int, who: str, *, reason: str, now: datetime
) -> ShopPayment:
    """The payment is another shop's: it is reversed, and stands anew as that shop's; the new one.

    The bank's number stays with the first, so that its file, read again, books nothing. Raises
    PaymentNotFound, PaymentOver, PaymentHasNoShop, PaymentHasShop, NotPaid and ReasonMissing.
    """
    found = locked(session, payment_id)
    if found.kind != PaymentKind.PAYMENT:
        raise NotPaid
    if found.shop_id is None:
        raise PaymentHasNoShop
    if found.shop_id == shop_id:
        raise PaymentHasShop
    _reverse(session, found, who, reason, now, since=found.received_on)
    anew = Paid(
        bank_reference=f"{found.bank_reference} (payment {found.id})",
        amount=found.amount,
        received_on=found.received_on,
        payer=found.payer,
        purpose=found.purpose,
        shop_id=shop_id,
    )
    return take(session, anew, who, now)[0]


def reverse(session: Session, payment_id: int, who: str, reason: str, now: datetime) -> ShopPayment:
    """The payment was another's, or was sent back: the shop owes it again, and so do its invoices.

    Raises PaymentNotFound, PaymentOver and ReasonMissing.
    """
    found = locked(session, payment_id)
    return _reverse(session, found, who, reason, now, since=moscow_date(now))


def _reverse(
    session: Session, found: ShopPayment, who: str, reason: str, now: datetime, *, since: date
) -> ShopPayment:
    """``since``: the business date from which on the shop has not paid it."""
    payment_id = found.id
    session.execute(
        update(Allocation)
        .where(Allocation.payment_id == payment_id, Allocation.undone_at.is_(None))
        .values(undone_at=func.clock_timestamp(), undone_by=who, undone_on=since)
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
            max(moscow_midnight(since), moscow_midnight(found.received_on)),
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
        place(session, found.shop_id, parts, who, payment_id=found.id)


def _the_same(session: Session, paid: Paid, kind: PaymentKind) -> ShopPayment:
    query = select(ShopPayment).where(ShopPayment.bank_reference == paid.bank_reference)
    found = session.scalars(query).one()
    said = (kind, paid.amount, paid.received_on)
    of_another = paid.shop_id is not None and found.shop_id not in (None, paid.shop_id)
    known = (found.kind, found.amount, found.received_on)
    if said != known or of_another:
        raise PaymentDiffers(f"{paid.bank_reference} is payment {found.id}, with other figures")
    return found


def _shop_named_in(session: Session, purpose: str) -> int | None:
    numbers = numbers_in(purpose)
    shops = set(session.scalars(select(Invoice.shop_id).where(Invoice.number.in_(numbers))))
    return shops.pop() if len(shops) == 1 else None
