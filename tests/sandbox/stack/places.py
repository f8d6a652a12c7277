"""Data folders that any account can reach, and `tracker up` as a process of its own."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.servers.families import members
from sandbox.servers.processes import servers_under, wait_until
from sandbox.stack.commands import tracker_command

OUTSIDE = {
    name: value
    for name, value in os.environ.items()
    if name
    not in (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "BILLING_URL",
        "SMS_URL",
        "MAIL_URL",
    )
}
"""The environment of somebody who names no servers of their own."""


@contextmanager
def keeping() -> Iterator[Path]:
    """A data folder to be, among the temporary files."""
    parent = Path(tempfile.mkdtemp(prefix="tracker-test-"))
    parent.chmod(0o711)
    try:
        yield parent / "data"
    finally:
        shutil.rmtree(parent)


def left_on(data: Path) -> list[int]:
    """Processes that run on a data folder."""
    return members(data) + servers_under(data / "servers")


def sockets_of(data: Path) -> Path:
    """Where the sockets of the servers on a folder are, while they run."""
    return (data / "servers" / "sockets").readlink()


class Up:
    """`tracker up` as a person starts it; a context manager that leaves nothing behind."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.said: list[str] = []
        self._options = options

    def __enter__(self) -> "Up":
        command = tracker_command("--data", str(self.data), "up", "--port", "0", *self._options)
        self.process = subprocess.Popen(
            command,
            env=OUTSIDE,
            cwd=self.data.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert wait_until(lambda: not left_on(self.data), 30)

    def line(self, beginning: str) -> str:
        """Read on to a line that begins so; what follows the beginning."""
        return self.line_like(rf"^\s*{beginning}\s+(.*)$")[1]

    def line_like(self, pattern: str) -> re.Match[str]:
        """Read on to a line in which the pattern is found."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"it never said {pattern!r}:\n{''.join(self.said)}")

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Read to the end of what it says, and wait; the exit code."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.readlines()
        return self.process.wait(60)
