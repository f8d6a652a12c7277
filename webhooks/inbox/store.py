"""Storing an event once: the insert is the race, and its constraint the judge."""

import hashlib
from enum import StrEnum

from sqlalchemy import Engine, text

from tracker.kit.logs import log
from webhooks.errors import WebhookIdReused
from webhooks.inbox.door import Door

_LOG = log("inbox")


class Stored(StrEnum):
    """What became of an attempt to store."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    DOOR_CHANGED = "door_changed"
    """Nothing was stored: the shop's secrets or status are not what they were thought to be."""


def store(engine: Engine, door: Door, webhook_id: str, body: bytes) -> Stored:
    """Keep an event for good, in a transaction of its own; durable on return.

    Raises WebhookIdReused when the id was used for another body, which is kept aside.
    """
    values = {
        "shop": door.shop_id,
        "version": door.version,
        "webhook_id": webhook_id,
        "body": body,
    }
    with engine.connect() as connection:
        fast = connection.execution_options(isolation_level="AUTOCOMMIT")
        if fast.execute(_STORE, values).rowcount == 1:
            return Stored.ACCEPTED
        known = fast.execute(_KNOWN, values).one_or_none()
        if known is None:
            return Stored.DOOR_CHANGED
        if known.body == body:
            return Stored.DUPLICATE
        kept = {"event": known.id, "sha256": hashlib.sha256(body).digest(), "body": body}
        if fast.execute(_KEEP_ASIDE, kept).rowcount == 1:
            # The alert to staff: monitoring counts such bodies as well, in inbox_conflicts.
            _LOG.error("webhook_id_reused", shop_id=door.shop_id, event_id=known.id)
    raise WebhookIdReused(f"webhook-id {webhook_id!r} came before with another body")


_STORE = text("""
    INSERT INTO inbox_events (shop_id, webhook_id, body)
    SELECT id, :webhook_id, :body FROM shops WHERE id = :shop AND door_version = :version
    ON CONFLICT DO NOTHING
""")

_KNOWN = text("""
    SELECT inbox_events.id, body
    FROM inbox_events JOIN shops ON shops.id = inbox_events.shop_id
    WHERE shop_id = :shop AND webhook_id = :webhook_id AND door_version = :version
""")

_KEEP_ASIDE = text("""
    INSERT INTO inbox_conflicts (event_id, sha256, body) VALUES (:event, :sha256, :body)
    ON CONFLICT DO NOTHING
""")
