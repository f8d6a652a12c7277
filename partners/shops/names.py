"""What shops are called."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from partners.shops.models import Shop
from tracker.cabinet.ports import ShopName


def names_of(session: Session, shops: Collection[int]) -> dict[int, str]:
    """The names of shops by their ids."""
    if not shops:
        return {}
    rows = session.execute(select(Shop.id, Shop.name).where(Shop.id.in_(list(shops))))
    return {row.id: row.name for row in rows}


def sections_of(session: Session) -> dict[int, str]:
    """The section of every shop, by its id."""
    return {row.id: row.section for row in session.execute(select(Shop.id, Shop.section))}


def slugs_of(session: Session, shops: Collection[int]) -> dict[int, str]:
    """The slugs of shops by their ids."""
    rows = session.execute(select(Shop.id, Shop.slug).where(Shop.id.in_(list(shops))))
    return {row.id: row.slug for row in rows}


def every_slug(session: Session) -> dict[int, str]:
    """The slugs of all shops by their ids."""
    return {row.id: row.slug for row in session.execute(select(Shop.id, Shop.slug))}


def called(session: Session, shops: Collection[int]) -> dict[int, ShopName]:
    """What members know shops by, by their ids."""
    rows = session.execute(select(Shop.id, Shop.slug, Shop.name).where(Shop.id.in_(list(shops))))
    return {row.id: ShopName(row.slug, row.name) for row in rows}
