"""What PostgreSQL and Valkey have in common as processes of ours."""

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from sandbox.servers.accounts import Account
from sandbox.servers.errors import ServerDidNotStart, ServerDidNotStop
from sandbox.servers.launching import Log, launch
from sandbox.servers.processes import end_servers_under

Stage = tuple[signal.Signals, float]
"""A signal, and the seconds to wait for what it asks."""

_STEP = 0.01
_KILL_LIMIT = 10.0


class Server(ABC):
    """One server with its data in ``folder`` and its log beside it.

    It can be started again after it was stopped, killed, or ended by itself: always on the same
    socket, so that clients with the old address find it.
    """

    name: str
    start_limit: float
    """Seconds until it must take connections."""

    def __init__(self, folder: Path, account: Account | None) -> None:
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the server's topmost process; None while it does not run."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it takes connections; nothing to do when it runs.

        Raises ServerDidNotStart or ProgramsMissing, and leaves no process behind then.
        """
        if self.pid is not None:
            return
        self.kill()  # it may have ended by itself, and its children may not know yet
        self._prepare()
        log = Log.open(self.log)
        self._process = launch(
            self._command(),
            folder=self.folder,
            log=self.log,
            account=self._account,
            stdin=self._stdin(),
        )
        try:
            self._await(log)
        except BaseException:
            self.kill()
            raise

    def stop(self, *, immediate: bool = False) -> None:
        """Stop, losing nothing; ``immediate`` leaves the recovery to the next start.

        Waits are bounded, SIGKILL comes last, and at once when the waiting is interrupted.
        """
        try:
            for number, patience in self._stages(immediate=immediate):
                if self._gone_after(number, patience):
                    break
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as an outage would; every process of this server has ended on return."""
        if not self._gone_after(signal.SIGKILL, _KILL_LIMIT):
            raise ServerDidNotStop(f"{self.name} (process {self.pid}) outlives SIGKILL")
        self._process = None
        end_servers_under(self.folder, patience=0)

    def restart(self, *, immediate: bool = False) -> None:
        """Stop and start again, at the same address."""
        self.stop(immediate=immediate)
        self.start()

    def _gone_after(self, number: signal.Signals, patience: float) -> bool:
        if self._process is None:
            return True
        self._process.send_signal(number)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _await(self, log: Log) -> None:
        deadline = time.monotonic() + self.start_limit
        while not self._takes_connections():
            if self.pid is None:
                raise ServerDidNotStart(self.name, "it ended at once", log.path, log.tail())
            if time.monotonic() > deadline:
                why = f"not ready after {self.start_limit:.0f} s"
                raise ServerDidNotStart(self.name, why, log.path, log.tail())
            time.sleep(_STEP)

    @abstractmethod
    def _prepare(self) -> None:
        """Clear away what would keep it from starting."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The program and its arguments; no secrets, everyone can read them."""

    def _stdin(self) -> str:
        """What the program reads when it starts."""
        return ""

    @abstractmethod
    def _takes_connections(self) -> bool: ...

    @abstractmethod
    def _stages(self, *, immediate: bool) -> Sequence[Stage]:
        """The signals that stop it, the gentlest first."""
