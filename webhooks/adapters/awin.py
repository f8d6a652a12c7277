"""Awin: orders, the validation batch, and the publisher's transaction notification. Pure.

None of them tells when it was sent. An order goes by the advertiser's own reference; Awin's number
of a transaction is unknown here, but for a notification that brings no reference.
"""

from datetime import datetime
from typing import Any

from partners.intake.contracts import PurchaseNotice
from tracker.kit.money import MAX_KOPECKS, format_rubles
from tracker.kit.strict_json import decode
from tracker.purchases.contracts import Line, RejectReason
from webhooks.errors import EventInvalid
from webhooks.schemes.keys import HEADER_KEY, URL_KEY
from webhooks.schemes.standard import STANDARD
from webhooks.wire import forms
from webhooks.wire.dialect import MAX_NOTICES, Dialect
from webhooks.wire.letters import Content, Shape
from webhooks.wire.loose import LooseReader, each
from webhooks.wire.reading import Faults
from webhooks.wire.telling import Told

MAX_ORDERS = 1_000
MAX_BODY = 8 * 1024 * 1024
PUSH_FIELD = "AwinTransactionPush"
_ONE = "1"

_ACTIONS = ("approve", "decline", "amend")
_PUSHED = ("pending", "approved", "declined", "deleted")

_REASONS = {
    "order returned": RejectReason.RETURNED_GOODS,
    "returned": RejectReason.RETURNED_GOODS,
    "order cancelled": RejectReason.CANCELLED,
    "cancelled": RejectReason.CANCELLED,
    "canceled": RejectReason.CANCELLED,
    "duplicate": RejectReason.DUPLICATE,
    "duplicate order": RejectReason.DUPLICATE,
    "out of stock": RejectReason.OUT_OF_STOCK,
    "payment failed": RejectReason.PAYMENT_FAILED,
    "fraud": RejectReason.FRAUD,
    "test": RejectReason.TEST_ORDER,
    "test order": RejectReason.TEST_ORDER,
}
"""Free text by its meaning, where it is one that is often written."""


def _read(content: Content, received_at: datetime, faults: Faults) -> tuple[PurchaseNotice, ...]:
    if content.shape is Shape.FORM:
        return _pushed(content.raw, faults, received_at)
    return _told(decode(content.raw), faults, received_at)


def _told(value: Any, faults: Faults, at: datetime) -> tuple[PurchaseNotice, ...]:
    if isinstance(value, list):
        items = each(value, faults, MAX_NOTICES)
        return tuple(_validated(item, at) for item in items)
    body = LooseReader(value, faults)
    if body.has("action"):
        return (_validated(body, at),)
    return tuple(_ordered(order, at) for order in body.items("orders", MAX_ORDERS))


def _ordered(order: LooseReader, at: datetime) -> PurchaseNotice:
    """One order as it was placed."""
    told = Told(order.label("orderReference"), at, currency=order.currency("currency"))
    return told.stated(
        _lines(order),
        click_id=order.optional_identifier("awc"),
        ordered_at=order.unix("transactionTime") if order.has("transactionTime") else at,
    )


def _lines(order: LooseReader) -> tuple[Line, ...]:
    total = order.amount("amount")
    if not order.has("commissionGroups"):
        return (Line(_ONE, 1, total),)
    groups = order.items("commissionGroups")
    lines = tuple(Line(group.label("code"), 1, group.amount("amount")) for group in groups)
    if len({line.line_id for line in lines}) < len(lines):
        order.fault("commissionGroups", "a code stands twice")
    together = sum(line.amount for line in lines)
    if together != total or together > MAX_KOPECKS:
        why = f"is not what its commission groups come to, {format_rubles(together)}"
        order.fault("amount", why)
    return lines


def _validated(item: LooseReader, at: datetime) -> PurchaseNotice:
    """A verdict. What was amended is taken when it is approved as well: for no more than that."""
    word = item.choice("action", _ACTIONS)
    transaction = item.inner("transaction")
    told = Told(
        _reference(transaction),
        at,
        currency=transaction.optional_currency("currency"),
        upstream=item.written("action"),
    )
    if word == "decline":
        note = transaction.note("declineReason") or item.note("declineReason")
        return told.cancelled(note, _meaning(note))
    if word == "amend":
        if not item.flag("approve", otherwise=False):
            item.fault("approve", "must be true: what is amended only is no verdict")
        return told.confirmed(transaction.amount("saleAmount"))
    return told.confirmed()


def _reference(transaction: LooseReader) -> str:
    if transaction.has("transactionId") and not transaction.has("orderRef"):
        transaction.fault("orderRef", "is missing: orders are known by it, not by transactionId")
        return ""
    return transaction.label("orderRef")


def _pushed(raw: bytes, faults: Faults, at: datetime) -> tuple[PurchaseNotice, ...]:
    """A transaction as a publisher is told of it."""
    fields = forms.decode(raw)
    if PUSH_FIELD not in fields:
        raise EventInvalid("The event was read and is wrong.", fields={PUSH_FIELD: "is missing"})
    push = LooseReader(decode(fields[PUSH_FIELD].encode()), faults)
    status = "commissionStatus"
    word = push.choice(status, _PUSHED) if push.has(status) else "pending"
    amount = push.amount("transactionAmount")
    told = Told(
        push.label(push.first_of("orderRef", "transactionId")),
        at,
        currency=push.currency("transactionCurrency"),
        upstream=push.written(status),
        feed="push",
    )
    stated = told.stated(
        (Line(_ONE, 1, amount),),
        click_id=push.optional_identifier("clickRef"),
        ordered_at=push.moment_in_utc("transactionDate"),
        is_restated=word != "pending",
    )
    if word == "approved":
        return (stated, told.confirmed(amount))
    if word in ("declined", "deleted"):
        note = push.note("declineReason")
        return (stated, told.cancelled(note, _meaning(note)))
    return (stated,)


def _meaning(note: str | None) -> RejectReason:
    return _REASONS.get((note or "").strip().lower(), RejectReason.OTHER)


DIALECT = Dialect(
    "awin",
    "Awin: orders, validation batches, transaction notifications",
    _read,
    (STANDARD, HEADER_KEY, URL_KEY),
    frozenset({Shape.JSON, Shape.FORM}),
    max_body=MAX_BODY,
)
