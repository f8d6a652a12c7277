"""What becomes of an order, told as the webhooks that its shop will send. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.catalogue.draws import number, pick, weighted
from tracker.kit.money import format_rubles

LETTERS_PER_ORDER = 1.85
"""On average, duplicates included."""

_FATES = {
    "silent": 28,
    "confirmed": 34,
    "part of it returned": 12,
    "confirmed, then part of it returned": 6,
    "returned": 8,
    "cancelled": 6,
    "updated": 6,
}
_TWICE = {1: 96, 2: 4}
_PRICES = (14_900, 29_900, 45_050, 79_900, 129_000, 219_990, 349_900)


@dataclass(frozen=True, slots=True)
class Order:
    """Somebody buys something at a shop."""

    order_id: str
    shop: str
    category: str
    click_id: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """A webhook that a shop is going to send at a business moment, ``copies`` times."""

    due: datetime
    shop: str
    webhook_id: str
    type: str
    data: Mapping[str, object]
    copies: int = 1

    def body(self) -> bytes:
        """The same bytes each time it is sent."""
        told = {"type": self.type, "timestamp": self.due.isoformat(), "data": dict(self.data)}
        return json.dumps(told).encode()


@dataclass(frozen=True, slots=True)
class _Line:
    line_id: str
    sku: str
    quantity: int
    amount: int

    def sold(self, category: str) -> dict[str, object]:
        return {**self.given_back(), "sku": self.sku, "category": category}

    def given_back(self) -> dict[str, object]:
        return {
            "line_id": self.line_id,
            "quantity": self.quantity,
            "amount": format_rubles(self.amount),
        }


def letters_of(order: Order) -> Iterator[Letter]:
    """All that the shop will ever say of an order, the order itself first."""
    key = order.order_id
    yield _letter(order, 0, order.ordered_at, "created", _whole(order, _lines(key)))
    told = _said_later(order, weighted(f"{key}:fate", _FATES))
    for place, (days, kind, data) in enumerate(told, start=1):
        minutes = number(f"{key}:{place}:minutes", 1440)
        due = order.ordered_at + timedelta(days=days, minutes=minutes)
        yield _letter(order, place, due, kind, data)


def _letter(
    order: Order, place: int, due: datetime, kind: str, data: Mapping[str, object]
) -> Letter:
    webhook_id = f"msg_{order.order_id}_{place}"
    copies = weighted(f"{webhook_id}:copies", _TWICE)
    return Letter(due, order.shop, webhook_id, f"purchase.{kind}", data, copies)


def _said_later(order: Order, fate: str) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    """Days after the order, the kind of event, and its data."""
    key = order.order_id
    named = {"order_id": key}
    days = 1 + number(f"{key}:days", 7)
    part = {**named, "return_id": f"{key}-r1", "lines": [_lines(key)[0].given_back()]}
    match fate:
        case "confirmed":
            yield days, "confirmed", named
        case "part of it returned":
            yield days, "returned", part
        case "confirmed, then part of it returned":
            yield days, "confirmed", named
            yield days + 12, "returned", part
        case "returned":
            yield days, "returned", {**named, "return_id": f"{key}-r1"}
        case "cancelled":
            yield 1, "cancelled", {**named, "reason": "changed their mind"}
        case "updated":
            yield 1, "updated", _whole(order, _lines(f"{key}:again"))


def _whole(order: Order, lines: list[_Line]) -> dict[str, object]:
    return {
        "order_id": order.order_id,
        "click_id": order.click_id,
        "ordered_at": order.ordered_at.isoformat(),
        "currency": "RUB",
        "lines": [line.sold(order.category) for line in lines],
    }


def _lines(key: str) -> list[_Line]:
    return [_line(f"{key}:{place}", str(place)) for place in range(1, 3 + number(key, 3))]


def _line(key: str, line_id: str) -> _Line:
    quantity = 1 + number(f"{key}:quantity", 3)
    sku = f"{10_000 + number(f'{key}:sku', 90_000)}"
    return _Line(line_id, sku, quantity, quantity * pick(f"{key}:price", _PRICES))
