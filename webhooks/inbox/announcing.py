"""Telling workers that something came in, without keeping the shop waiting for it."""

import threading
import time
from collections.abc import Callable

PAUSE = 0.02
"""Seconds: what comes in meanwhile is announced together."""


class Announcer:
    """Does something soon after it was asked to, in a thread that lives as long as it is asked.

    Every asking is followed by a doing that began after it, so whoever asks after a COMMIT knows
    that its rows will be seen.
    """

    def __init__(self, announce: Callable[[], object], pause: float = PAUSE) -> None:
        self._announce = announce
        self._pause = pause
        self._lock = threading.Lock()
        self._is_wanted = False
        self._is_running = False

    def ask(self) -> None:
        """Have it done; returns at once."""
        with self._lock:
            self._is_wanted = True
            if self._is_running:
                return
            self._is_running = True
        threading.Thread(target=self._run, name="announcer", daemon=True).start()

    def _run(self) -> None:
        try:
            while self._is_asked():
                self._announce()
                time.sleep(self._pause)
        except BaseException:
            with self._lock:  # or it would have been the last announcement
                self._is_running = False
            raise

    def _is_asked(self) -> bool:
        with self._lock:
            self._is_running, self._is_wanted = self._is_wanted, False
            return self._is_running
