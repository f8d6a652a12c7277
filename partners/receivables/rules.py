"""Invoices, payments and how one meets the other. Pure; sums are kopecks."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.kit.errors import Conflict, Invalid, NotFound

TASK = "invoices"
_NUMBER = re.compile(r"(?<![0-9])20[0-9]{2}-[0-9]{6}(?![0-9])")
MAX_PAYMENT_DAYS = 180
MAX_WORKBOOK_LINES = 50_000
"""Of an invoice that is made into a workbook while somebody waits."""


class InvoiceKind(StrEnum):
    """What a month of a shop came to."""

    INVOICE = "invoice"
    """The shop is to pay."""
    CREDIT_NOTE = "credit_note"
    """More was taken back than confirmed: it lessens what the shop is to pay."""


class PaymentKind(StrEnum):
    """Why a shop owes us less."""

    PAYMENT = "payment"
    """It paid."""
    WRITE_OFF = "write_off"
    """We gave it up, by two people."""


class InvoiceNotFound(NotFound):
    """There is no such invoice."""

    code = "invoice_not_found"


class InvoiceTooLong(Conflict):
    """Nobody waits for a workbook of so many lines: workers write it."""

    code = "invoice_too_long"


class PaymentNotFound(NotFound):
    """There is no such payment."""

    code = "payment_not_found"


class AllocationNotFound(NotFound):
    """No such part of a payment is matched with an invoice."""

    code = "allocation_not_found"


class PeriodStillOpen(Conflict):
    """Invoices are issued from the books of a month that is closed: only they cannot change."""

    code = "period_still_open"


class PaymentDiffers(Conflict):
    """A payment of this bank reference is known, with other figures."""

    code = "payment_differs"


class PaymentOver(Conflict):
    """The payment was reversed."""

    code = "payment_over"


class PaymentHasNoShop(Conflict):
    """Nobody has said yet which shop has paid."""

    code = "payment_has_no_shop"


class PaymentHasShop(Conflict):
    """It is known which shop has paid; move the payment if that is wrong."""

    code = "payment_has_shop"


class PaymentNotYet(Invalid):
    """A payment is written down on its day or later."""

    code = "payment_not_yet"


class NotPaid(Conflict):
    """What was given up was never paid: it is of that shop and that invoice alone."""

    code = "not_paid"


class AllocationTooLarge(Conflict):
    """More than is left of the payment, or open of the invoice."""

    code = "allocation_too_large"


class InvoiceOfAnother(Conflict):
    """The invoice is another shop's, or a credit note."""

    code = "invoice_of_another"


class ShopNamedUnknown(Invalid):
    """What was told names a shop that there is not."""

    code = "shop_named_unknown"


OURS = re.compile(r"proposal:\d+|.*\(payment \d+\)")
"""Numbers of payments that we give ourselves: written off, or moved to another shop."""


class TermsInvalid(Invalid):
    """A shop's terms of payment are not possible."""

    code = "terms_invalid"


@dataclass(frozen=True, slots=True)
class Open:
    """An invoice of which something is not paid yet."""

    id: int
    number: str
    due_on: date
    amount: int
    """What is open of it."""


@dataclass(frozen=True, slots=True)
class Part:
    """So much of a payment, for an invoice."""

    invoice_id: int
    amount: int


def numbers_in(purpose: str) -> tuple[str, ...]:
    """The invoices that the purpose of a payment names, in its order, each once."""
    return tuple(dict.fromkeys(_NUMBER.findall(purpose)))


def matched(amount: int, purpose: str, invoices: Collection[Open]) -> list[Part]:
    """How a payment meets a shop's open invoices: those that it names, in its order; else the one
    whose open amount it is to the kopeck, if there is one only. What is left is for staff."""
    by_number = {one.number: one for one in invoices}
    named = numbers_in(purpose)
    if named:
        return spread(amount, [by_number[one] for one in named if one in by_number])
    same = [one for one in invoices if one.amount == amount]
    return spread(amount, same) if len(same) == 1 else []


def oldest_first(amount: int, invoices: Iterable[Open]) -> list[Part]:
    """A payment spread over the invoices that were due first."""
    return spread(amount, sorted(invoices, key=lambda one: (one.due_on, one.number)))


def spread(amount: int, invoices: Sequence[Open]) -> list[Part]:
    """So much over invoices in this order, none above what is open of it."""
    parts = []
    for one in invoices:
        taken = min(amount, one.amount)
        if taken > 0:
            parts.append(Part(one.id, taken))
            amount -= taken
    return parts


def covered(spent: int, paid: int, commission: int) -> int:
    """Kopecks of what members were paid that the shop's money for a month's purchases stands for:
    the same share of both, rounded down. Where the shop owes nothing for them, all."""
    if commission <= 0:
        return spent
    return spent * min(paid, commission) // commission
