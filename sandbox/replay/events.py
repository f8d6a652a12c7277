"""Purchases and returns as webhooks: bodies of the contract, with ids that never change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from sandbox.replay.clicks import ClickKey
from sandbox.replay.members import phone_of
from sandbox.replay.purchases import Purchase
from sandbox.replay.returns import Return
from sandbox.replay.rows import Row
from tracker.kit.money import format_rubles

_CATEGORY = "home"
"""The file has no categories; its shop sells things for the home."""


class Kind(StrEnum):
    """What must become of an event."""

    PURCHASE = "purchase"
    GUEST = "guest"
    """Ends as unattributed: nobody clicked."""
    RETURN = "return"
    UNMATCHED = "unmatched"
    """A return of an order that was never seen."""


@dataclass(frozen=True, slots=True)
class Event:
    """One webhook, complete but for the id of its click."""

    kind: Kind
    shop: str
    webhook_id: str
    """Unique at its shop, and the same in every run."""
    moment: datetime
    row: int
    """Number of the row that comes first in it: the place of the event in the file."""
    type: str
    data: Mapping[str, object]
    click: ClickKey | str | None
    """A click to be looked up, an id that was never issued, or none for a return."""

    @property
    def day(self) -> date:
        """The business day the event belongs to."""
        return self.moment.date()

    def body(self, click_ids: Mapping[ClickKey, str]) -> dict[str, object]:
        """The JSON body, with the id the product gave to the click. Raises KeyError without it."""
        data = dict(self.data)
        if isinstance(self.click, ClickKey):
            data["click_id"] = click_ids[self.click]
        elif self.click is not None:
            data["click_id"] = self.click
        return {"type": self.type, "timestamp": _utc(self.moment), "data": data}


def purchase_created(purchase: Purchase) -> Event:
    """The webhook a shop sends of a purchase, a member's or a guest's."""
    shop, order_id, member = purchase.shop, purchase.order_id, purchase.customer
    return Event(
        kind=Kind.PURCHASE if member else Kind.GUEST,
        shop=shop,
        webhook_id=f"msg_{order_id}_{shop}",
        moment=purchase.ordered_at,
        row=purchase.rows[0].number,
        type="purchase.created",
        data={
            "order_id": order_id,
            "ordered_at": purchase.ordered_at.isoformat(),
            "currency": "RUB",
            "lines": [_line(row) for row in purchase.rows],
        },
        click=ClickKey(phone_of(member), shop) if member else f"clk_guest_{order_id}",
    )


def purchase_returned(given_back: Return) -> Event:
    """The webhook a shop sends of a return."""
    shop, order_id, return_id = given_back.shop, given_back.order_id, given_back.return_id
    return Event(
        kind=Kind.UNMATCHED if given_back.is_unmatched else Kind.RETURN,
        shop=shop,
        webhook_id=f"msg_{return_id}_{order_id}_{shop}",
        moment=given_back.returned_at,
        row=given_back.row,
        type="purchase.returned",
        data={
            "order_id": order_id,
            "return_id": return_id,
            "lines": [
                {
                    "line_id": line.line_id,
                    "quantity": line.quantity,
                    "amount": format_rubles(line.amount),
                }
                for line in given_back.lines.values()
            ],
        },
        click=None,
    )


def _line(row: Row) -> dict[str, object]:
    return {
        "line_id": str(row.number),
        "sku": row.stock_code,
        "category": _CATEGORY,
        "quantity": row.quantity,
        "amount": format_rubles(row.quantity * row.unit_price),
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
