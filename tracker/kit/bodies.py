"""Bodies of requests on an event loop: how long one may take, and how much of all is held at once.

A body that comes slowly costs a few kilobytes here and no thread, and is given up on. ASGI tells
a body that ended from one that was broken off; what was broken off is nobody's body.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Self

from tracker.kit.errors import TooSlow, Unavailable, Unreadable

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""What ASGI 3.0 calls these."""

SMALL = 16 * 1024
"""Bytes of a body that are not counted: the number of connections bounds them."""

_LOOKS = 20
"""At who is late, in the time that each has."""


class BodyTooSlow(TooSlow):
    """The body was not there in time."""

    code = "body_too_slow"


class BodyBrokenOff(Unreadable):
    """The body ended before it was whole."""


class NoRoom(Unavailable):
    """More is being sent here at this moment than can be held: come again soon."""

    code = "busy"


class Patience:
    """So many seconds for each task that waits, by one timer for all: a timer each is dear."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pause = seconds / _LOOKS
        self._due: dict[asyncio.Task[Any], float] = {}  # in the order of their moments
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> asyncio.Task[Any]:
        """Let the time of this task run."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("only a task can wait")
        self._due[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._pause, self._tick, loop)
        return task

    def end(self, task: asyncio.Task[Any]) -> None:
        """It waits no more."""
        self._due.pop(task, None)
        self._late.discard(task)

    def is_over(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task was cancelled because its time is up: then it no longer is."""
        if task not in self._late:
            return False
        task.uncancel()
        return True

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = [task for task, due in self._due.items() if due <= now]
        for task in late:
            del self._due[task]
            self._late.add(task)
            task.cancel()
        self._timer = loop.call_later(self._pause, self._tick, loop) if self._due else None


class Bodies:
    """Reads bodies; ``room`` is how many bytes of them are held at once, small ones aside."""

    def __init__(self, *, seconds: float, room: int) -> None:
        self._patience = Patience(seconds)
        self._room = room

    async def small(self, receive: Receive, length: int) -> bytes:
        """A body of a known length up to SMALL. Raises BodyTooSlow, BodyBrokenOff.

        What comes after the length is never waited for: it would cost a second turn of the loop.
        """
        if not length:
            return b""
        body = b""
        task = self._patience.begin()
        try:
            while len(body) < length:
                body += (await _piece(receive))[0]
        except asyncio.CancelledError:
            if self._patience.is_over(task):
                raise BodyTooSlow from None
            raise
        finally:
            self._patience.end(task)
        return body

    def hold(self) -> "Hold":
        """Room for one body, until the block ends."""
        return Hold(self)

    async def read(self, receive: Receive, take: Callable[[bytes], Awaitable[bool]]) -> None:
        """Hand a body to ``take`` piece by piece, until it ends or ``take`` has had enough.

        Raises BodyTooSlow, BodyBrokenOff, and what ``take`` raises.
        """
        task = self._patience.begin()
        try:
            more = True
            while more:
                piece, more = await _piece(receive)
                more = await take(piece) and more
        except asyncio.CancelledError:
            if self._patience.is_over(task):
                raise BodyTooSlow from None
            raise
        finally:
            self._patience.end(task)

    def take_room(self, size: int) -> None:
        """Raises NoRoom."""
        if size > self._room:
            raise NoRoom
        self._room -= size

    def give_room(self, size: int) -> None:
        """What was taken."""
        self._room += size


class Hold:
    """One body that is held in memory, piece by piece."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Raises NoRoom."""
        self._bodies.take_room(len(piece))
        self.size += len(piece)
        self._pieces.append(piece)

    def drop(self) -> None:
        """Let go of it."""
        self._bodies.give_room(self.size)
        self._pieces, self.size = [], 0

    def whole(self) -> bytes:
        """All of it in one."""
        return b"".join(self._pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] != "http.request":
        raise BodyBrokenOff
    return message.get("body", b""), message.get("more_body", False)
