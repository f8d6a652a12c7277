"""Work to do is a row in PostgreSQL; a job in Redis is only a nudge to look there.

So a lost job, a doubled job or a Redis flushed empty costs seconds and never money: the scheduler
nudges again whatever still waits.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException

from tracker.kit.logs import log

QUEUE = "tracker"
JOB_SECONDS = 5.0
"""A job works on chunks for about this long, then nudges the next one and makes room."""

PATIENCE = 120
"""Seconds after which a job is given up, unless its task is known to take longer."""

_LOG = log("tasks")
_COALESCE_MS = 2_000
_REDIS_REST = 5.0
_PAUSE = 1.0
_PERFORM = "tracker.kit.tasks.perform"

OutOfTime = JobTimeoutException
"""The job's time is up. It is an Exception: whoever catches all of them lets this one through."""


class NotANudge(Exception):
    """Somebody put a job into our queue that is none of ours."""


Task = Callable[[], bool]
"""Does a bounded piece of the work that waits; True when more is left."""

_tasks: dict[str, Task] = {}


def connect_redis(url: str) -> "Redis":
    """A client that gives up quickly: nobody may wait on Redis while PostgreSQL is at hand."""
    return Redis.from_url(
        url, socket_connect_timeout=1, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )


class Nudger:
    """Asks a worker to look for waiting work. Many nudges within a moment become one job."""

    def __init__(self, redis: "Redis", patience: Mapping[str, int] | None = None) -> None:
        self._redis = redis
        self._patience = patience or {}
        self._rest_until = 0.0

    def nudge(self, task: str) -> bool:
        """Best effort, after COMMIT: False when Redis cannot be reached; nothing is lost then."""
        if time.monotonic() < self._rest_until:
            return False
        try:
            if self._redis.set(_key(task), "1", nx=True, px=_COALESCE_MS):
                _enqueue(self._redis, task, self._patience.get(task, PATIENCE))
        except RedisError as error:
            self._rest_until = time.monotonic() + _REDIS_REST
            _LOG.warning("nudge_failed", task=task, error=str(error))
            return False
        return True

    def ping(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False


def _key(task: str) -> str:
    return f"tracker:nudge:{task}"


def _enqueue(redis: "Redis", task: str, seconds: int) -> None:
    _queue(redis).enqueue(perform, task, job_timeout=seconds, result_ttl=0, failure_ttl=3600)


class _Nudge(Job):
    """A job that can only be a nudge.

    RQ calls whatever function a job in Redis names, and as its callbacks too. Whoever can write
    to Redis must not thereby be able to run code here.
    """

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Callable[[str], None]:
        if self.func_name != _PERFORM or self.instance is not None:
            raise NotANudge(f"a job that would run {str(self.func_name)[:100]!r} was refused")
        return perform


def _queue(redis: "Redis") -> Queue:
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=_Nudge)


def perform(task: str) -> None:
    """What a worker runs. Unknown names come from a newer release: they are left to its workers."""
    if task not in _tasks:
        _LOG.warning("unknown_task", task=task)
        return
    redis = _worker_redis()
    # First the flag, then the look: work committed before the flag fell is seen by this look,
    # work committed after it raises the flag anew.
    redis.delete(_key(task))
    started = time.monotonic()
    more = True
    while more and time.monotonic() - started < JOB_SECONDS:
        more = _tasks[task]()
    if more:
        Nudger(redis, _patience).nudge(task)


_redis_of_worker: list[Any] = []
_patience: dict[str, int] = {}


def _worker_redis() -> "Redis":
    client: Redis = _redis_of_worker[0]
    return client


def install(
    redis: "Redis", tasks: Mapping[str, Task], patience: Mapping[str, int] | None = None
) -> None:
    """Give this process its tasks, and the seconds that some of them may take; called once, by
    the composition root."""
    _redis_of_worker[:] = [redis]
    _patience.clear()
    _patience.update(patience or {})
    _tasks.clear()
    _tasks.update(tasks)


class _Worker(Worker):
    """RQ's worker gives up when Redis goes away; this one can say whether it was asked to."""

    told_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        self.told_to_stop = True


def work(redis: "Redis", *, burst: bool = False) -> None:
    """Serve the queue until told to stop, over any outage of Redis."""
    with suppress(StopRequested):  # told while waiting for Redis
        while not _serve(redis, burst=burst):
            time.sleep(_PAUSE)


def _serve(redis: "Redis", *, burst: bool) -> bool:
    """Work for as long as Redis is there; True when no more is to be done.

    One queue for each worker: a worker on two may lose a job between them. Short worker and
    maintenance times, because by default a killed worker's job is found after many minutes.
    """
    worker: Any = None
    try:
        worker = _Worker(
            [_queue(redis)],
            connection=redis,
            serializer=JSONSerializer,
            job_class=_Nudge,
            worker_ttl=30,
            maintenance_interval=5,
            log_job_description=False,
        )
        worker.work(burst=burst, logging_level="WARNING")
    except RedisError as error:
        if burst:
            raise
        _LOG.warning("redis_away", error=str(error))
        if worker and worker.pubsub_thread:
            worker.pubsub_thread.stop()  # or it would go on beside its successor's
    return burst or bool(worker and worker.told_to_stop)
