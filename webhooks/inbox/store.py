"""Storing an event once, for threads: events that come at the same time share one COMMIT.

What an event costs is the round trip and the wait for the disk, and those take hardly longer for
sixteen than for one.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine

from webhooks.inbox.writer import Incoming, Outcome, Stored, Writer

__all__ = ["BATCH", "BATCH_BYTES", "Inbox", "Incoming", "Stored"]

BATCH = 256
"""Events that are written together at most."""

BATCH_BYTES = 8 * 1024 * 1024
"""Of bodies that are written together at most, but for one event alone."""


def _shut() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Arrival:
    """An event on its way in."""

    event: Incoming
    outcome: Outcome | None = None
    """Set once somebody has tried to write it down, with whatever success."""
    called: threading.Lock = field(default_factory=_shut)
    """Opened, once, by whoever has news for the thread that waits with this event."""


class Inbox:
    """The way into the inbox for all threads of one web process.

    The first to come writes down its own event. Whoever comes meanwhile waits; one of those is
    then called to write down all of theirs, and so on. So each thread is woken once, to hear what
    became of its event or to do the writing. ``announce`` is called after each COMMIT that brought
    something new.
    """

    def __init__(self, engine: Engine, announce: Callable[[], object]) -> None:
        self._writer = Writer(engine)
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
        if mine.outcome is None:
            self._write_with(mine)
        return _told(mine.outcome)

    def _is_first(self, mine: _Arrival) -> bool:
        """Join those who wait; whether nobody is writing, so that this one is to begin."""
        with self._guard:
            self._waiting.append(mine)
            begins, self._is_busy = not self._is_busy, True
            return begins

    def _write_with(self, mine: _Arrival) -> None:
        batch = self._next_batch()
        try:
            self._write(batch)
        finally:
            self._call_next()
            for one in batch:
                if one is not mine:
                    one.called.release()
        if any(one.outcome is Stored.ACCEPTED for one in batch):
            self._announce()

    def _next_batch(self) -> list[_Arrival]:
        """Those who wait, from the first on, which is the one that was called to write."""
        batch: list[_Arrival] = []
        size = 0
        with self._guard:
            while self._waiting and len(batch) < BATCH:
                size += len(self._waiting[0].event.body)
                if batch and size > BATCH_BYTES:
                    break
                batch.append(self._waiting.popleft())
        return batch

    def _call_next(self) -> None:
        with self._guard:
            self._is_busy = bool(self._waiting)
            if self._is_busy:
                self._waiting[0].called.release()

    def _write(self, batch: Sequence[_Arrival]) -> None:
        """One transaction for all; what goes wrong with it has gone wrong for each of them."""
        try:
            outcomes = self._writer.write([one.event for one in batch])
        except Exception as error:
            for one in batch:
                one.outcome = error
            raise
        for one, outcome in zip(batch, outcomes, strict=True):
            one.outcome = outcome


def _told(outcome: Outcome | None) -> Stored:
    if isinstance(outcome, Stored):
        return outcome
    raise outcome or RuntimeError("an event was let go of and never written")
