"""The long-running processes: the web service and the scheduler."""

import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from granian import Granian
from granian.constants import Interfaces
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.kit.runtime import Runtime

Due = Callable[[Session, datetime], bool]
"""Whether work of some kind waits at a business moment."""

THREADS = 16
"""Requests of a web process that may use the database at once."""

REQUESTS = 128
"""Requests that a web process may be reading or answering at once. A body that comes in slowly
holds one of them up until its sender closes the connection: WSGI cannot give up on it before."""

_LOG = log("scheduler")


def serve(target: str, *, address: str, port: int, processes: int) -> None:
    """Serve the WSGI application that ``target`` makes until told to stop."""
    Granian(
        target,
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=REQUESTS,
        factory=True,
        respawn_failed_workers=True,
        log_enabled=False,
        websockets=False,
        workers_kill_timeout=10,
    ).serve()


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
