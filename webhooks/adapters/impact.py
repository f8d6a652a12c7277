"""impact.com: actions, and updates of actions. Pure.

An action is told as it stands. Its first word, while it is pending, is dated; the verdict's word on
the amount is a ceiling and restates nothing, so that what updates took back before is not taken
back twice. An order has one action here, and an action one line.
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
from webhooks.wire.reading import Faults
from webhooks.wire.telling import Told

MAX_ROWS = 1_000
MAX_BODY = 1024 * 1024
_ONE = "1"
_STATES = ("pending", "approved", "reversed")
_TEST = "TEST_ACTION"

_REASONS = {
    "ITEM_RETURNED": RejectReason.RETURNED_GOODS,
    "MP_RETURN": RejectReason.RETURNED_GOODS,
    "ITEM_OUT_OF_STOCK": RejectReason.OUT_OF_STOCK,
    "CONS_FRAUD": RejectReason.FRAUD,
    "CONS_ERROR": RejectReason.ORDER_ERROR,
    "CONS_INFO_INVALID": RejectReason.ORDER_ERROR,
    "ORDER_ERROR": RejectReason.ORDER_ERROR,
    _TEST: RejectReason.TEST_ORDER,
}


def _read(content: Content, received_at: datetime, faults: Faults) -> tuple[PurchaseNotice, ...]:
    notices: list[PurchaseNotice] = []
    for row in _rows(decode(content.raw), faults):
        notices += _update(row, received_at) if row.has("ActionId") else _action(row, received_at)
    return tuple(notices)


def _rows(value: Any, faults: Faults) -> Iterator[LooseReader]:
    """What a list holds, ``Actions`` or ``ActionUpdates``, or one by itself."""
    if isinstance(value, list):
        yield from each(value, faults, MAX_ROWS)
        return
    body = LooseReader(value, faults)
    for name in ("Actions", "ActionUpdates"):
        if body.has(name):
            yield from body.items(name, MAX_ROWS)
            return
    yield body


def _action(row: LooseReader, received_at: datetime) -> Iterator[PurchaseNotice]:
    row.label("Id")
    state = row.choice("State", _STATES)
    told = _told(row, received_at)
    amount = row.amount("Amount")
    yield _snapshot(row, told, state, amount, received_at)
    if state == "approved":
        yield told.confirmed(amount)
    if state == "reversed" or _reason(row) == _TEST:
        yield told.cancelled(_reason(row), _meaning(row))


def _snapshot(
    row: LooseReader, told: Told, state: str, amount: int, received_at: datetime
) -> PurchaseNotice:
    """What an action says of the order.

    Pending with another amount than intended is a restatement. With a verdict only a higher amount
    is one: a lower amount is the verdict's ceiling, and what was intended is stated below all that
    bears a date.
    """
    intended = row.amount("IntendedAmount") if row.has("IntendedAmount") else amount
    is_restated = amount > intended or (state == "pending" and amount != intended)
    ordered_at = row.moment("EventDate")
    if state == "pending":
        moment = row.moment(row.first_of("UpdateDate", "CreationDate", "EventDate"))
        told = replace(told, at=moment, dated=True)
    elif is_restated:
        moment = row.moment(row.first_of("UpdateDate", "LockingDate", "EventDate"))
        told = replace(told, at=moment, dated=True)
    else:
        told = replace(told, at=received_at, dated=False)
    return replace(told, currency=row.currency("Currency")).stated(
        (Line(_ONE, 1, amount if is_restated else intended),),
        click_id=row.optional_identifier("SubId1"),
        ordered_at=ordered_at,
        is_restated=is_restated,
        whole=False,
    )


def _update(row: LooseReader, received_at: datetime) -> Iterator[PurchaseNotice]:
    """A change of an action: a new total, something taken back, or a verdict alone."""
    state = row.choice("State", _STATES) if row.has("State") else "pending"
    told = _told(row, received_at)
    total = row.optional_amount("Amount")
    change = row.signed("DeltaAmount") if row.has("DeltaAmount") else None
    reason = _reason(row)
    if state == "reversed" or reason == _TEST:
        yield told.cancelled(reason, _meaning(row))
        return
    if total is not None:
        yield _restated(row, total)
    elif change is None and state != "approved":
        row.fault("Amount", "is missing: neither it nor DeltaAmount tells what is left")
    elif change and change > 0:
        row.fault("Amount", "is missing: what is added counts by the new total, not by DeltaAmount")
    elif change:
        line = ReturnLine(_ONE, 1, -change)
        yield told.returned(row.label("Id"), (line,), reason, _meaning(row))
    if state == "approved":
        yield told.confirmed(total)


def _restated(row: LooseReader, total: int) -> PurchaseNotice:
    told = Told(
        row.label("Oid"),
        row.moment("UpdateDate"),
        dated=True,
        currency=row.currency("Currency"),
        upstream=row.written("State"),
    )
    return told.stated(
        (Line(_ONE, 1, total),),
        click_id=row.optional_identifier("SubId1"),
        ordered_at=row.moment(row.first_of("ActionDate", "EventDate")),
        is_restated=True,
        whole=False,
    )


def _told(row: LooseReader, received_at: datetime) -> Told:
    is_dated = row.has("UpdateDate")
    return Told(
        row.label("Oid"),
        row.moment("UpdateDate") if is_dated else received_at,
        dated=is_dated,
        currency=row.optional_currency("Currency"),
        upstream=row.written("State"),
    )


def _reason(row: LooseReader) -> str | None:
    return row.note(row.first_of("Reason", "StateDetail"))


def _meaning(row: LooseReader) -> RejectReason:
    return _REASONS.get(_reason(row) or "", RejectReason.OTHER)


DIALECT = Dialect(
    "impact",
    "impact.com: actions and their updates",
    _read,
    (STANDARD, HEADER_KEY, URL_KEY),
    max_body=MAX_BODY,
)
