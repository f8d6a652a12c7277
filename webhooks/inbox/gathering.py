"""Storing an event once, for an event loop: events that come at the same time share one COMMIT.

What an event costs is the round trip and the wait for the disk, and those take hardly longer for
sixty than for one. The waiting is done in a few threads, one for each batch that is being written.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from webhooks.inbox.store import BATCH, BATCH_BYTES
from webhooks.inbox.writer import Incoming, Outcome, Stored, Writer

WRITERS = 2
"""Batches that are written at once: while one waits for the disk, the next is under way."""

_Arrival = tuple[Incoming, "asyncio.Future[Outcome]"]


class Gathering:
    """The way into the inbox for all requests of one event loop.

    Whoever comes while WRITERS batches are being written waits for the next one. ``announce`` is
    called after each COMMIT that brought something new; it must not wait.
    """

    def __init__(self, writer: Writer, announce: Callable[[], object]) -> None:
        self._writer = writer
        self._announce = announce
        self._threads = ThreadPoolExecutor(WRITERS, "inbox")
        self._waiting: deque[_Arrival] = deque()
        self._writing = 0
        self._is_called = False

    async def keep(self, event: Incoming) -> Stored:
        """Keep an event for good; durable on return.

        Raises WebhookIdReused when the id was used for another body, which is kept aside.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((event, told))
        if self._writing < WRITERS and not self._is_called:
            # In a moment: whoever came in the same turn of the loop comes along.
            self._is_called = True
            loop.call_soon(self._begin, loop)
        outcome = await told
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_called = False
        while self._waiting and self._writing < WRITERS:
            batch = self._next_batch()
            self._writing += 1
            self._threads.submit(self._write, loop, batch)

    def _next_batch(self) -> list[_Arrival]:
        batch: list[_Arrival] = []
        size = 0
        while self._waiting and len(batch) < BATCH:
            size += len(self._waiting[0][0].body)
            if batch and size > BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _write(self, loop: asyncio.AbstractEventLoop, batch: Sequence[_Arrival]) -> None:
        """In a thread: one transaction for all; what goes wrong with it has for each of them."""
        outcomes: Sequence[Outcome]
        try:
            outcomes = self._writer.write([event for event, _ in batch])
        except Exception as error:
            outcomes = [error] * len(batch)
        loop.call_soon_threadsafe(partial(self._tell, loop, batch, outcomes))

    def _tell(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[_Arrival],
        outcomes: Sequence[Outcome],
    ) -> None:
        self._writing -= 1
        self._begin(loop)
        for (_, told), outcome in zip(batch, outcomes, strict=True):
            if not told.done():  # its request was given up on
                told.set_result(outcome)
        if Stored.ACCEPTED in outcomes:
            self._announce()
