"""Forked processes that end themselves at a drawn place, or stand still there past their lease."""

import faulthandler
import mmap
import os
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

import tracker.settlement.jobs
from tests.crash.points import Death
from tracker.kit import failpoints

PATIENCE = 40.0
"""Seconds after which a process is taken for stuck."""

_POLL = 0.002
_LEASE = 120
"""Seconds that pass for a process that stands still."""


@dataclass(slots=True)
class Watchmaker:
    """Time as the stopwatches of forked processes see it: the driver may let some pass."""

    _shared: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 8))

    def now(self) -> float:
        return time.monotonic() + self._passed()

    def let_pass(self, seconds: int) -> None:
        self._shared[:8] = struct.pack("q", self._passed() + seconds)

    def _passed(self) -> int:
        return int.from_bytes(self._shared[:8], sys.byteorder)


@dataclass(slots=True)
class Fate:
    """What became of a process."""

    hit: bool = False
    """It came to its place."""
    trouble: str = ""
    """Why it ended otherwise than well, where nothing befell it."""


@dataclass(slots=True)
class Reaper:
    """Runs lives in processes of their own."""

    owner: psycopg.Connection
    folder: Path
    watchmaker: Watchmaker = field(default_factory=Watchmaker)
    sleepers: list[int] = field(default_factory=list)

    def run(self, life: Callable[[], None], death: Death | None = None) -> Fate:
        """Let a life run to its end, or to its death."""
        pid = self._fork(life, death)
        status = _wait(pid, os.WUNTRACED)
        if status is None:
            os.kill(pid, signal.SIGUSR1)  # it writes down where it is
            time.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            late = f"it did not come to an end in {PATIENCE:.0f} s\n"
            return Fate(trouble=late + self._told(pid))
        if os.WIFSTOPPED(status):
            self.sleepers.append(pid)
            self._end_transactions()
            self._pass_leases()
            return Fate(hit=True)
        if os.WIFSIGNALED(status):
            self._pass_leases()
            return Fate(hit=death is not None and os.WTERMSIG(status) == signal.SIGKILL)
        return Fate(trouble="" if status == 0 else self._told(pid))

    def wake(self) -> Iterator[str]:
        """Let those who stood still go on; what went wrong with them. A connection that was lost,
        and what others have done meanwhile, are no wrong."""
        while self.sleepers:
            pid = self.sleepers.pop()
            os.kill(pid, signal.SIGCONT)
            status = _wait(pid, 0)
            if status and any(one in self._told(pid) for one in _NEVER):
                yield f"one that was woken: {self._told(pid)}"
            if status is None:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                yield f"one that was woken did not come to an end in {PATIENCE:.0f} s"

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Nobody is left behind."""
        try:
            yield
        finally:
            for pid in self.sleepers:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            self.sleepers.clear()

    def _fork(self, life: Callable[[], None], death: Death | None) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            told = (self.folder / f"trouble-{os.getpid()}").open("w")
            faulthandler.register(signal.SIGUSR1, told)
            _see_to_the_stopwatch(self.watchmaker)
            failpoints.install(_hook(death) if death else None)
            life()
            os._exit(0)
        except BaseException:  # noqa: BLE001 (whatever it is, it is told, and no fork returns)
            told.write(traceback.format_exc())
            told.flush()
        finally:
            os._exit(1)

    def _told(self, pid: int) -> str:
        told = self.folder / f"trouble-{pid}"
        return told.read_text() if told.exists() else "it ended with an error, and told nothing"

    def _end_transactions(self) -> None:
        """What PostgreSQL does to one that stands still in a transaction, 20 s later."""
        self.owner.execute(_END_TRANSACTIONS)

    def _pass_leases(self) -> None:
        """Time enough passes for every lease to be over."""
        self.watchmaker.let_pass(_LEASE)
        for table in ("payouts", "operator_statements"):
            self.owner.execute(_PASS_LEASES.format(table=table).encode())


def _hook(death: Death) -> failpoints.Hook:
    left = death.nth

    def hook(point: str) -> None:
        nonlocal left
        left -= point == death.point
        if point == death.point and left == 0:
            os.kill(os.getpid(), signal.SIGSTOP if death.stopped else signal.SIGKILL)

    return hook


def _see_to_the_stopwatch(watchmaker: Watchmaker) -> None:
    """Whoever delivers looks at a time that may be let pass."""
    given = tracker.settlement.jobs.deliver.__kwdefaults__ or {}
    assert "stopwatch" in given, "delivery takes its stopwatch elsewhere by now"
    given["stopwatch"] = watchmaker.now


def _wait(pid: int, options: int) -> int | None:
    """The status of a process that has ended or stands still; None when it goes on and on."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found, status = os.waitpid(pid, options | os.WNOHANG)
        if found:
            return status
        time.sleep(_POLL)
    return None


_NEVER = ("AlreadyPosted", "AssertionError", "IntegrityError")
"""What nobody may run into, however late they come."""

_END_TRANSACTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND state LIKE 'idle in transaction%'
"""

_PASS_LEASES = """
    UPDATE {table} SET lease_until = clock_timestamp() - interval '1 ms'
    WHERE lease_until > clock_timestamp()
"""
