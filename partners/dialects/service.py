"""Verbs on dialect settings. The caller owns the unit of work."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from partners.dialects.models import ShopDialect
from partners.shops.service import change_the_door


@dataclass(frozen=True, slots=True)
class Setting:
    """A shop's dialect by name, with its mapping where the dialect asks for one."""

    id: int | None
    """None: nothing was ever set, and the shop speaks the native dialect."""
    dialect: str
    mapping: Mapping[str, Any] | None = None


NATIVE = Setting(None, "native")
"""What shops speak that nothing else is known of."""


def speak(
    session: Session, shop_id: int, dialect: str, mapping: Mapping[str, Any] | None = None
) -> Setting:
    """Let a shop's events be read in a dialect from now on. The caller has checked the mapping."""
    made = ShopDialect(shop_id=shop_id, dialect=dialect, mapping=mapping and dict(mapping))
    session.add(made)
    session.flush()
    change_the_door(session, shop_id)
    return _setting(made)


def current(session: Session, shop_id: int) -> Setting:
    """The dialect a shop speaks now."""
    newest = (
        select(ShopDialect)
        .where(ShopDialect.shop_id == shop_id)
        .order_by(ShopDialect.id.desc())
        .limit(1)
    )
    found = session.scalar(newest)
    return _setting(found) if found else NATIVE


def by_ids(session: Session, ids: Collection[int | None]) -> dict[int | None, Setting]:
    """Settings by their ids; under None stands the native one."""
    wanted = [one for one in ids if one is not None]
    found: dict[int | None, Setting] = {None: NATIVE}
    if wanted:
        rows = session.scalars(select(ShopDialect).where(ShopDialect.id.in_(wanted)))
        found |= {row.id: _setting(row) for row in rows}
    return found


def _setting(row: ShopDialect) -> Setting:
    return Setting(row.id, row.dialect, row.mapping)
