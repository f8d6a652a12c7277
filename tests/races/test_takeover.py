"""A month is paid while workers, schedulers, Valkey and connections are taken away: but time,
nothing is lost."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from redis import Redis

from sandbox.servers import EmbeddedServers
from tests.colleagues import BORIS
from tests.races.held import end_leases, wait_until
from tests.races.payday import DUE, PERIOD, Operator, earn, operator, payouts
from tests.races.processes import Processes, horse_of
from tests.races.together import raised, together
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.settlement.service import approve, start

Faults = Callable[..., AbstractContextManager[tuple[list[int], Operator]]]

MEMBERS = 12
TAKEN_OVER = 30.0
"""Seconds within which what a lost worker held is in other hands."""
SLOW_FIRST = {"action": "slow", "seconds": 2, "match": {"nth": 1}}
SLOW_ALL = {"action": "slow", "seconds": 0.3}
HANGING = {"action": "timeout_after_acting", "seconds": 60, "match": {"nth": 1}}


def ended(world: World) -> bool:
    """Whether every payout has ended; what is to be asked about is, at once."""
    world.query("""
        UPDATE payouts SET ask_at = clock_timestamp()
        WHERE state IN ('submitted', 'unknown') AND ask_at > clock_timestamp() + interval '0.5 s'
          AND (lease_until IS NULL OR lease_until < clock_timestamp()) RETURNING id
    """)
    return payouts(world) == {"paid": MEMBERS}


def begin(world: World) -> None:
    """Two people let the month begin."""
    run = world.prepare(PERIOD, day(31))
    with unit_of_work(world.tools.engine) as session:
        approve(session, PERIOD, run.sha256, BORIS)
        start(session, PERIOD)


def check(world: World, members: list[int], billing: Operator) -> None:
    """Everybody got what they were due, once, and our books say what the operator's do."""
    assert payouts(world) == {"paid": MEMBERS}
    lines = billing.statement()
    assert len(lines) == len({line.key for line in lines}) == MEMBERS
    assert sum(line.amount for line in lines) == MEMBERS * DUE
    assert {line.phone for line in lines} == {world.phone(member) for member in members}
    assert {world.balance(member).available for member in members} == {0}
    assert world.differences() == []


def kill_group(worker: subprocess.Popen[bytes]) -> None:
    """The worker and its work horse at once, as when a machine is lost."""
    horse = horse_of(worker)
    os.killpg(worker.pid, signal.SIGKILL)
    with suppress(psutil.NoSuchProcess):
        horse.kill()
    worker.wait(10)


def holder(world: World, *workers: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Of some workers the one that is handing over the month."""
    wait_until(lambda: payouts(world) == {"claimed": MEMBERS})
    return next(one for one in workers if _works(one))


def cut_connections(servers: EmbeddedServers, url: str) -> None:
    """Everybody loses their connection to the database."""
    name = url.rpartition("/")[2]
    with psycopg.connect(servers.addresses.superuser_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )


def _works(worker: subprocess.Popen[bytes]) -> bool:
    return bool(psutil.Process(worker.pid).children())


@contextmanager
def again_and_again(act: Callable[[], object], seconds: float) -> Iterator[None]:
    """Do something every so many seconds, until the block ends."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def paid_by(world: World, processes: Processes, tmp_path: Path) -> Faults:
    """Members with money, an operator with faults, and processes that know where it is."""

    @contextmanager
    def with_faults(*faults: dict[str, Any]) -> Iterator[tuple[list[int], Operator]]:
        _, members = earn(world, MEMBERS)
        with operator(tmp_path, *faults) as billing:
            processes.environ = {**processes.environ, **billing.environ, "BILLING_LAG": "1"}
            yield members, billing

    return with_faults


def test_a_lost_worker_is_taken_over(world: World, processes: Processes, paid_by: Faults) -> None:
    with paid_by(SLOW_FIRST) as (members, billing):
        processes.start("scheduler")
        workers = [processes.start("worker"), processes.start("worker")]
        begin(world)
        kill_group(holder(world, *workers))
        end_leases(world)
        wait_until(lambda: ended(world), within=TAKEN_OVER)
        check(world, members, billing)


@pytest.mark.slow
def test_a_lost_worker_is_taken_over_within_half_a_minute(
    world: World, processes: Processes, paid_by: Faults
) -> None:
    """By nothing but time: no lease is ended, nobody is told."""
    with paid_by(HANGING) as (members, billing):
        processes.environ = {**processes.environ, "BILLING_TIMEOUT": "60"}
        processes.start("scheduler")
        workers = [processes.start("worker"), processes.start("worker")]
        begin(world)
        fence = "SELECT count(*) FROM payouts WHERE state = 'claimed'"
        kill_group(holder(world, *workers))
        took = wait_until(lambda: world.query(fence)[0].count == 0, within=TAKEN_OVER)
        print(f"taken over in {took:.1f} s")  # noqa: T201
        wait_until(lambda: ended(world), within=TAKEN_OVER)
        check(world, members, billing)


@pytest.mark.parametrize("seconds", [0.5, pytest.param(5, marks=pytest.mark.slow)])
def test_flushing_valkey_changes_nothing_but_time(
    world: World, processes: Processes, paid_by: Faults, seconds: float
) -> None:
    with paid_by(SLOW_ALL) as (members, billing):
        redis = Redis.from_url(processes.environ["REDIS_URL"])
        with again_and_again(redis.flushall, seconds):
            processes.start("scheduler")
            processes.start("worker")
            processes.start("worker")
            begin(world)
            wait_until(lambda: ended(world), within=60)
            time.sleep(0.5)
        check(world, members, billing)


def test_connections_that_are_cut(
    world: World, processes: Processes, paid_by: Faults, servers: EmbeddedServers
) -> None:
    with paid_by(SLOW_ALL) as (members, billing):
        processes.start("scheduler")
        processes.start("worker")
        processes.start("worker")
        begin(world)
        for _ in range(4):
            time.sleep(0.5)
            cut_connections(servers, processes.environ["DATABASE_URL"])
        end_leases(world)
        wait_until(lambda: ended(world), within=60)
        check(world, members, billing)


def test_two_schedulers_and_one_that_is_lost(
    world: World, processes: Processes, paid_by: Faults
) -> None:
    with paid_by(SLOW_FIRST) as (members, billing):
        first = processes.start("scheduler")
        processes.start("scheduler")
        processes.start("worker")
        processes.start("worker")
        begin(world)
        wait_until(lambda: payouts(world) == {"claimed": MEMBERS})
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(10)
        processes.start("scheduler")
        wait_until(lambda: ended(world), within=TAKEN_OVER)
        check(world, members, billing)


def test_two_people_who_start_a_month_at_once(
    world: World, processes: Processes, paid_by: Faults
) -> None:
    with paid_by() as (members, billing):
        run = world.prepare(PERIOD, day(31))

        def let_go() -> None:
            with unit_of_work(world.tools.engine) as session:
                start(session, PERIOD)

        with unit_of_work(world.tools.engine) as session:
            approve(session, PERIOD, run.sha256, BORIS)
        processes.start("scheduler")
        processes.start("worker")
        processes.start("worker")
        assert raised(together(*(let_go for _ in range(4)))) == []
        wait_until(lambda: ended(world), within=TAKEN_OVER)
        check(world, members, billing)
