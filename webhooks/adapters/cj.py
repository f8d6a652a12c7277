"""CJ: rows of commission detail, in which every correction is a row of its own. Pure.

The action is the line: what its correction rows take back is a return of that line.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from partners.intake.contracts import PurchaseNotice
from tracker.kit.strict_json import decode
from tracker.purchases.contracts import Line, RejectReason, ReturnLine
from webhooks.schemes.keys import HEADER_KEY, URL_KEY
from webhooks.schemes.standard import STANDARD
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content
from webhooks.wire.loose import LooseReader, each
from webhooks.wire.reading import MAX_ID_BYTES, Faults
from webhooks.wire.telling import Told

MAX_ROWS = 1_000
MAX_BODY = 1024 * 1024
SEPARATOR = ":"
"""Between the three parts of an order's number; the two behind it are CJ's, and never have one."""

_STATUSES = ("new", "extended", "locked", "closed")

_REASONS = {
    "returnedmerchandise": RejectReason.RETURNED_GOODS,
    "duplicateorder": RejectReason.DUPLICATE,
    "duplicatedorder": RejectReason.DUPLICATE,
    "baddebt": RejectReason.PAYMENT_FAILED,
    "bankruptcy": RejectReason.PAYMENT_FAILED,
    "invalidcreditcard": RejectReason.PAYMENT_FAILED,
    "cannotshipsoldout": RejectReason.OUT_OF_STOCK,
    "cantshiporsoldout": RejectReason.OUT_OF_STOCK,
    "bookingcanceled": RejectReason.CANCELLED,
}
"""By their letters alone: CJ writes ReturnedMerchandise here and RETURNED_MERCHANDISE there."""


def _read(content: Content, received_at: datetime, faults: Faults) -> tuple[PurchaseNotice, ...]:
    rows = _rows(decode(content.raw), faults)
    return tuple(notice for row in rows for notice in _notices(row, received_at))


def _rows(value: Any, faults: Faults) -> Iterator[LooseReader]:
    """The rows of a list, of ``records``, of an answer of CJ's own interface, or one by itself."""
    if isinstance(value, list):
        yield from each(value, faults, MAX_ROWS)
        return
    body = LooseReader(value, faults)
    if body.has("data") and isinstance(value["data"], dict) and len(value["data"]) == 1:
        (name,) = value["data"]
        yield from body.inner("data").inner(name).items("records", MAX_ROWS)
    elif body.has("records") or not body.has("orderId"):
        yield from body.items("records", MAX_ROWS)
    else:
        yield body


def _notices(row: LooseReader, received_at: datetime) -> Iterator[PurchaseNotice]:
    own_id = row.label(row.first_of("commissionId", "actionId"))
    amount = row.signed(row.first_of("saleAmount", "saleAmountPubCurrency"))
    is_original = row.flag("original", otherwise=amount >= 0 and not row.has("correctionReason"))
    status = row.choice("actionStatus", _STATUSES)
    ordered_at = row.moment("eventDate")
    currency = row.first_of("currency", "pubCurrency")
    told = Told(
        _order_id(row),
        row.moment("postingDate") if row.has("postingDate") else ordered_at,
        dated=True,
        currency=row.optional_currency(currency) if amount < 0 else row.currency(currency),
        upstream=row.written("actionStatus"),
    )
    if amount < 0:
        if is_original:
            row.fault("original", "an original row is not below zero")
        line = ReturnLine(row.label("originalActionId"), 1, -amount)
        reason = row.note("correctionReason")
        yield told.returned(own_id, (line,), reason, _meaning(reason))
        return
    yield told.stated(
        (Line(_action(row, own_id) if is_original else own_id, 1, amount),),
        click_id=row.optional_identifier(row.first_of("shopperId", "sid")),
        ordered_at=ordered_at,
        whole=False,
    )
    if status == "closed":
        # Prepared for payment: nothing is taken back any more.
        is_dated = row.has("lockingDate")
        at = row.moment("lockingDate") if is_dated else received_at
        yield replace(told, at=at, dated=is_dated).confirmed()


def _meaning(reason: str | None) -> RejectReason:
    return _REASONS.get((reason or "").replace("_", "").lower(), RejectReason.OTHER)


def _action(row: LooseReader, own_id: str) -> str:
    """What corrections will call an original row."""
    return row.optional_label("originalActionId") or own_id


def _order_id(row: LooseReader) -> str:
    enterprise = row.first_of("enterpriseId", "advertiserId")
    parts = [row.label("orderId"), row.label("actionTrackerId"), row.label(enterprise)]
    for name, part in (("actionTrackerId", parts[1]), (enterprise, parts[2])):
        if SEPARATOR in part:
            row.fault(name, f"must not contain {SEPARATOR!r}")
    order_id = SEPARATOR.join(parts)
    if len(order_id.encode()) > MAX_ID_BYTES:
        row.fault("orderId", f"is too long: with tracker and enterprise {MAX_ID_BYTES} bytes")
    return order_id


DIALECT = Dialect(
    "cj",
    "CJ: commission detail, original rows and corrections",
    _read,
    (STANDARD, HEADER_KEY, URL_KEY),
    max_body=MAX_BODY,
)
