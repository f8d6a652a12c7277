"""What a web process remembers of a shop's door: its secrets, its dialect, whether it takes part.

Reading them for each event would cost as much as storing it. So they are remembered together with
the row's version, and the statement that stores an event checks that the version still holds:
nothing stale is ever acted upon, and no time-out has to be waited for.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from partners.credentials.rules import Secret
from partners.credentials.service import secrets_of
from partners.dialects.service import current
from partners.shops.models import Shop
from partners.shops.rules import ShopStatus
from webhooks.adapters import native
from webhooks.dialects import named
from webhooks.wire.dialect import Dialect

_NOBODYS = Secret(0, secrets.token_bytes(32))
"""Nobody signs with this one: trying it takes the same time as trying a shop's."""


@dataclass(frozen=True, slots=True)
class Door:
    """One shop's door at one version."""

    shop_id: int
    version: int
    has_left: bool
    secrets: tuple[Secret, ...]
    dialect: Dialect = native.DIALECT
    dialect_id: int | None = None

    def held(self, now: datetime) -> list[Secret]:
        """What may open it at this moment; nobody's secret where there is none."""
        return [one for one in self.secrets if one.holds(now)] or [_NOBODYS]


NOBODY = Door(shop_id=0, version=-1, has_left=False, secrets=())
"""The door of a shop that does not exist: always shut."""


class Doors:
    """The doors that this process has seen. Only shops that exist are remembered."""

    def __init__(self, engine: Engine, master_key: bytes) -> None:
        self._engine = engine
        self._master_key = master_key
        self._seen: dict[str, Door] = {}

    def remembered(self, slug: str) -> Door:
        """A shop's door, perhaps of an older version; NOBODY when it was not seen yet."""
        return self._seen.get(slug, NOBODY)

    def look_again(self, slug: str) -> Door:
        """A shop's door as it is now; NOBODY when there is no such shop.

        All questions are put in either case, so that the time does not tell a stranger which.
        """
        asked = slug if slug.isprintable() else ""  # NUL is nothing that can be asked for
        with Session(self._engine) as session:
            row = session.execute(
                select(Shop.id, Shop.door_version, Shop.status).where(Shop.slug == asked)
            ).one_or_none()
            shop_id = row.id if row else NOBODY.shop_id
            held = secrets_of(session, self._master_key, shop_id)
            setting = current(session, shop_id)
        if row is None:
            self._seen.pop(slug, None)
            return NOBODY
        door = Door(
            row.id,
            row.door_version,
            row.status == ShopStatus.LEFT,
            held,
            named(setting.dialect, setting.mapping),
            setting.id,
        )
        self._seen[slug] = door
        return door
