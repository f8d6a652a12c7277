"""Serves the billing: granian with one worker process, which never outlives its owner."""

import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from sandbox.billing.app import create_app
from sandbox.billing.faults import Script
from sandbox.billing.store import Store
from sandbox.billing.telling import NOBODY, Caller, look_after
from tracker.kit.clock import clock_from

HOST = "127.0.0.1"
_THREADS = 16
"""Calls at once; a caller kept waiting by a fault holds one."""
_SECONDS_TO_STOP = 3
_SECONDS_FOR_A_PORT = 1.0


class PortTaken(Exception):
    """Somebody listens on the port already."""


@dataclass(frozen=True, slots=True)
class Config:
    """What one billing runs with; plain values, so that it can be handed to a process."""

    data: Path
    port: int
    token: str
    clock: str
    script: Script
    caller: Caller = NOBODY


def serve(config: Config) -> None:
    """Serve until SIGINT or SIGTERM; prints ``ready URL`` when it takes calls.

    Raises PortTaken. Port 0 takes a free one.
    """
    with reserved(config.port) as port:
        server = Granian(
            "billing",
            address=HOST,
            port=port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            workers=1,
            blocking_threads=_THREADS,
            log_level=LogLevels.error,
            workers_kill_timeout=_SECONDS_TO_STOP,
        )
        server.serve(target_loader=partial(_load, config, port), wrap_loader=False)


def _load(config: Config, port: int) -> Flask:
    """Runs in the worker process: the application, and threads that look after it."""
    threading.Thread(target=_end_with_owner, daemon=True).start()
    store = Store(config.data, clock_from(config.clock), tells=bool(config.caller.url))
    app = create_app(store, config.script, config.token, config.caller)
    threading.Thread(target=look_after, args=(store, config.caller), daemon=True).start()
    threading.Thread(target=_announce, args=(port,), daemon=True).start()
    return app


def _end_with_owner() -> None:
    """A killed owner cannot stop its worker; the books bear being cut off at any point."""
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)


def _announce(port: int) -> None:
    while True:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            break
        time.sleep(0.01)
    click.echo(f"ready http://{HOST}:{port}")


@contextmanager
def reserved(port: int) -> Iterator[int]:
    """Hold a port for the worker, which binds it too.

    The worker shares its port (SO_REUSEPORT), so a second billing would not fail but take half of
    the calls: the first bind here is one that does not share.
    """
    check_free(port)
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((HOST, port))
        yield holder.getsockname()[1]


def check_free(port: int) -> None:
    """Raises PortTaken; waits a moment for the worker of a billing that was killed just now."""
    give_up = time.monotonic() + _SECONDS_FOR_A_PORT
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return probe.bind((HOST, port))
            except OSError as error:
                if time.monotonic() > give_up:
                    raise PortTaken(f"port {port} is taken") from error
        time.sleep(0.02)
