"""How often something may happen: a bucket of tokens that fills evenly. The moment is passed in.

A bucket is two numbers, the moment at which it will be full again (the generic cell rate
algorithm) and the latest at which it gave a token, so a process can keep one for each shop. The
library `limits` counts in windows, has no bucket, and reads the clock by itself: what it decides
could not be told from the moment of receipt.
"""

import threading
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Generic, TypeVar

K = TypeVar("K")

_SECOND = 1_000_000_000
"""Nanoseconds. Whole numbers, so that no rounding adds up."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_LATE = 60 * _SECOND
"""Requests are not decided upon in the order in which they came: one may have waited for a thread.
None waits as long as this."""


class Buckets(Generic[K]):
    """A bucket for each key: ``burst`` tokens, of which ``rate`` a second come back.

    At most ``keep`` buckets are remembered; the one that was asked for the longest time ago is
    forgotten, and would be full again.
    """

    def __init__(self, rate: int, *, burst: int | None = None, keep: int | None = None) -> None:
        self._interval = _SECOND // rate
        self._window = self._interval * (burst or rate)
        self._keep = keep
        self._filled: OrderedDict[K, tuple[int, int]] = OrderedDict()
        """When it will be full again, and the latest moment at which it gave a token."""
        self._lock = threading.Lock()

    def take(self, key: K, now: datetime) -> int:
        """Take a token: 0, or the whole seconds after which there will be one.

        For a bucket no time passes backwards: an earlier moment than the latest at which it
        gave a token counts as that one.
        """
        passed = now - _EPOCH
        moment = ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1_000
        with self._lock:
            full_at, latest = self._filled.get(key, (moment, moment))
            if moment < latest - _LATE:
                full_at = moment  # the clock was put back: nobody is to wait until it caught up
            else:
                moment = max(moment, latest)
                full_at = max(full_at, moment)
            full_at += self._interval
            short = full_at - moment - self._window
            if short > 0:
                return -(-short // _SECOND)
            self._filled[key] = full_at, moment
            self._remember(key)
        return 0

    def __len__(self) -> int:
        return len(self._filled)

    def _remember(self, key: K) -> None:
        if self._keep is not None:
            self._filled.move_to_end(key)
            if len(self._filled) > self._keep:
                self._filled.popitem(last=False)
