"""Reads of offers and of the shops that make them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from partners.offers.models import Offer
from partners.offers.rules import CursorNotOfOffers
from partners.offers.service import terms_at
from partners.shops.models import Shop
from partners.shops.rules import Section, ShopStatus

Row = Mapping[str, Any]

_SHOP = ("id", "slug", "name", "section", "subsection", "status", "site_url", "link_template")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def offers(session: Session, *, slug: str | None = None, cursor: str, limit: int) -> list[Row]:
    """Offers by shop, and of each in the order in which they hold; those after a cursor.

    Raises CursorNotOfOffers.
    """
    query = (
        select(Shop.slug.label("shop"), Offer)
        .join(Shop, Shop.id == Offer.shop_id)
        .where(tuple_(Offer.shop_id, Offer.valid_from) > _place(cursor))
        .order_by(Offer.shop_id, Offer.valid_from)
        .limit(limit)
    )
    if slug is not None:
        query = query.where(Shop.slug == slug)
    return [{"shop": row.shop, **_terms(row.Offer)} for row in session.execute(query)]


def cursor_of(one: Row) -> str:
    """The cursor behind an offer."""
    return f"{one['shop_id']}-{(one['valid_from'] - _EPOCH) // _TICK}"


def shops(
    session: Session,
    *,
    status: ShopStatus | None = None,
    section: Section | None = None,
    after: str,
    limit: int,
    at: datetime,
) -> list[Row]:
    """Shops in the order of their slugs, those behind a slug, each with its terms at a moment."""
    query = select(Shop).where(Shop.slug > after).order_by(Shop.slug).limit(limit)
    if status is not None:
        query = query.where(Shop.status == status)
    if section is not None:
        query = query.where(Shop.section == section)
    return list(_with_terms(session, list(session.scalars(query)), at))


def with_terms(session: Session, shop: Shop, at: datetime) -> Row:
    """A shop with its terms at a moment."""
    return next(_with_terms(session, [shop], at))


def _with_terms(session: Session, found: list[Shop], at: datetime) -> Iterator[Row]:
    held = terms_at(session, [(shop.id, at) for shop in found])
    for shop in found:
        yield {name: getattr(shop, name) for name in _SHOP} | {"terms": held.get((shop.id, at))}


def _terms(one: Offer) -> dict[str, Any]:
    names = ("shop_id", "valid_from", "cashback_bp", "commission_bp", "hold_days", "on_hold_end")
    return {name: getattr(one, name) for name in names}


def _place(cursor: str) -> tuple[int, datetime]:
    if not cursor:
        return 0, _EPOCH
    shop, _, tick = cursor.partition("-")
    try:
        return int(shop), _EPOCH + int(tick) * _TICK
    except (ValueError, OverflowError) as error:
        raise CursorNotOfOffers(fields={"cursor": "is none of this list"}) from error
