"""Ctrl-C and the signals by which others ask us to stop: all are one wish, told once."""

import signal
from types import FrameType
from typing import Self

_WISHES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody wants us to stop. Not an error: nothing that handles errors may swallow it."""


class Interruptible:
    """A context manager, for the main thread: in it the first wish to stop raises Interrupted.

    The wishes after it change nothing, for stopping is under way already and its waits are
    bounded; unless ``listen_again`` was called. Who ignores hang-ups (nohup) goes on doing so.
    """

    def __init__(self) -> None:
        self._heard = False
        self._former = {
            number: signal.getsignal(number)
            for number in _WISHES
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
        }

    def listen_again(self) -> None:
        """The next wish raises Interrupted once more: something else is being done now."""
        self._heard = False

    def __enter__(self) -> Self:
        for number in self._former:
            signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if not self._heard:
            self._heard = True
            raise Interrupted
