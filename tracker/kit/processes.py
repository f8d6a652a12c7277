"""The long-running processes: the web service and the scheduler."""

import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.kit.runtime import Runtime

Due = Callable[[Session, datetime], bool]
"""Whether work of some kind waits at a business moment."""

THREADS = 16
"""Requests of a web process that may use the database at once."""

PATIENCE = 10
"""Seconds that a web process gives a statement: one that hangs must not hold up all others."""

REQUESTS = 128
"""Requests that a web process with threads may be reading or answering at once. A body that comes
in slowly holds one of them up until its sender closes the connection: WSGI cannot give up on it
before."""

CONNECTIONS = 2_048
"""Connections of a web process with an event loop; as many more wait to be taken, in all. (The
server allows itself as many open files as it may.)"""

BODY_SECONDS = 10
"""Within which the body of a request must be there, on an event loop."""

BODIES_BYTES = 64 * 1024 * 1024
"""Of bodies that a web process with an event loop holds at once, small ones aside."""

HEAD_SECONDS = 30
"""Within which the head of a request must be there, once it has begun."""

STOP_SECONDS = 20
"""For what is being answered when the process is told to stop."""

_HEAD_BYTES = 64 * 1024
"""Of one request's head, and of what is read ahead of its body."""

_LOG = log("scheduler")


def serve(target: str, *, address: str, port: int, processes: int) -> None:
    """Serve the WSGI application that ``target`` makes, in threads, until told to stop."""
    _granian(
        target,
        Interfaces.WSGI,
        address=address,
        port=port,
        workers=processes,
        blocking_threads=REQUESTS,
    ).serve()


def serve_on_loop(target: str, *, address: str, port: int, processes: int) -> None:
    """Serve the ASGI application that ``target`` makes, on event loops, until told to stop."""
    _granian(
        target,
        Interfaces.ASGINL,
        address=address,
        port=port,
        workers=processes,
        loop=Loops.uvloop,
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
    ).serve()


def _granian(target: str, interface: Interfaces, **settings: Any) -> Any:
    return Granian(
        target,
        interface=interface,
        factory=True,
        respawn_failed_workers=True,
        log_enabled=False,
        websockets=False,
        workers_kill_timeout=STOP_SECONDS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEAD_SECONDS * 1_000, max_buffer_size=_HEAD_BYTES
        ),
        **settings,
    )


def keep_nudging(tools: Runtime, due: Mapping[str, Due], *, every: float) -> None:
    """Nudge the workers for whatever waits, until told to stop.

    This is the sweeper as well as the calendar: work whose job was lost, whose worker went away,
    or whose day has come is all the same to it.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(every):
        try:
            with unit_of_work(tools.engine) as session:
                waiting = [
                    task for task, is_due in due.items() if is_due(session, tools.clock.now())
                ]
        except SQLAlchemyError as error:
            _LOG.warning("database_away", error=str(error).splitlines()[0])
            continue
        for task in waiting:
            tools.nudger.nudge(task)
