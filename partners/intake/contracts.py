"""What is handed down to this package: a partner's notice, whatever words it came in.

Sums are in hundredths of the notice's currency; moments are aware datetimes.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.purchases.contracts import Line, RejectReason, ReturnLine


class NoticeKind(StrEnum):
    """What a partner may tell of a purchase."""

    CREATED = "created"
    UPDATED = "updated"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PurchaseNotice:
    """One notice. Which fields are set depends on the kind, as the adapters take care.

    ``amount`` is of a CONFIRMED one: the total that is confirmed, None for whatever was stated.
    ``whole`` False: a CREATED or UPDATED one tells these lines only, the others stay. ``dated``
    False: the wire tells no moment, and ``at`` is when it was received. ``upstream`` is the
    sender's own word for the status, at most 100 characters. ``feed`` names one of several ways in
    which a dialect tells of the same sales, perhaps under other numbers.
    """

    kind: NoticeKind
    at: datetime
    order_id: str
    click_id: str | None = None
    ordered_at: datetime | None = None
    currency: str | None = None
    lines: tuple[Line, ...] = ()
    return_id: str | None = None
    return_lines: tuple[ReturnLine, ...] | None = None
    reason: str | None = None
    reject_reason: RejectReason = RejectReason.OTHER
    whole: bool = True
    dated: bool = True
    amount: int | None = None
    upstream: str | None = None
    feed: str | None = None
