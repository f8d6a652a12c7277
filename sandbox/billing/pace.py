"""How many top-ups a second are taken."""

import threading
import time
from collections.abc import Callable


class Pace:
    """A bucket that holds one second's top-ups; an empty rate takes all."""

    def __init__(self, rate: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = rate, now
        self._lock = threading.Lock()
        self._left, self._at = float(rate or 0), now()

    def wait_for(self, topups: int) -> float:
        """Take so many, and 0; or nothing, and the seconds after which to come again.

        More than a second's worth is taken from a full bucket, and held against what comes next.
        """
        if self._rate is None:
            return 0.0
        with self._lock:
            now = self._now()
            self._left = min(float(self._rate), self._left + (now - self._at) * self._rate)
            self._at = now
            lacking = min(topups, self._rate) - self._left
            if lacking > 0:
                return lacking / self._rate
            self._left -= topups
            return 0.0
