"""Reads of links and clicks: what a shop promises now, and where a member has been."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.orm import Session

from partners.shops.models import Shop
from partners.shops.rules import MAX_SLUG
from tracker.clicks.models import ClickRow
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.clicks.service import TURN
from tracker.kit.errors import Invalid


class CursorNotUsable(Invalid):
    """The cursor is none of this list."""

    code = "cursor_not_usable"


@dataclass(frozen=True, slots=True)
class Promised:
    """A shop as its link is followed; ``terms`` None: it has no offer yet."""

    id: int
    name: str
    status: str
    link_template: str
    terms: Terms | None


def promised(session: Session, slug: str, at: datetime, *, to: int) -> Promised | None:
    """The shop of a slug, and its terms of a moment; None when there is no such shop.

    From here on the member, ``to`` whom it is promised, has the turn to make a click.
    """
    if not slug.isascii() or not slug.isprintable() or len(slug) > MAX_SLUG:
        return None
    row = session.execute(_PROMISED, {"slug": slug, "at": at, "member": to}).one_or_none()
    if row is None:
        return None
    terms = None
    if row.cashback_bp is not None:
        policy = OnHoldEnd(row.on_hold_end)
        terms = Terms(row.cashback_bp, row.commission_bp, row.hold_days, policy)
    return Promised(row.id, row.name, row.status, row.link_template, terms)


def clicks_of(
    session: Session, member_id: int, *, before: str | None, limit: int
) -> list[Row[Any]]:
    """A member's clicks, the newest first, those behind one of them. Raises CursorNotUsable."""
    query = (
        select(
            ClickRow.id.label("click_id"),
            Shop.slug.label("shop"),
            Shop.name.label("shop_name"),
            ClickRow.cashback_bp,
            ClickRow.hold_days,
            ClickRow.clicked_at,
            ClickRow.valid_until,
            ClickRow.sub_id,
        )
        .join(Shop, Shop.id == ClickRow.shop_id)
        .where(ClickRow.member_id == member_id)
        .order_by(ClickRow.clicked_at.desc(), ClickRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        mine = ClickRow.id == before, ClickRow.member_id == member_id
        last = session.execute(select(ClickRow.clicked_at, ClickRow.id).where(*mine)).one_or_none()
        if last is None:
            raise CursorNotUsable(fields={"cursor": "is none of this list"})
        query = query.where(tuple_(ClickRow.clicked_at, ClickRow.id) < tuple_(*last))
    return list(session.execute(query))


_PROMISED = text(f"""
    SELECT shops.id, shops.name, shops.status, shops.link_template, held.*, {TURN}
    FROM shops LEFT JOIN LATERAL (
        SELECT cashback_bp, commission_bp, hold_days, on_hold_end
        FROM offers
        WHERE offers.shop_id = shops.id AND valid_from <= :at
        ORDER BY valid_from DESC
        LIMIT 1
    ) AS held ON true
    WHERE slug = :slug
""")  # noqa: S608 - of our own words
