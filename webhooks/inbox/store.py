"""Storing an event once: the insert is the race, and its constraint the judge.

Events that come at the same time share one statement and one COMMIT. What an event costs is the
round trip and the wait for the disk, and those take hardly longer for sixteen than for one.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(slots=True, eq=False)
class _Arrival:
    """An event on its way in; in the end either ``is_new`` or ``failure`` is set."""

    door: Door
    webhook_id: str
    body: bytes
    is_new: bool | None = None
    failure: Exception | None = None

    @property
    def key(self) -> tuple[int, str]:
        """What there can be only one of."""
        return self.door.shop_id, self.webhook_id

    @property
    def is_through(self) -> bool:
        """Whether somebody has tried to write it down, with whatever success."""
        return self.is_new is not None or self.failure is not None


class Inbox:
    """The way into the inbox for all threads of one web process.

    While one of them waits for the database, others arrive; whoever gets the next turn writes down
    all of them. ``announce`` is called after each COMMIT that brought something new.
    """

    def __init__(self, engine: Engine, announce: Callable[[], object]) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._announce = announce
        self._waiting: deque[_Arrival] = deque()
        self._turn = threading.Lock()

    def keep(self, door: Door, webhook_id: str, body: bytes) -> Stored:
        """Keep an event for good; durable on return.

        Raises WebhookIdReused when the id was used for another body, which is kept aside.
        """
        mine = _Arrival(door, webhook_id, body)
        self._waiting.append(mine)
        batch: Sequence[_Arrival] = ()
        with self._turn:
            if not mine.is_through:
                batch = self._batch_with(mine)
                self._write(batch)
        if any(one.is_new for one in batch):
            self._announce()
        if mine.failure is not None:
            raise mine.failure
        return Stored.ACCEPTED if mine.is_new else self._known(mine)

    def _batch_with(self, mine: _Arrival) -> list[_Arrival]:
        """All who wait but for those whose key is in it: two of one key never go together."""
        batch = {mine.key: mine}
        for _ in range(len(self._waiting)):
            one = self._waiting.popleft()
            if batch.setdefault(one.key, one) is not one:
                self._waiting.append(one)
        return list(batch.values())

    def _write(self, batch: Sequence[_Arrival]) -> None:
        """One transaction for all; what goes wrong with it has gone wrong for each of them."""
        values = {
            "shops": [one.door.shop_id for one in batch],
            "versions": [one.door.version for one in batch],
            "ids": [one.webhook_id for one in batch],
            "bodies": [one.body for one in batch],
        }
        try:
            with self._engine.connect() as connection:
                fresh = {
                    (row.shop_id, row.webhook_id) for row in connection.execute(_STORE, values)
                }
        except Exception as error:
            for one in batch:
                one.failure = error
            raise
        for one in batch:
            one.is_new = one.key in fresh

    def _known(self, mine: _Arrival) -> Stored:
        """What there was in the way of an event. Raises WebhookIdReused."""
        door, webhook_id, body = mine.door, mine.webhook_id, mine.body
        values = {"shop": door.shop_id, "version": door.version, "webhook_id": webhook_id}
        with self._engine.connect() as connection:
            known = connection.execute(_KNOWN, values).one_or_none()
            if known is None:
                return Stored.DOOR_CHANGED
            if known.body == body:
                return Stored.DUPLICATE
            kept = {"event": known.id, "sha256": hashlib.sha256(body).digest(), "body": body}
            if connection.execute(_KEEP_ASIDE, kept).rowcount == 1:
                # The alert to staff: monitoring counts such bodies as well, in inbox_conflicts.
                _LOG.error("webhook_id_reused", shop_id=door.shop_id, event_id=known.id)
        raise WebhookIdReused(f"webhook-id {webhook_id!r} came before with another body")


# In the order of the keys, so that two processes that store the same events do not wait for each
# other in a circle.
_STORE = text("""
    INSERT INTO inbox_events (shop_id, webhook_id, body)
    SELECT shops.id, given.webhook_id, given.body
    FROM unnest(CAST(:shops AS bigint[]), CAST(:versions AS integer[]), CAST(:ids AS text[]),
                CAST(:bodies AS bytea[])) AS given (shop_id, version, webhook_id, body)
    JOIN shops ON shops.id = given.shop_id AND shops.door_version = given.version
    ORDER BY shops.id, given.webhook_id COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING shop_id, webhook_id
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
