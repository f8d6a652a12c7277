"""Verbs on shops. The caller owns the unit of work."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from partners.shops.models import Shop
from partners.shops.rules import Card, ShopNotFound


def upsert(session: Session, cards: Sequence[Card]) -> dict[str, int]:
    """Make shops be as the cards say; returns their ids by slug.

    What a card says nothing of stays as it was.
    """
    rows: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for card in sorted(cards, key=lambda one: one.slug):
        row = _row(card)
        rows.setdefault(tuple(row), []).append(row)
    for names, alike in rows.items():
        _upsert(session, names, alike)
    return ids_by_slug(session, [card.slug for card in cards])


def _row(card: Card) -> dict[str, Any]:
    said = {"name_uk": card.name_uk, "name_en": card.name_en}
    return {
        "slug": card.slug,
        "name": card.name,
        "section": str(card.section),
        "subsection": card.subsection,
        "site_url": card.site_url,
        "link_template": card.link_template,
        "status": str(card.status),
        **{name: text or None for name, text in said.items() if text is not None},
    }


def _upsert(session: Session, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Rows that say the same columns."""
    statement = insert(Shop)
    shop, fresh = Shop.__table__.c, statement.excluded
    others = [name for name in names if name != "slug"]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Shop.slug],
            set_={name: fresh[name] for name in others} | {"door_version": Shop.door_version + 1},
            where=or_(*(shop[name].is_distinct_from(fresh[name]) for name in others)),
        ),
        rows,
    )


def ids_by_slug(session: Session, slugs: Collection[str]) -> dict[str, int]:
    """Ids of shops by slug; unknown ones are left out."""
    rows = session.execute(select(Shop.slug, Shop.id).where(Shop.slug.in_(list(slugs))))
    return {row.slug: row.id for row in rows}


def all_ids(session: Session) -> dict[str, int]:
    """Ids of all shops by slug, in the order of their slugs."""
    rows = session.execute(select(Shop.slug, Shop.id).order_by(Shop.slug))
    return {row.slug: row.id for row in rows}


def shops_after(session: Session, slug: str, limit: int) -> list[Shop]:
    """Shops in the order of their slugs, those behind a slug."""
    query = select(Shop).where(Shop.slug > slug).order_by(Shop.slug).limit(limit)
    return list(session.scalars(query))


def all_shops(session: Session) -> list[Shop]:
    """All shops in the order of their slugs."""
    return list(session.scalars(select(Shop).order_by(Shop.slug)))


def find(session: Session, slug: str) -> Shop:
    """The shop of a slug. Raises ShopNotFound."""
    shop = session.scalar(select(Shop).where(Shop.slug == slug))
    if shop is None:
        raise ShopNotFound(f"no shop is called {slug!r}")
    return shop


def change_the_door(session: Session, shop_id: int) -> None:
    """What web processes remember of the shop's door holds no more."""
    session.execute(
        update(Shop).where(Shop.id == shop_id).values(door_version=Shop.door_version + 1)
    )
