"""Starts the billing as a process of its own, for tests and for whoever builds a stack."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.billing.server import check_free
from sandbox.billing.telling import NOBODY, Caller

_SECONDS_TO_START = 30.0
_SECONDS_TO_STOP = 10.0


class NotStarted(Exception):
    """The process ended, or was ended after half a minute, before it was ready."""


@dataclass(frozen=True, slots=True)
class BillingProcess:
    """A running billing: where it listens, and the process that can be killed."""

    url: str
    token: str
    data: Path
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """SIGKILL, as a crash would, and wait for its worker process to follow it."""
        self.process.kill()
        self.process.wait()
        check_free(int(self.url.rpartition(":")[2]))

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        try:
            return self.process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@contextmanager
def running_billing(
    data: Path,
    *,
    token: str,
    port: int = 0,
    faults: Path | None = None,
    clock: str = "",
    caller: Caller = NOBODY,
) -> Iterator[BillingProcess]:
    """A billing over the books in ``data`` until the block ends. Raises NotStarted."""
    command = [sys.executable, "-m", "sandbox.billing", "--port", str(port), "--data", str(data)]
    command += ["--clock", clock, *(["--faults", str(faults)] if faults else [])]
    command += ["--callback-url", caller.url]
    secrets = {"BILLING_TOKEN": token, "BILLING_CALLBACK_TOKEN": caller.token}
    environment = {**os.environ, **secrets}  # not arguments: those, all can see
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield BillingProcess(_url_when_ready(process), token, data, process)
        finally:
            process.terminate()


def _url_when_ready(process: subprocess.Popen[str]) -> str:
    give_up = threading.Timer(_SECONDS_TO_START, process.kill)
    give_up.start()
    try:
        while line := process.stdout.readline() if process.stdout else "":
            if line.startswith("ready "):
                return line.split()[1]
    finally:
        give_up.cancel()
    raise NotStarted(f"it ended with exit code {process.wait()}")
