"""From a notice to a report. Pure."""

from datetime import datetime
from typing import TypedDict

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.kit.errors import Invalid
from tracker.purchases.contracts import (
    CANCELLATION,
    NATIVE,
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
)

CURRENCY = "RUB"


class CurrencyNotTaken(Invalid):
    """The programme counts in roubles alone; the notice is kept for staff."""

    code = "currency_not_taken"


def report(
    notice: PurchaseNotice,
    *,
    shop_id: int,
    source: str,
    trusted: bool = True,
    feed: str = NATIVE,
    received_at: datetime | None = None,
    known_at: datetime | None = None,
) -> PurchaseReport:
    """What a notice says in our own terms; ``source`` identifies the message.

    The shop comes from the key that signed, never from the body. ``trusted`` and ``feed`` tell the
    way it came: whether its author was proved, and by which dialect and shape it was read.
    ``received_at`` is the moment of receipt in business time, ``known_at`` that after which nothing
    it tells has happened, where the caller knows them.
    Raises CurrencyNotTaken.
    """
    way: _Way = {
        "trusted": trusted,
        "upstream": notice.upstream,
        "feed": f"{feed}/{notice.feed}" if notice.feed else feed,
        "dated": notice.dated,
        "known_at": known_at,
    }
    if notice.currency not in (None, CURRENCY):
        raise CurrencyNotTaken(f"order {notice.order_id!r} is in {notice.currency}")
    match notice.kind:
        case NoticeKind.CREATED | NoticeKind.UPDATED:
            return _stated(notice, shop_id, source, way, received_at)
        case NoticeKind.CONFIRMED:
            return PurchaseConfirmed(
                shop_id, notice.order_id, notice.at, source, notice.amount, **way
            )
        case NoticeKind.RETURNED | NoticeKind.CANCELLED:
            return _returned(notice, shop_id, source, way)


class _Way(TypedDict):
    """How a word came: what every report ends with."""

    trusted: bool
    upstream: str | None
    feed: str
    dated: bool
    known_at: datetime | None


def _stated(
    notice: PurchaseNotice, shop_id: int, source: str, way: _Way, received_at: datetime | None
) -> PurchaseStated:
    if notice.currency is None:
        raise CurrencyNotTaken(f"order {notice.order_id!r} tells no currency")
    if notice.ordered_at is None:
        raise AssertionError("an adapter gave a purchase without its moment")
    return PurchaseStated(
        shop_id,
        notice.order_id,
        notice.at,
        source,
        notice.kind is NoticeKind.UPDATED,
        notice.click_id,
        notice.ordered_at,
        notice.lines,
        notice.whole,
        received_at=received_at,
        **way,
    )


def _returned(notice: PurchaseNotice, shop_id: int, source: str, way: _Way) -> PurchaseReturned:
    cancelled = notice.kind is NoticeKind.CANCELLED
    return PurchaseReturned(
        shop_id,
        notice.order_id,
        notice.at,
        source,
        CANCELLATION if cancelled else notice.return_id or "",
        None if cancelled else notice.return_lines,
        notice.reason,
        notice.reject_reason,
        **way,
    )
