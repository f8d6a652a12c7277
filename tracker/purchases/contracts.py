"""What is handed down to this room: a shop's word on a purchase, in our own terms.

Sums are kopecks, moments aware datetimes; ``at`` is when the shop says it happened, and ``source``
identifies the message, so that two of the same moment are always taken in the same order.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a purchase; ``amount`` is the line's total."""

    line_id: str
    quantity: int
    amount: int
    sku: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What came back of one line."""

    line_id: str
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class PurchaseStated:
    """The whole purchase, as first reported or (``amended``) as restated later."""

    shop_id: int
    order_id: str
    at: datetime
    source: str
    amended: bool
    click_id: str | None
    ordered_at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PurchaseConfirmed:
    """The shop ends the hold early."""

    shop_id: int
    order_id: str
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class PurchaseReturned:
    """A return; ``lines`` None means all of the purchase. A cancellation is CANCELLATION."""

    shop_id: int
    order_id: str
    at: datetime
    source: str
    return_id: str
    lines: tuple[ReturnLine, ...] | None
    reason: str | None = None


CANCELLATION = ""
"""The return id of a cancellation: a shop's own return ids are never empty."""

PurchaseReport = PurchaseStated | PurchaseConfirmed | PurchaseReturned
