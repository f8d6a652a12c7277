"""Things that go on at the same time, each in a thread, until told to stop."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from sandbox.stack.commands import CommandFailed

_MOST = 16
_REST_AFTER_FAILURE = 1.0

Work = Callable[[], None]
"""Does what there is to do at the moment, and returns soon."""


class Crew:
    """A context manager; all have come to rest at its end.

    ``hurry`` is called when that has come: it cuts short what takes long.
    """

    def __init__(self, tell: Callable[[str], None], hurry: Callable[[], object]) -> None:
        self._tell = tell
        self._hurry = hurry
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(_MOST)
        self._members: list[Future[None]] = []

    def set_to_work(self, work: Work, *, every: float) -> None:
        """Do it again and again, with a rest of so many seconds between."""
        self._members.append(self._pool.submit(self._keep_on, work, every))

    def check(self) -> None:
        """Raises what went wrong in a thread, if anything did."""
        for member in self._members:
            if member.done():
                member.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._hurry()
        self._pool.shutdown()

    def _keep_on(self, work: Work, every: float) -> None:
        while not self._stopped.wait(every):
            try:
                work()
            except CommandFailed as error:
                # Also what a server that is just being started again looks like.
                self._tell(error.detail)
                self._stopped.wait(_REST_AFTER_FAILURE)
