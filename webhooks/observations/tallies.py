"""What a web process has seen and not yet written down. In memory, and bounded."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from webhooks.observations.rules import Outcome, hour_of

KEPT = 50_000
"""Counts that are kept while the database is away; past it, new ones are let go of."""

_MINUTE = timedelta(minutes=1)

Key = tuple[int, datetime, Outcome]
"""Shop, hour, outcome."""


@dataclass(slots=True)
class Seen:
    """How often, and when for the first and the last time."""

    count: int
    first_at: datetime
    last_at: datetime


@dataclass(slots=True)
class Batch:
    """What has been seen in a while."""

    counts: dict[Key, Seen] = field(default_factory=dict)
    used: dict[int, datetime] = field(default_factory=dict)
    """When secrets, by their ids, last opened the door."""

    def add(self, key: Key, count: int, first_at: datetime, last_at: datetime) -> None:
        """Count something, unless there is no room for it."""
        seen = self.counts.get(key)
        if seen is not None:
            seen.count += count
            seen.first_at = min(seen.first_at, first_at)
            seen.last_at = max(seen.last_at, last_at)
        elif len(self.counts) < KEPT:
            self.counts[key] = Seen(count, first_at, last_at)


class Tally:
    """Counts what happens, for all threads of a process, until it is taken to be written down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batch = Batch()
        self._told: dict[int, datetime] = {}
        """Of secrets: the last use that was handed on to be written down. As many as there are."""

    def note(
        self, shop_id: int, outcome: Outcome, now: datetime, secret_id: int | None = None
    ) -> None:
        """Count one request. A secret's use is noted once a minute at most."""
        with self._lock:
            self._batch.add((shop_id, hour_of(now), outcome), 1, now, now)
            if secret_id is not None and self._is_news(secret_id, now):
                self._batch.used[secret_id] = now

    def take(self) -> Batch:
        """What was counted since the last taking; it is the taker's to write down."""
        with self._lock:
            taken, self._batch = self._batch, Batch()
            self._told |= taken.used
            return taken

    def put_back(self, batch: Batch) -> None:
        """It could not be written down: it counts as not taken."""
        with self._lock:
            for key, seen in batch.counts.items():
                self._batch.add(key, seen.count, seen.first_at, seen.last_at)
            _later(self._batch.used, batch.used)

    def _is_news(self, secret_id: int, now: datetime) -> bool:
        told = self._told.get(secret_id)
        return told is None or now - told >= _MINUTE


def _later(known: dict[int, datetime], others: Mapping[int, datetime]) -> None:
    for one, moment in others.items():
        known[one] = max(moment, known.get(one, moment))
