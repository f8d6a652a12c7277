"""What is handed down to this room: a shop's word on a purchase, in our own terms.

Sums are kopecks, moments aware datetimes; ``at`` is when the shop says it happened, and ``source``
identifies the message, so that two of the same moment are always taken in the same order.

Every report ends with the same five, about the way it came:

- ``trusted``: False when the scheme could not prove who wrote it. Such a word never confirms.
- ``upstream``: the status, word for word, at most 100 characters; never merged with ours.
- ``feed``: which feed of the shop told it (a dialect's name and shape), at most 40 characters.
- ``dated``: False when the wire tells no moment. ``at`` is then when we received it: it says when
  money counts, and nothing about which of two words holds.
- ``known_at``: when we heard of it, where the caller knows: no money counts later than that,
  whatever moments a shop tells.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RejectReason(StrEnum):
    """Why something was taken back: our closed list, which the words of others are mapped to."""

    RETURNED_GOODS = "returned_goods"
    CANCELLED = "cancelled"
    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_FAILED = "payment_failed"
    FRAUD = "fraud"
    DUPLICATE = "duplicate"
    ORDER_ERROR = "order_error"
    TEST_ORDER = "test_order"
    OTHER = "other"


NATIVE = "native"
"""The feed of what comes in our own words."""


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
    """The purchase as first reported or (``amended``) as restated later.

    ``whole`` False: these lines only, the other lines of the purchase stay as they are.
    ``received_at`` is when we received it, in business time, where the caller knows: an unproved
    word cannot have its hold begin before that.
    """

    shop_id: int
    order_id: str
    at: datetime
    source: str
    amended: bool
    click_id: str | None
    ordered_at: datetime
    lines: tuple[Line, ...]
    whole: bool = True
    trusted: bool = True
    upstream: str | None = None
    feed: str = NATIVE
    dated: bool = True
    known_at: datetime | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PurchaseConfirmed:
    """The shop ends the hold early.

    ``amount`` is the total that the verdict is for: no more than that ever counts. None: whatever
    was stated.
    """

    shop_id: int
    order_id: str
    at: datetime
    source: str
    amount: int | None = None
    trusted: bool = True
    upstream: str | None = None
    feed: str = NATIVE
    dated: bool = True
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PurchaseReturned:
    """A return; ``lines`` None means all of the purchase. A cancellation is CANCELLATION.

    ``reject_reason`` is ours, ``reason`` whatever the shop wrote.
    """

    shop_id: int
    order_id: str
    at: datetime
    source: str
    return_id: str
    lines: tuple[ReturnLine, ...] | None
    reason: str | None = None
    reject_reason: RejectReason = RejectReason.OTHER
    trusted: bool = True
    upstream: str | None = None
    feed: str = NATIVE
    dated: bool = True
    known_at: datetime | None = None


CANCELLATION = ""
"""The return id of a cancellation: a shop's own return ids are never empty."""

PurchaseReport = PurchaseStated | PurchaseConfirmed | PurchaseReturned
