"""Writing down what was counted, and raising alarms. The caller owns the unit of work."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.credentials.service import note_use
from webhooks.observations.queries import recent
from webhooks.observations.rules import hour_of, signatures_fail
from webhooks.observations.tallies import Batch

_WAIT = text(
    "SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '5s', true)"
)


def write_down(session: Session, batch: Batch) -> None:
    """Add counts to what is known of their shops and hours, and note which secrets were used."""
    session.execute(_WAIT)
    if batch.counts:
        session.execute(_ADD, _columns(batch))
    note_use(session, batch.used)


def raise_alarms(session: Session, shop_ids: Collection[int], now: datetime) -> list[str]:
    """The slugs of those of the shops whose signatures fail, and of which nobody was told in this
    hour: to be told now, after COMMIT."""
    known = recent(session, now, shop_ids)
    failing = sorted(shop_id for shop_id, found in known.items() if signatures_fail(found))
    if not failing:
        return []
    found = session.execute(_RAISE, {"shops": failing, "hour": hour_of(now)})
    return sorted(found.scalars())


def _columns(batch: Batch) -> dict[str, list[Any]]:
    seen = batch.counts.values()
    return {
        "shops": [shop_id for shop_id, _, _ in batch.counts],
        "hours": [hour for _, hour, _ in batch.counts],
        "outcomes": [str(outcome) for _, _, outcome in batch.counts],
        "counts": [one.count for one in seen],
        "firsts": [one.first_at for one in seen],
        "lasts": [one.last_at for one in seen],
    }


# In the order of the key, so that two processes do not wait for each other in a circle.
_ADD = text("""
    INSERT INTO door_counts (shop_id, hour, outcome, count, first_at, last_at)
    SELECT *
    FROM unnest(CAST(:shops AS bigint[]), CAST(:hours AS timestamptz[]), CAST(:outcomes AS text[]),
                CAST(:counts AS bigint[]), CAST(:firsts AS timestamptz[]),
                CAST(:lasts AS timestamptz[]))
         AS given (shop_id, hour, outcome, count, first_at, last_at)
    ORDER BY shop_id, hour, outcome COLLATE "C"
    ON CONFLICT (shop_id, hour, outcome) DO UPDATE
    SET count = door_counts.count + excluded.count,
        first_at = least(door_counts.first_at, excluded.first_at),
        last_at = greatest(door_counts.last_at, excluded.last_at)
""")

_RAISE = text("""
    WITH raised AS (
        INSERT INTO door_alarms (shop_id, hour)
        SELECT shop_id, :hour FROM unnest(CAST(:shops AS bigint[])) AS given (shop_id)
        ON CONFLICT DO NOTHING
        RETURNING shop_id
    )
    SELECT slug FROM raised JOIN shops ON shops.id = raised.shop_id
""")
