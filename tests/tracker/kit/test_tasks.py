"""Nudges: many become one job, and none of them carries anything that could be lost."""

import json
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from sandbox.servers import EmbeddedServers
from tests.tracker.kit import trespass
from tracker.kit import tasks
from tracker.kit.logs import set_up_logs
from tracker.kit.tasks import JOB_SECONDS, QUEUE, Nudger, connect_redis, install, perform, work


@pytest.fixture
def redis(servers: EmbeddedServers) -> Iterator["Redis"]:
    """An empty Valkey."""
    with closing(connect_redis(servers.addresses.redis_url)) as client:
        client.flushall()
        yield client
        install(client, {})


def jobs(redis: "Redis") -> list[Job]:
    return list(Queue(QUEUE, connection=redis, serializer=JSONSerializer).jobs)


def names(redis: "Redis") -> list[str]:
    return [str(job.args[0]) for job in jobs(redis)]


def test_many_nudges_become_one_job(redis: "Redis") -> None:
    nudger = Nudger(redis)
    assert all(nudger.nudge("inbox") for _ in range(100))
    assert all(Nudger(redis).nudge("inbox") for _ in range(100))
    assert nudger.nudge("holds")
    assert names(redis) == ["inbox", "holds"]


def test_a_job_is_text_that_names_a_task_and_nothing_else(redis: "Redis") -> None:
    """No pickle: whoever can write to Redis must not be able to run code here."""
    Nudger(redis).nudge("inbox")
    (job,) = jobs(redis)
    raw = redis.hget(job.key, "data")
    assert isinstance(raw, bytes)
    told: list[object] = ["tracker.kit.tasks.perform", None, ["inbox"], {}]
    assert json.loads(zlib.decompress(raw)) == told


@pytest.mark.parametrize("place", ["function", "callback"])
def test_whoever_writes_to_redis_cannot_run_code_here(
    redis: "Redis", tmp_path: Path, place: str
) -> None:
    made = tmp_path / "made"
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    if place == "function":
        queue.enqueue("os.mkdir", str(made))
    else:
        callback = Callback("tests.tracker.kit.trespass.leave_a_trace")
        queue.enqueue("tracker.kit.tasks.perform", "none", on_success=callback, on_failure=callback)
        made = Path(trespass.TRACE)
    work(redis, burst=True)
    assert not made.exists()


def test_the_flag_falls_before_the_look(redis: "Redis") -> None:
    """So a nudge that comes during the look is a job of its own: what was committed is seen."""
    nudger = Nudger(redis)
    seen = []

    def look() -> bool:
        seen.append(names(redis))
        nudger.nudge("inbox")
        return False

    install(redis, {"inbox": look})
    nudger.nudge("inbox")
    redis.delete(f"rq:queue:{QUEUE}")
    perform("inbox")
    assert seen == [[]]
    assert names(redis) == ["inbox"]


def test_a_job_goes_on_while_there_is_more(redis: "Redis") -> None:
    left = [True, True, True, False]
    install(redis, {"inbox": lambda: left.pop(0)})
    perform("inbox")
    assert left == []
    assert names(redis) == []


def test_a_job_makes_room_after_a_while_and_asks_for_the_next(
    redis: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    assert JOB_SECONDS <= 10
    monkeypatch.setattr(tasks, "JOB_SECONDS", 0.05)
    looks: list[float] = []

    def endless() -> bool:
        looks.append(time.monotonic())
        time.sleep(0.02)
        return True

    install(redis, {"inbox": endless})
    perform("inbox")
    assert 2 <= len(looks) <= 4
    assert names(redis) == ["inbox"]


def test_a_task_of_a_newer_release_is_left_to_its_workers(redis: "Redis") -> None:
    set_up_logs("WARNING")
    with capture_logs() as logs:
        perform("of-tomorrow")
    assert [(one["event"], one["task"]) for one in logs] == [("unknown_task", "of-tomorrow")]


def test_a_failing_task_leaves_the_way_free_for_the_next_nudge(redis: "Redis") -> None:
    def fail() -> bool:
        raise RuntimeError("no")

    install(redis, {"inbox": fail})
    Nudger(redis).nudge("inbox")
    redis.delete(f"rq:queue:{QUEUE}")
    with pytest.raises(RuntimeError):
        perform("inbox")
    assert Nudger(redis).nudge("inbox")
    assert names(redis) == ["inbox"]


def test_a_lost_job_is_asked_for_again_after_two_seconds_at_most(redis: "Redis") -> None:
    Nudger(redis).nudge("inbox")
    redis.delete(f"rq:queue:{QUEUE}")
    assert redis.pttl("tracker:nudge:inbox") <= 2_000


def test_without_redis_a_nudge_is_given_up_at_once_and_for_a_while(tmp_path: Path) -> None:
    set_up_logs("WARNING")
    nudger = Nudger(connect_redis(f"unix://{tmp_path}/nothing.sock"))
    assert not nudger.ping()
    started = time.monotonic()
    with capture_logs() as logs:
        assert not any(nudger.nudge("inbox") for _ in range(1_000))
    assert time.monotonic() - started < 1
    assert [one["event"] for one in logs] == ["nudge_failed"]


def test_a_silent_redis_keeps_nobody_waiting_for_long(tmp_path: Path) -> None:
    """Something listens there and says nothing: the first nudge waits two seconds, no other."""
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "mute.sock"))
        mute.listen()
        nudger = Nudger(connect_redis(f"unix://{tmp_path}/mute.sock"))
        started = time.monotonic()
        assert not any(nudger.nudge("inbox") for _ in range(10))
        assert time.monotonic() - started < 4


def test_a_burst_worker_performs_what_is_queued_and_stops(redis: "Redis") -> None:
    """In a fork of its own, as every job: what it does shows outside of this process."""
    install(redis, {"inbox": lambda: bool(redis.incr("looked")) and False})
    Nudger(redis).nudge("inbox")
    work(redis, burst=True)
    assert redis.get("looked") == b"1"
    assert names(redis) == []
