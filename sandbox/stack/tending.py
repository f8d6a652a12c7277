"""Looking after a running stack: what ends by itself is started again, and told."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.servers.errors import ServersError
from sandbox.stack.children import Child
from sandbox.stack.errors import StackBroken
from sandbox.stack.stack import SCHEDULER, WEB, Stack

_PATIENCE = 3
"""So many deaths within the span, of something that nobody can do without, are too many."""
_SPAN = 60.0
_LONGEST_PAUSE = 10.0
_LINES = 8


@dataclass(slots=True)
class _Record:
    """The recent deaths of one process, and when it may start again (monotonic seconds)."""

    deaths: list[float] = field(default_factory=list)
    start_at: float | None = None

    def died(self, now: float) -> None:
        """Each death in a row makes the pause before the next start longer."""
        self.deaths = [*(moment for moment in self.deaths if now - moment < _SPAN), now]
        self.start_at = now + min(2.0 ** (len(self.deaths) - 1) - 1, _LONGEST_PAUSE)


class Tending:
    """Of one stack, on behalf of a person whom ``tell`` reaches."""

    def __init__(self, stack: Stack, tell: Callable[[str], None]) -> None:
        self._stack = stack
        self._tell = tell
        self._records: dict[str, _Record] = {}

    def look(self) -> None:
        """Start again what has ended. To be called every now and then.

        Raises StackBroken when the web service, the scheduler or a server keeps ending.
        """
        now = time.monotonic()
        for server in self._stack.servers.running:
            if server.pid is None:
                self._mourn(server.name, "has ended", now, vital=True)
                self._revive(server.name, server.start)
        for child in self._stack.processes.values():
            if child.pid is None:
                self._look_at(child, now)

    def _look_at(self, child: Child, now: float) -> None:
        record = self._record(child.name)
        if record.start_at is None:
            how = f"has ended with exit code {child.exit_code}; the end of {child.log.path}:\n"
            tail = "\n".join(child.log.tail().splitlines()[-_LINES:])
            self._mourn(child.name, how + tail, now, vital=child.name in (WEB, SCHEDULER))
        if record.start_at is not None and now >= record.start_at:
            self._revive(child.name, child.start)

    def _mourn(self, name: str, how: str, now: float, *, vital: bool) -> None:
        self._tell(f"{name} {how}")
        record = self._record(name)
        record.died(now)
        if vital and len(record.deaths) >= _PATIENCE:
            raise StackBroken(f"{name} has ended {_PATIENCE} times within {_SPAN:.0f} seconds")

    def _revive(self, name: str, start: Callable[[], None]) -> None:
        try:
            start()
        except ServersError as error:
            raise StackBroken(f"{name} cannot be started again: {error.detail}") from error
        self._record(name).start_at = None
        self._tell(f"{name} was started again")

    def _record(self, name: str) -> _Record:
        return self._records.setdefault(name, _Record())
