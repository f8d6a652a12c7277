"""Processes of the product as a deployment runs them: the console script, with its settings."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from benchmarks.seed import EPOCH
from benchmarks.stack import Stack

NOW = EPOCH + timedelta(days=2)
"""Business time: no hold is over yet, and no month."""

_START_LIMIT = 30.0
_STOP_LIMIT = 30.0


_TRACKER = (str(Path(sys.executable).with_name("tracker")),)


@contextmanager
def serving(
    stack: Stack, processes: int, program: Sequence[str] = _TRACKER
) -> Iterator[tuple[int, int]]:
    """`tracker serve` as a deployment runs it, or another program's `serve`: its port and pid."""
    port = _free_port()
    arguments = ("serve", "--port", str(port), "--processes", str(processes))
    with started(stack, *arguments, program=program) as process:
        _await(port, process)
        yield port, process.pid


@contextmanager
def started(
    stack: Stack, *arguments: str, program: Sequence[str] = _TRACKER
) -> Iterator["subprocess.Popen[bytes]"]:
    """A `tracker` command, until the block ends."""
    command = [*program, *arguments]
    clock = {"TRACKER_CLOCK": f"{NOW.isoformat()} x1 @{time.time()}"}
    with subprocess.Popen(command, env={**os.environ, **stack.environ, **clock}) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_LIMIT)
            finally:
                process.kill()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1),
        ):
            return
        time.sleep(0.05)
    raise AssertionError(f"the web service is not there: exit code {process.poll()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
