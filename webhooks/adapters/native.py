"""Our own dialect, as the contract lays it down. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.kit.money import MAX_KOPECKS
from tracker.kit.strict_json import decode
from tracker.purchases.contracts import Line, ReturnLine
from webhooks.schemes.standard import STANDARD
from webhooks.wire.dialect import Dialect
from webhooks.wire.letters import Content, Shape
from webhooks.wire.reading import Faults, Reader

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands for the receipt: each of our own events tells its moments itself."""

_KINDS = {f"purchase.{kind}": kind for kind in NoticeKind}


def read(body: bytes) -> PurchaseNotice:
    """The notice in a body. Raises NotStrictJson, and EventInvalid with every field at fault."""
    (notice,) = DIALECT.read(Content(Shape.JSON, body), _NEVER)
    return notice


def _notice(value: Any, faults: Faults) -> PurchaseNotice:
    event = Reader(value, faults)
    kind = _KINDS[event.word("type", tuple(_KINDS))]
    at = event.moment("timestamp")
    data = event.inner("data")
    order_id = data.identifier("order_id")
    match kind:
        case NoticeKind.CREATED | NoticeKind.UPDATED:
            return PurchaseNotice(
                kind,
                at,
                order_id,
                click_id=data.optional_identifier("click_id"),
                ordered_at=data.moment("ordered_at"),
                currency=data.currency("currency"),
                lines=_lines(data),
            )
        case NoticeKind.CONFIRMED:
            return PurchaseNotice(kind, at, order_id)
        case NoticeKind.RETURNED:
            return PurchaseNotice(
                kind,
                at,
                order_id,
                return_id=data.identifier("return_id"),
                return_lines=_return_lines(data) if data.has("lines") else None,
                reason=data.optional_text("reason"),
            )
        case NoticeKind.CANCELLED:
            return PurchaseNotice(kind, at, order_id, reason=data.optional_text("reason"))


def _lines(data: Reader) -> tuple[Line, ...]:
    lines = tuple(
        Line(
            item.identifier("line_id"),
            item.count("quantity"),
            item.money("amount"),
            item.optional_text("sku"),
            item.optional_text("category"),
        )
        for item in data.items("lines")
    )
    if len({line.line_id for line in lines}) < len(lines):
        data.fault("lines", "a line_id stands twice")
    _bound(data, lines)
    return lines


def _return_lines(data: Reader) -> tuple[ReturnLine, ...]:
    lines = tuple(
        ReturnLine(item.identifier("line_id"), item.count("quantity"), item.money("amount"))
        for item in data.items("lines")
    )
    _bound(data, lines)
    return lines


def _bound(data: Reader, lines: Iterable[Line | ReturnLine]) -> None:
    """Each sum is one that we count; so must be what they come to, by the line and together."""
    if sum(line.amount for line in lines) > MAX_KOPECKS:
        data.fault("lines", "come to more than a trillion roubles")


def _read(content: Content, _: datetime, faults: Faults) -> tuple[PurchaseNotice, ...]:
    return (_notice(decode(content.raw), faults),)


DIALECT = Dialect("native", "our own JSON, signed as Standard Webhooks", _read, (STANDARD,))
