"""What the shops have reported of a claimed order, and the click that it may be credited to."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.claims.rules import CLOCKS_DIFFER, Known
from tracker.clicks.models import ClickRow
from tracker.clicks.service import by_ids
from tracker.purchases.models import Purchase
from tracker.purchases.rules import Status


def known_of(
    session: Session, shop_id: int, order_id: str, key: str, *, lock: bool = False
) -> tuple[Known | None, int | None]:
    """The order of that number, or else the one that looks like it; with the purchase's id.

    ``lock``: it stays as it is until the unit of work ends.
    """
    query = (
        select(
            Purchase.id,
            Purchase.order_id,
            Purchase.ordered_at,
            Purchase.stated_total,
            Purchase.member_id,
            Purchase.status,
            Purchase.click_id,
        )
        .where(
            Purchase.shop_id == shop_id,
            or_(Purchase.order_id == order_id, Purchase.order_key == key),
        )
        .order_by((Purchase.order_id == order_id).desc())
        .limit(1)
    )
    row = session.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        return None, None
    named = by_ids(session, {row.click_id} if row.click_id else set())
    known = Known(
        row.ordered_at,
        row.stated_total,
        row.member_id,
        row.status == Status.UNATTRIBUTED,
        bool(named),
    )
    return known, row.id


def is_click_of(session: Session, click_id: str, member_id: int) -> bool:
    """Whether a click is the member's."""
    click = by_ids(session, {click_id}).get(click_id)
    return click is not None and click.member_id == member_id


def click_for(session: Session, member_id: int, shop_id: int, ordered_at: datetime) -> str | None:
    """The member's latest click to the shop before an order, whose window the order is in."""
    return session.scalar(
        select(ClickRow.id)
        .where(
            ClickRow.member_id == member_id,
            ClickRow.shop_id == shop_id,
            ClickRow.clicked_at <= ordered_at + CLOCKS_DIFFER,
            ClickRow.valid_until > ordered_at,
        )
        .order_by(ClickRow.clicked_at.desc(), ClickRow.id)
        .limit(1)
    )
