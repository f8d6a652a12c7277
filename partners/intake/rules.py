"""From a notice to a report. Pure."""

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.kit.errors import Invalid
from tracker.purchases.contracts import (
    CANCELLATION,
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
)

CURRENCY = "RUB"


class CurrencyNotTaken(Invalid):
    """The programme counts in roubles alone; the notice is kept for staff."""

    code = "currency_not_taken"


def report(notice: PurchaseNotice, *, shop_id: int, source: str) -> PurchaseReport:
    """What a notice says in our own terms; ``source`` identifies the message.

    The shop comes from the key that signed, never from the body. Raises CurrencyNotTaken.
    """
    match notice.kind:
        case NoticeKind.CREATED | NoticeKind.UPDATED:
            return _stated(notice, shop_id, source)
        case NoticeKind.CONFIRMED:
            return PurchaseConfirmed(shop_id, notice.order_id, notice.at, source)
        case NoticeKind.RETURNED | NoticeKind.CANCELLED:
            cancelled = notice.kind is NoticeKind.CANCELLED
            return PurchaseReturned(
                shop_id,
                notice.order_id,
                notice.at,
                source,
                CANCELLATION if cancelled else notice.return_id or "",
                None if cancelled else notice.return_lines,
                notice.reason,
            )


def _stated(notice: PurchaseNotice, shop_id: int, source: str) -> PurchaseStated:
    if notice.currency != CURRENCY:
        raise CurrencyNotTaken(f"order {notice.order_id!r} is in {notice.currency}")
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
    )
