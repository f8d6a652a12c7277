"""Processes of the product, as a deployment runs them, for tests that kill and stop them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

import wsgi
from tests.races.held import wait_until

ROOT = Path(wsgi.__file__).parent
_COMMAND = (sys.executable, "-c", "from wiring.start import main; main()")


@dataclass(slots=True)
class Processes:
    """What runs in one deployment: every process a session of its own, so that none gets away."""

    environ: Mapping[str, str]
    log: Path
    _leaders: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a `tracker` command."""
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [*_COMMAND, *arguments],
                env={**os.environ, **self.environ},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._leaders.append(process)
        return process

    def serve(self) -> int:
        """Start the web service in one process; its port, once it takes connections."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self.start("serve", "--port", str(port), "--processes", "1")
        wait_until(lambda: _listens(port))
        return port

    @property
    def last(self) -> subprocess.Popen[bytes]:
        """The one that was started last."""
        return self._leaders[-1]

    def said(self) -> str:
        """What all of them wrote to standard output and error."""
        return self.log.read_text("utf-8", "replace")

    def end(self) -> None:
        """Kill whatever is left of them, work horses without a worker as well."""
        for leader in self._leaders:
            for process in _session_of(leader.pid):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            leader.wait(10)


def horse_of(worker: subprocess.Popen[bytes]) -> psutil.Process:
    """The process in which a worker does its present job."""
    wait_until(lambda: bool(psutil.Process(worker.pid).children()))
    return psutil.Process(worker.pid).children()[0]


def stops(process: subprocess.Popen[bytes], number: signal.Signals, *, within: float) -> int:
    """Send a signal; the exit code, which must be there in time."""
    started = time.monotonic()
    process.send_signal(number)
    code = process.wait(within + 10)
    assert time.monotonic() - started < within
    return code


def _session_of(leader: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getsid(process.pid) == leader:
                found.append(process)
    return found


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
