"""What a web process remembers of a shop's door: its secrets and whether it takes part.

Reading them for each event would cost as much as storing it. So they are remembered together with
the row's version, and the statement that stores an event checks that the version still holds:
nothing stale is ever acted upon, and no time-out has to be waited for.
"""

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from partners.credentials.service import Secret, secrets_of
from partners.shops.models import Shop
from partners.shops.rules import ShopStatus

NOBODYS_KEY = b"\x00nobody signs with this key, it only takes the same time\x00"


@dataclass(frozen=True, slots=True)
class Door:
    """One shop's door at one version."""

    shop_id: int
    version: int
    has_left: bool
    secrets: tuple[Secret, ...]


class Doors:
    """The doors that this process has seen. Only shops that exist are remembered."""

    def __init__(self, engine: Engine, master_key: bytes) -> None:
        self._engine = engine
        self._master_key = master_key
        self._seen: dict[str, Door] = {}

    def of(self, slug: str) -> Door | None:
        """A shop's door, perhaps of an older version; None when there is no such shop."""
        return self._seen.get(slug) or self.look_again(slug)

    def look_again(self, slug: str) -> Door | None:
        """A shop's door as it is now."""
        with Session(self._engine) as session:
            row = session.execute(
                select(Shop.id, Shop.door_version, Shop.status).where(Shop.slug == slug)
            ).one_or_none()
            if row is None:
                self._seen.pop(slug, None)
                return None
            secrets = secrets_of(session, self._master_key, row.id)
        door = Door(row.id, row.door_version, row.status == ShopStatus.LEFT, secrets)
        self._seen[slug] = door
        return door
