"""A circuit breaker that all workers share, since each job is a process of its own.

What it remembers lies in Redis. Emptied or away, the circuit is closed: that costs a few batches of
unknown outcome, which settlement bounds by itself, and never an error.
"""

import logging
import os
from collections.abc import Callable
from typing import Any, TypeVar

from pybreaker import (
    STATE_CLOSED,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitMemoryStorage,
    CircuitRedisStorage,
)
from redis import Redis
from redis.exceptions import RedisError

from tracker.kit.logs import log

FAILURES = 3
"""Calls in a row that fail before the circuit opens."""

REST_SECONDS = 10
"""For how long it stays open before one call is let through as a trial."""

_NAME = "billing"
_TOLD_TO_REST = "tracker:billing:rest"
_LOG = log("gateways")
# It would write each moment without Redis to the log, with a traceback; the nudges tell that.
logging.getLogger("pybreaker").setLevel(logging.CRITICAL + 1)

T = TypeVar("T")
Failed = Callable[[T], bool]
"""Whether what came back means that the other side is not well."""


class CircuitOpen(Exception):
    """Nothing was asked: the last calls failed, or the other side wants to be left alone."""


class _Failure(Exception):
    """What tells the breaker that a call has failed; nobody else sees it."""


class Circuit:
    """Lets calls through while they succeed. Made before a fork or after it.

    ``rest`` is in seconds.
    """

    def __init__(self, redis: "Redis", failures: int = FAILURES, rest: int = REST_SECONDS) -> None:
        self._redis = redis
        self._failures, self._rest_seconds = failures, rest
        self._mine: tuple[int, CircuitBreaker] | None = None

    def call(self, ask: Callable[[], T], failed: Failed[T]) -> T:
        """What ``ask`` says. Raises CircuitOpen when it was not asked."""
        if self.told_to_rest():
            raise CircuitOpen
        said: list[T] = []

        def asked() -> None:
            said.append(ask())
            if failed(said[0]):
                raise _Failure

        self._watched(asked)
        return said[0]

    def lets_through(self, trial: Callable[[], T], failed: Failed[T]) -> bool:
        """Whether it is closed; once its rest is over, whether a trial closes it."""
        if self.told_to_rest():
            return False
        if self._state() == STATE_CLOSED:
            return True
        try:
            self.call(trial, failed)
        except CircuitOpen:
            return False
        return self._state() == STATE_CLOSED

    def rest(self, seconds: int) -> None:
        """Let nothing through for so long: the other side has asked for it."""
        try:
            if self._redis.set(_TOLD_TO_REST, "1", ex=seconds, nx=True):
                _LOG.warning("billing_told_to_rest", seconds=seconds)
        except RedisError:
            return

    def told_to_rest(self) -> bool:
        """Whether the other side is still to be left alone."""
        try:
            return bool(self._redis.exists(_TOLD_TO_REST))
        except RedisError:
            return False

    def _watched(self, asked: Callable[[], None]) -> None:
        before = self._state()
        try:
            self._breaker().call(asked)
        except _Failure:
            if before != STATE_OPEN and self._state() == STATE_OPEN:
                _LOG.error("billing_circuit_opened", rest=self._rest_seconds)
            return
        except CircuitBreakerError as error:
            raise CircuitOpen from error
        if before != STATE_CLOSED and self._state() == STATE_CLOSED:
            _LOG.info("billing_circuit_closed")

    def _state(self) -> str:
        return str(self._breaker().current_state)

    def _breaker(self) -> CircuitBreaker:
        """This process's own: one that a fork carried over has an old state in mind, and would
        set the shared count back when it sees another."""
        if self._mine is None or self._mine[0] != os.getpid():
            self._mine = (os.getpid(), self._new_breaker())
        return self._mine[1]

    def _new_breaker(self) -> CircuitBreaker:
        return CircuitBreaker(
            fail_max=self._failures,
            reset_timeout=self._rest_seconds,
            state_storage=_storage(self._redis),
            # A job whose time is up in the middle of a call must see just that.
            throw_new_error_on_trip=False,
            exclude=[ValueError],
        )


class _SharedStorage(CircuitRedisStorage):
    """The library's own, which raises in one place when Redis goes away or was emptied."""

    @property
    def state(self) -> str:
        try:
            return str(super().state)
        except RedisError:
            return STATE_CLOSED

    @state.setter
    def state(self, state: str) -> None:
        CircuitRedisStorage.state.fset(self, state)  # type: ignore[attr-defined]


def _storage(redis: "Redis") -> Any:
    try:
        return _SharedStorage(STATE_CLOSED, redis, namespace=_NAME)
    except RedisError:
        # For the length of this job each worker counts for itself.
        return CircuitMemoryStorage(STATE_CLOSED)
