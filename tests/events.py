"""What shops say, in the words of the contract; and the days and sums that stories are told in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tracker.kit.clock import MOSCOW
from tracker.kit.money import format_rubles

EPOCH = datetime(2010, 12, 1, tzinfo=MOSCOW)
"""Where stories begin."""


def day(number: float) -> datetime:
    """A moment so many days into the story."""
    return EPOCH + timedelta(days=number)


def rubles(amount: float) -> int:
    """Kopecks of a sum that a story tells in roubles."""
    return round(amount * 100)


def created(
    order: str,
    click: str | None,
    *amounts: float,
    at: datetime | None = None,
    kind: str = "created",
    ordered_at: datetime | None = None,
) -> dict[str, Any]:
    """A purchase of lines "1", "2", … for sums in roubles."""
    moment = at or day(0)
    return {
        "type": f"purchase.{kind}",
        "timestamp": moment.isoformat(),
        "data": {
            "order_id": order,
            "click_id": click,
            "ordered_at": (ordered_at or moment).isoformat(),
            "currency": "RUB",
            "lines": [
                {
                    "line_id": str(number),
                    "sku": f"sku-{number}",
                    "category": "home",
                    "quantity": 1,
                    "amount": format_rubles(rubles(amount)),
                }
                for number, amount in enumerate(amounts, start=1)
            ],
        },
    }


def updated(
    order: str,
    click: str | None,
    *amounts: float,
    at: datetime,
    ordered_at: datetime | None = None,
) -> dict[str, Any]:
    """The whole purchase again, ordered when stories begin unless told otherwise."""
    return created(order, click, *amounts, at=at, kind="updated", ordered_at=ordered_at or day(0))


def confirmed(order: str, *, at: datetime) -> dict[str, Any]:
    """The shop ends the hold early."""
    return {
        "type": "purchase.confirmed",
        "timestamp": at.isoformat(),
        "data": {"order_id": order},
    }


def returned(
    order: str, return_id: str, lines: Mapping[str, float] | None = None, *, at: datetime
) -> dict[str, Any]:
    """A return: of sums in roubles by line, or of all."""
    data: dict[str, Any] = {"order_id": order, "return_id": return_id}
    if lines is not None:
        data["lines"] = [
            {"line_id": line, "quantity": 1, "amount": format_rubles(rubles(amount))}
            for line, amount in lines.items()
        ]
    return {"type": "purchase.returned", "timestamp": at.isoformat(), "data": data}


def cancelled(order: str, *, at: datetime, reason: str = "changed their mind") -> dict[str, Any]:
    """The order is called off."""
    return {
        "type": "purchase.cancelled",
        "timestamp": at.isoformat(),
        "data": {"order_id": order, "reason": reason},
    }
