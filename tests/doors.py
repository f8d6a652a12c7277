"""The same tests for both transports of the front door: threads, and an event loop."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

import pytest
import uvloop

from tracker.kit.bodies import Application, Bodies, Message, Receive, Scope, Send
from tracker.kit.runtime import Runtime
from tracker.kit.setting_names import DOORS
from webhooks.door.api import Threads
from webhooks.door.loop import Loop
from webhooks.door.reception import Answer
from webhooks.wire.letters import Letter

both_doors = pytest.mark.parametrize("door", DOORS, indirect=True, scope="session")
"""Marks tests whose ``house`` or ``world`` is entered by one door, and then by the other."""

_PATIENCE = 60.0
_GUARD = threading.Lock()
_OF_THE_BODY = ("CONTENT_TYPE", "CONTENT_LENGTH")


def running_loop() -> asyncio.AbstractEventLoop:
    """The event loop of this test process, in a thread of its own."""
    with _GUARD:  # or threads that ask at the same time would each be given another
        return _started_loop()


@cache
def _started_loop() -> asyncio.AbstractEventLoop:
    loop = uvloop.new_event_loop()
    threading.Thread(target=loop.run_forever, name="event loop", daemon=True).start()
    return loop


class Carried:
    """A WSGI application that carries requests to an ASGI one as the server does.

    So a test has the same client for both, and may call from many threads at once.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        exchange = _exchange(self._application, _scope(environ), body)
        begun, said = asyncio.run_coroutine_threadsafe(exchange, running_loop()).result(_PATIENCE)
        headers = [(name.decode(), value.decode("latin-1")) for name, value in begun["headers"]]
        start(f"{begun['status']} Said", headers)
        return [said]


def receiver(tools: Runtime, door: str) -> Callable[[str, Letter, datetime], Answer]:
    """A front door of its own, to which letters come at moments that are passed in."""
    if door == "threads":
        return Threads(tools).receive
    made = Loop(tools, Bodies(seconds=1, room=0), elsewhere=_nowhere)

    def receive(slug: str, letter: Letter, now: datetime) -> Answer:
        received = made.receive(slug, letter, now)
        return asyncio.run_coroutine_threadsafe(received, running_loop()).result(_PATIENCE)

    return receive


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError(f"nothing else is asked for, but {scope['path']} was")


async def _exchange(application: Application, scope: Scope, body: bytes) -> tuple[Message, bytes]:
    """The start of the answer, and its body."""
    coming: list[Message] = [
        {"type": "http.request", "body": body, "more_body": True},
        {"type": "http.request", "body": b"", "more_body": False},
    ]
    gone: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        gone.append(message)

    await application(scope, receive, send)
    assert [one["type"] for one in gone[:1]] == ["http.response.start"]
    assert not gone[-1].get("more_body", False)
    return gone[0], b"".join(one["body"] for one in gone[1:])


def _field(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").lower()


def _scope(environ: dict[str, Any]) -> Scope:
    names = [name for name in environ if name.startswith("HTTP_") or name in _OF_THE_BODY]
    headers = [
        (
            name.removeprefix("HTTP_").replace("_", "-").lower().encode(),
            environ[name].encode("latin-1"),
        )
        for name in names
        if environ[name] or name not in _OF_THE_BODY
    ]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": "http",
        "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40_000),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
    }
