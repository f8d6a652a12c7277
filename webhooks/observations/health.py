"""How each shop's reporting goes: what came, what was refused and why, how fast it was booked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from partners.credentials.queries import SecretCard, secret_cards
from partners.credentials.rules import SecretKind
from partners.shops.models import Shop
from partners.shops.rules import ShopStatus
from partners.shops.service import find, shops_after
from webhooks.observations.queries import (
    Handling,
    Traffic,
    handling,
    recent,
    rhythms,
    traffic,
)
from webhooks.observations.rules import (
    SUCCESSES,
    Outcome,
    SecretUse,
    is_silent,
    secrets_ending,
    signatures_fail,
)


@dataclass(frozen=True, slots=True)
class Alarms:
    """What somebody should look into."""

    signatures_failing: bool
    silent: bool
    secrets_ending: Sequence[int]

    @property
    def words(self) -> list[str]:
        """By their names."""
        return [
            *(["signatures_failing"] if self.signatures_failing else []),
            *(["silent"] if self.silent else []),
            *(["secret_ending"] if self.secrets_ending else []),
        ]


@dataclass(frozen=True, slots=True)
class Health:
    """How one shop's reporting goes."""

    shop: Shop
    traffic: Traffic
    handling: Handling
    alarms: Alarms
    secrets: Sequence[SecretCard]
    """Those that hold, the oldest first."""

    @property
    def refused(self) -> dict[str, int]:
        """Of the last seven days, by reason."""
        week = self.traffic.week
        return {str(one): week[one] for one in Outcome if one not in SUCCESSES and one in week}

    @property
    def figures(self) -> dict[str, Any]:
        """As they are shown: counts are of the last seven days, delays in seconds."""
        week = self.traffic.week
        return {
            "shop": self.shop.slug,
            "status": self.shop.status,
            "last_event_at": self.traffic.last_event_at,
            "last_failure_at": self.traffic.last_failure_at,
            "events_today": self.traffic.today,
            "events": week.get(Outcome.ACCEPTED, 0),
            "duplicates": week.get(Outcome.DUPLICATE, 0),
            "refused": self.refused,
            "median_delay": self.handling.median_seconds,
            "p95_delay": self.handling.p95_seconds,
            "waiting": self.handling.waiting,
            "parked": self.handling.parked,
            "secrets": len(self.secrets),
            "secrets_ending": list(self.alarms.secrets_ending),
            "alarms": self.alarms.words,
        }


def health_of(session: Session, slug: str, now: datetime) -> Health:
    """One shop. Raises ShopNotFound."""
    return next(_healths(session, [find(session, slug)], now))


def health_of_all(
    session: Session,
    now: datetime,
    *,
    after: str = "",
    only_alarms: bool = False,
    portion: int = 1_000,
) -> Iterator[Health]:
    """The shops behind a slug, in the order of their slugs; perhaps those alone that are not well.

    Read in portions, as they are asked for.
    """
    while shops := shops_after(session, after, portion):
        for one in _healths(session, shops, now):
            if one.alarms.words or not only_alarms:
                yield one
        after = shops[-1].slug


def _healths(session: Session, shops: Sequence[Shop], now: datetime) -> Iterator[Health]:
    ids = [shop.id for shop in shops]
    came, failing = traffic(session, now, ids), recent(session, now, ids)
    rhythm, handled = rhythms(session, ids), handling(session, ids)
    secrets = _secrets(session, ids, now)
    for shop in shops:
        takes_part = shop.status != ShopStatus.LEFT
        held = secrets.get(shop.id, [])
        uses = [SecretUse(one.id, one.valid_until, one.last_used_at) for one in held]
        alarms = Alarms(
            signatures_failing=shop.id in failing and signatures_fail(failing[shop.id]),
            silent=takes_part and shop.id in rhythm and is_silent(rhythm[shop.id], now),
            secrets_ending=secrets_ending(uses, now) if takes_part else [],
        )
        yield Health(shop, came[shop.id], handled[shop.id], alarms, held)


def _secrets(
    session: Session, shop_ids: Sequence[int], now: datetime
) -> dict[int, list[SecretCard]]:
    """The secrets that hold and are not for trials, by their shops."""
    cards = sorted(secret_cards(session, *shop_ids), key=lambda one: (one.shop_id, one.id))
    return {
        shop_id: [one for one in found if one.holds(now) and one.kind is not SecretKind.TRIAL]
        for shop_id, found in groupby(cards, key=lambda one: one.shop_id)
    }
