"""The catalogue that a web process remembers, and how it hears that there is another.

It costs nothing to look at but once a second one small query, by one of the threads that come by.
An offer that begins later needs no query: until when it holds is remembered with it.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from partners.catalogue.queries import Reading, read, version
from partners.catalogue.shelves import Shelves
from tracker.kit.database import AWAY, snapshot, unit_of_work
from tracker.kit.logs import log

FRESH = 1.0
"""Seconds for which nobody asks whether something has changed."""

PATIENCE = 60.0
"""Seconds for which it is still shown while the database does not answer."""

_LOG = log("catalogue")


@dataclass(frozen=True, slots=True)
class _Held:
    """A catalogue and what it was made from."""

    reading: Reading
    shelves: Shelves


@dataclass(slots=True)
class Keeper:
    """Hands out the catalogue of a moment; for any number of threads."""

    engine: Engine
    fresh: float = FRESH
    _held: _Held | None = None
    _asked_at: float = 0.0
    """When the database was last asked, and (next) when it last answered; seconds of real time."""
    _answered_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, moment: datetime) -> Shelves:
        """The catalogue of a business moment, at most a second behind what was changed.

        Raises what the database raises when it is away.
        """
        held = self._held
        if held is None or not held.reading.holds(moment):
            with self._lock:
                return self._looked_at(moment).shelves
        if time.monotonic() - self._asked_at >= self.fresh and self._lock.acquire(blocking=False):
            # Others go on with what is remembered.
            try:
                return self._looked_at(moment).shelves
            finally:
                self._lock.release()
        return held.shelves

    def _looked_at(self, moment: datetime) -> _Held:
        """Perhaps others have looked while we waited for the lock."""
        held = self._held
        if held is None or not held.reading.holds(moment):
            return self._read(moment)
        if time.monotonic() - self._asked_at < self.fresh:
            return held
        self._asked_at = time.monotonic()
        try:
            with unit_of_work(self.engine) as session:
                is_same = version(session) == held.reading.version
            if not is_same:
                return self._read(moment)
        except AWAY as error:
            if time.monotonic() - self._answered_at > PATIENCE:
                raise
            _LOG.warning("catalogue_not_asked_for", error=str(error).splitlines()[0])
            return held
        self._answered_at = time.monotonic()
        return held

    def _read(self, moment: datetime) -> _Held:
        self._asked_at = time.monotonic()
        with snapshot(self.engine) as session:
            reading = read(session, moment)
        self._answered_at = time.monotonic()
        self._held = _Held(reading, Shelves(reading.shops))
        return self._held
