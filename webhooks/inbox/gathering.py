"""Storing an event once, for an event loop: events that come at the same time share one COMMIT.

What an event costs is the round trip and the wait for the disk, and those take hardly longer for
sixty than for one. The waiting is done in a few threads, one for each batch that is being written.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from webhooks.inbox.store import BATCH, BATCH_BYTES
from webhooks.inbox.writer import Incoming, Outcome, Stored, Writer

WRITERS = 4
"""Batches that are written at once at most."""

PATIENCE = 0.05
"""Seconds that those who wait give a batch before the next one is begun beside it. As a rule there
is one at a time: two would be half as long, and what a statement costs hardly depends on that. But
a batch may meet a lock, and must not hold up all others."""

_Arrival = tuple[Incoming, "asyncio.Future[Outcome]"]


@dataclass(slots=True)
class _Batch:
    """Events that are written together."""

    arrivals: Sequence[_Arrival]
    timer: asyncio.TimerHandle | None = None
    """Until the others lose their patience with it."""


class Gathering:
    """The way into the inbox for all requests of one event loop.

    Whoever comes while a batch is being written waits for the next one. ``announce`` is called
    after each COMMIT that brought something new; it must not wait.
    """

    def __init__(
        self, writer: Writer, announce: Callable[[], object], patience: float = PATIENCE
    ) -> None:
        self._writer = writer
        self._patience = patience
        self._announce = announce
        self._threads = ThreadPoolExecutor(WRITERS, "inbox")
        self._waiting: deque[_Arrival] = deque()
        self._writing = 0
        self._in_time = 0
        """Of those that are being written: how many have not lasted long yet."""
        self._is_called = False

    async def keep(self, event: Incoming) -> Stored:
        """Keep an event for good; durable on return.

        Raises WebhookIdReused when the id was used for another body, which is kept aside.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((event, told))
        if not self._in_time and not self._is_called:
            # In a moment: whoever came in the same turn of the loop comes along.
            self._is_called = True
            loop.call_soon(self._begin, loop)
        outcome = await told
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_called = False
        if self._waiting and not self._in_time and self._writing < WRITERS:
            batch = _Batch(self._next_batch())
            self._writing += 1
            self._in_time += 1
            batch.timer = loop.call_later(self._patience, self._lose_patience, loop, batch)
            self._threads.submit(self._write, loop, batch)

    def _lose_patience(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        batch.timer = None
        self._in_time -= 1
        self._begin(loop)

    def _next_batch(self) -> list[_Arrival]:
        batch: list[_Arrival] = []
        size = 0
        while self._waiting and len(batch) < BATCH:
            size += len(self._waiting[0][0].body)
            if batch and size > BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _write(self, loop: asyncio.AbstractEventLoop, batch: _Batch) -> None:
        """In a thread: one transaction for all; what goes wrong with it has for each of them."""
        outcomes: Sequence[Outcome]
        try:
            outcomes = self._writer.write([event for event, _ in batch.arrivals])
        except Exception as error:
            outcomes = [error] * len(batch.arrivals)
        loop.call_soon_threadsafe(self._tell, loop, batch, outcomes)

    def _tell(
        self, loop: asyncio.AbstractEventLoop, batch: _Batch, outcomes: Sequence[Outcome]
    ) -> None:
        self._writing -= 1
        if batch.timer:
            batch.timer.cancel()
            self._in_time -= 1
        self._begin(loop)
        for (_, told), outcome in zip(batch.arrivals, outcomes, strict=True):
            if not told.done():  # its request was given up on
                told.set_result(outcome)
        if Stored.ACCEPTED in outcomes:
            self._announce()
