"""Giving up what a shop owes, as an act that takes two people."""

from sqlalchemy.orm import Session

from partners.receivables.matching import allocate
from partners.receivables.payments import Paid, take
from partners.receivables.queries import invoice_of, lock_shop, open_invoices
from partners.receivables.rules import AllocationTooLarge, Part, PaymentKind
from partners.shops.models import Shop
from tracker.kit.clock import moscow_date
from tracker.kit.money import format_rubles
from tracker.kit.runtime import Runtime
from tracker.proposals.contracts import Action, Approved, Facts, Unit
from tracker.staff.rules import Role


def payload_of(invoice_id: int, amount: int) -> Facts:
    """What is proposed: so many kopecks of an invoice."""
    return {"invoice_id": invoice_id, "amount": amount}


def _seen(session: Session, payload: Facts) -> Facts:
    """Whose invoice it is, and what is open. Raises InvoiceNotFound and AllocationTooLarge."""
    invoice = invoice_of(session, payload["invoice_id"])
    lock_shop(session, invoice.shop_id)
    still = {one.id: one.amount for one in open_invoices(session, invoice.shop_id)}
    left = still.get(invoice.id, 0)
    if payload["amount"] > left:
        raise AllocationTooLarge(f"{format_rubles(left)} RUB is open of {invoice.number}")
    shop = session.get_one(Shop, invoice.shop_id).slug
    return {"number": invoice.number, "shop": shop, "open": left}


def _carry_out(session: Session, _: Runtime, what: Approved) -> None:
    invoice = invoice_of(session, what.payload["invoice_id"])
    given_up = Paid(
        bank_reference=f"proposal:{what.proposal_id}",
        amount=what.payload["amount"],
        received_on=moscow_date(what.now),
        payer="",
        purpose=what.reason,
        shop_id=invoice.shop_id,
    )
    who, kind = what.approved_by, PaymentKind.WRITE_OFF
    made, _fresh = take(session, given_up, who, what.now, kind, match=False)
    allocate(session, made.id, [Part(invoice.id, made.amount)], who)


WRITING_OFF = Action(
    name="receivable.write_off",
    about="Give up what a shop owes of an invoice: it is our loss",
    units={"invoice_id": Unit.PLAIN, "amount": Unit.KOPECKS, "open": Unit.KOPECKS},
    seen=_seen,
    carry_out=_carry_out,
    proposes=Role.OPERATOR,
    approves=Role.APPROVER,
)
