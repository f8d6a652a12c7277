"""From an event loop to a WSGI application: its requests wait in threads, their bodies do not."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from a2wsgi import WSGIMiddleware

from tracker.kit.bodies import Bodies, Hold, Message, NoRoom, Receive, Scope, Send
from tracker.kit.errors import TrackerError
from tracker.kit.problems import CAREFUL, MEDIA, Problem, problem_of

Headers = Sequence[tuple[bytes, bytes]]

_CAREFUL = [(name.lower().encode(), value.encode()) for name, value in CAREFUL.items()]
_CLOSE = [(b"connection", b"close")]
_OURS = (b"content-length", b"transfer-encoding")


class Bridge:
    """An ASGI application that is a WSGI application behind a pool of threads.

    ``waiting`` requests may wait for a thread, ``limit`` is the largest body that any route of the
    application takes: a longer one is handed over cut behind it, and refused there.
    """

    def __init__(
        self, wsgi: Any, bodies: Bodies, *, threads: int, waiting: int, limit: int
    ) -> None:
        # The library's types are narrower than ASGI's, and say the same.
        self._inner: Any = WSGIMiddleware(wsgi, workers=threads)
        self._bodies = bodies
        self._limit = limit
        self._left = threads + waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with self._bodies.hold() as hold:
            try:
                length = length_of(scope)
                if length is None or 0 < length <= self._limit:
                    await self._bodies.read(receive, partial(self._keep, hold))
                    length = hold.size
                if not self._left:
                    raise NoRoom
            except TrackerError as error:
                await send_problem(send, problem_of(error), close=True)
                return
            self._left -= 1
            try:
                await self._inner(_handed_on(scope, length), _once(hold.whole()), send)
            finally:
                self._left += 1

    async def _keep(self, hold: Hold, piece: bytes) -> bool:
        hold.add(piece)
        return hold.size <= self._limit


def length_of(scope: Scope) -> int | None:
    """What a request says of its body's length; None: it comes in chunks, and ends when it ends."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            return None
    return length


async def send_problem(send: Send, problem: Problem, *, close: bool = False) -> None:
    """Answer with a problem document; ``close``: nothing more is read from this connection."""
    headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    headers += _CLOSE if close else []
    await send_answer(send, problem.status, MEDIA.encode(), problem.body, headers)


async def send_answer(
    send: Send, status: int, media: bytes, body: bytes, headers: Headers = ()
) -> None:
    """Answer with a body, under the headers that every answer has."""
    length = (b"content-length", b"%d" % len(body))
    told = [(b"content-type", media), length, *_CAREFUL, *headers]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})


def _handed_on(scope: Scope, length: int) -> Scope:
    """The request with its body whole: of a known length, whatever it had before."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _OURS]
    headers.append((b"content-length", b"%d" % length))
    # The library takes a query for ASCII, and a client may have sent anything.
    query = quote(scope["query_string"], safe="%=&?/:;+,!*'()@$~-._[]{}|\\^`<>\"#").encode()
    return {**scope, "headers": headers, "query_string": query}


def _once(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
