"""Storing an event once: the insert is the race, and its constraint the judge.

Events that come at the same time share one statement and one COMMIT. What an event costs is the
round trip and the wait for the disk, and those take hardly longer for sixteen than for one.
"""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Engine, text

from tracker.kit.logs import log
from webhooks.errors import WebhookIdReused

_LOG = log("inbox")


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event that was let in, as it is to be kept."""

    shop_id: int
    version: int
    """Of the shop's door, by which it was let in."""
    webhook_id: str
    dialect_id: int | None
    shape: str
    trusted: bool
    body: bytes


class Stored(StrEnum):
    """What became of an attempt to store."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    DOOR_CHANGED = "door_changed"
    """Nothing was stored: the shop's secrets or status are not what they were thought to be."""


def _shut() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Arrival:
    """An event on its way in; in the end either ``is_new`` or ``failure`` is set."""

    event: Incoming
    is_new: bool | None = None
    failure: Exception | None = None
    called: threading.Lock = field(default_factory=_shut)
    """Opened, once, by whoever has news for the thread that waits with this event."""

    @property
    def key(self) -> tuple[int, str]:
        """What there can be only one of."""
        return self.event.shop_id, self.event.webhook_id

    @property
    def is_through(self) -> bool:
        """Whether somebody has tried to write it down, with whatever success."""
        return self.is_new is not None or self.failure is not None


class Inbox:
    """The way into the inbox for all threads of one web process.

    The first to come writes down its own event. Whoever comes meanwhile waits; one of those is
    then called to write down all of theirs, and so on. So each thread is woken once, to hear what
    became of its event or to do the writing. ``announce`` is called after each COMMIT that brought
    something new.
    """

    def __init__(self, engine: Engine, announce: Callable[[], object]) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._announce = announce
        self._guard = threading.Lock()
        self._waiting: deque[_Arrival] = deque()
        self._is_busy = False

    def keep(self, event: Incoming) -> Stored:
        """Keep an event for good; durable on return.

        Raises WebhookIdReused when the id was used for another body, which is kept aside.
        """
        mine = _Arrival(event)
        if not self._is_first(mine):
            mine.called.acquire()
        if not mine.is_through:
            self._write_with(mine)
        if mine.failure is not None:
            raise mine.failure
        return Stored.ACCEPTED if mine.is_new else self._known(mine)

    def _is_first(self, mine: _Arrival) -> bool:
        """Join those who wait; whether nobody is writing, so that this one is to begin."""
        with self._guard:
            self._waiting.append(mine)
            begins, self._is_busy = not self._is_busy, True
            return begins

    def _write_with(self, mine: _Arrival) -> None:
        batch = self._batch_with(mine)
        try:
            self._write(batch)
        finally:
            self._call_next()
            for one in batch:
                if one is not mine:
                    one.called.release()
        if any(one.is_new for one in batch):
            self._announce()

    def _batch_with(self, mine: _Arrival) -> list[_Arrival]:
        """All who wait but for those whose key is in it: two of one key never go together."""
        batch = {mine.key: mine}
        with self._guard:
            for _ in range(len(self._waiting)):
                one = self._waiting.popleft()
                if batch.setdefault(one.key, one) is not one:
                    self._waiting.append(one)
        return list(batch.values())

    def _call_next(self) -> None:
        with self._guard:
            self._is_busy = bool(self._waiting)
            if self._is_busy:
                self._waiting[0].called.release()

    def _write(self, batch: Sequence[_Arrival]) -> None:
        """One transaction for all; what goes wrong with it has gone wrong for each of them."""
        try:
            fresh = self._insert(batch)
        except Exception as error:
            for one in batch:
                one.failure = error
            raise
        for one in batch:
            one.is_new = one.key in fresh

    def _insert(self, batch: Sequence[_Arrival]) -> set[tuple[int, str]]:
        """The keys that were not there yet and whose doors are as they were thought to be."""
        values = {
            "shops": [one.event.shop_id for one in batch],
            "versions": [one.event.version for one in batch],
            "ids": [one.event.webhook_id for one in batch],
            "bodies": [one.event.body for one in batch],
        }
        with self._engine.connect() as connection:
            rows = connection.execute(_STORE, values)
            return {(row.shop_id, row.webhook_id) for row in rows}

    def _known(self, mine: _Arrival) -> Stored:
        """What there was in the way of an event. Raises WebhookIdReused."""
        shop_id, webhook_id, body = mine.event.shop_id, mine.event.webhook_id, mine.event.body
        values = {"shop": shop_id, "version": mine.event.version, "webhook_id": webhook_id}
        with self._engine.connect() as connection:
            known = connection.execute(_KNOWN, values).one_or_none()
            if known is None:
                return Stored.DOOR_CHANGED
            if known.body == body:
                return Stored.DUPLICATE
            kept = {"event": known.id, "sha256": hashlib.sha256(body).digest(), "body": body}
            if connection.execute(_KEEP_ASIDE, kept).rowcount == 1:
                # The alert to staff: monitoring counts such bodies as well, in inbox_conflicts.
                _LOG.error("webhook_id_reused", shop_id=shop_id, event_id=known.id)
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
