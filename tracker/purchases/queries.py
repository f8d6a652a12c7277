"""Reads of purchases."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, exists, func, or_, select, text
from sqlalchemy.orm import Session

from tracker.purchases.models import Purchase, PurchaseLine, PurchaseReturn, PurchaseReturnLine
from tracker.purchases.rules import Status


def listed(
    session: Session,
    *,
    status: Status | None = None,
    shop_id: int | None = None,
    member_id: int | None = None,
    order_id: str | None = None,
    after: int = 0,
    limit: int = 100,
    newest_first: bool = False,
) -> list[Purchase]:
    """Purchases in the order they were first heard of, or the other way round."""
    order = Purchase.id.desc() if newest_first else Purchase.id
    query = select(Purchase).where(Purchase.id > after).order_by(order).limit(limit)
    wanted = {
        Purchase.status: status and str(status),
        Purchase.shop_id: shop_id,
        Purchase.member_id: member_id,
        Purchase.order_id: order_id,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))


def ids_of_orders(session: Session, shop_id: int, order_ids: Collection[str]) -> list[int]:
    """The purchases of a shop's orders, as far as there are any."""
    match = Purchase.shop_id == shop_id, Purchase.order_id.in_(sorted(order_ids))
    return list(session.scalars(select(Purchase.id).where(*match).order_by(Purchase.id)))


def sources_of_order(session: Session, shop_id: int, order_id: str) -> set[str]:
    """The messages that the books know of an order from: statements, pieces, returns, last words.

    Those that changed nothing, being repeated or outdated, are not among them.
    """
    rows = session.execute(_SOURCES, {"shop": shop_id, "order": order_id})
    return {row.source for row in rows}


def unmatched_returns(session: Session, limit: int) -> list[Row[Any]]:
    """Returns that take nothing back: of a purchase never seen, or of a line that it lacks.

    Rows of shop_id, order_id, return_id, line_id and amount, by order and return; the last two are
    None for a return of all of a purchase never seen.
    """
    query = (
        select(
            Purchase.shop_id,
            Purchase.order_id,
            PurchaseReturn.return_id,
            PurchaseReturnLine.line_id,
            PurchaseReturnLine.amount,
        )
        .join(PurchaseReturn, PurchaseReturn.purchase_id == Purchase.id)
        .outerjoin(
            PurchaseReturnLine,
            and_(
                PurchaseReturnLine.purchase_id == PurchaseReturn.purchase_id,
                PurchaseReturnLine.return_id == PurchaseReturn.return_id,
            ),
        )
        .outerjoin(
            PurchaseLine,
            and_(
                PurchaseLine.purchase_id == Purchase.id,
                PurchaseLine.statement_no == Purchase.statement_no,
                PurchaseLine.line_id == PurchaseReturnLine.line_id,
            ),
        )
        .where(
            or_(
                Purchase.status == Status.UNMATCHED,
                and_(PurchaseReturnLine.line_id.is_not(None), PurchaseLine.line_id.is_(None)),
            )
        )
        .order_by(Purchase.id, PurchaseReturn.return_id, PurchaseReturnLine.line_id)
        .limit(limit)
    )
    return list(session.execute(query))


def totals(session: Session) -> dict[str, Any]:
    """How many purchases there are in each state, and how many returns match no purchase."""
    unmatched = session.scalar(
        select(func.count())
        .select_from(PurchaseReturn)
        .join(Purchase, Purchase.id == PurchaseReturn.purchase_id)
        .where(Purchase.status == Status.UNMATCHED)
    )
    return {**_by_status(session), "unmatched_returns": unmatched or 0}


def _by_status(session: Session) -> dict[str, int]:
    rows = session.execute(select(Purchase.status, func.count()).group_by(Purchase.status))
    counts = dict(rows.all())
    return {str(status): counts.get(status, 0) for status in Status}


def gauges(session: Session) -> dict[str, float]:
    """Purchases in figures for monitoring: how many are in each state."""
    return {f"purchases_{status}": count for status, count in _by_status(session).items()}


def hold_is_over(session: Session, as_of: datetime) -> bool:
    """Whether the hold of some pending purchase is over."""
    due = exists().where(Purchase.status == Status.PENDING, Purchase.hold_ends_at <= as_of)
    return bool(session.scalar(select(due)))


_SOURCES = text("""
    WITH wanted AS (
        SELECT * FROM purchases WHERE shop_id = :shop AND order_id = :order
    )
    SELECT stated_source AS source FROM wanted WHERE stated_source IS NOT NULL
    UNION SELECT upstream_source FROM wanted WHERE upstream_source IS NOT NULL
    UNION SELECT lines.stated_source FROM wanted JOIN purchase_lines AS lines
          ON lines.purchase_id = wanted.id WHERE lines.stated_source IS NOT NULL
    UNION SELECT returns.source FROM wanted JOIN purchase_returns AS returns
          ON returns.purchase_id = wanted.id
""")
