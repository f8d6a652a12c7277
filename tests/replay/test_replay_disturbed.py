"""A worker killed, Redis emptied, PostgreSQL restarted amid a replay: no kopeck moves."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, text

from sandbox.replay.dataset import load_dataset
from sandbox.replay.sample import sample_csv
from sandbox.stack import Stack
from tests.replay.running import expected, finish, start

_SECONDS = 60.0


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A file of some 1,000 events on one day, and of the months that follow upon it."""
    rows = []
    for seed in range(1, 4):
        for row in csv.DictReader(io.StringIO(sample_csv(seed))):
            mark = "C" if row["InvoiceNo"].startswith("C") else ""
            invoice = f"{mark}{seed}{row['InvoiceNo'].removeprefix('C')}"
            rows.append({**row, "InvoiceNo": invoice, "InvoiceDate": "2010-12-20T12:00"})
    path = tmp_path / "busy.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, scheduler=False, web_processes=1, environ={}) as running:
        yield running


@pytest.fixture
def owner(stack: Stack) -> Iterator[Engine]:
    """The database's owner, who looks on."""
    engine = create_engine(stack.settings["DATABASE_OWNER_URL"], pool_pre_ping=True)
    yield engine
    engine.dispose()


def _events(owner: Engine, state: str = "%") -> int:
    query = text("SELECT count(*) FROM inbox_events WHERE state LIKE :state")
    with owner.connect() as connection:
        return int(connection.scalar(query, {"state": state}) or 0)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _replay(stack: Stack, file: Path, owner: Engine, disturb: Callable[[], object]) -> None:
    """Replays the file, disturbed when a tenth of it has come, and compares every figure.

    What is disturbed takes its time, and there must be something left to come.
    """
    count = len(load_dataset(file).events)
    process = start(file, "--json", "--url", stack.url, environ=stack.environ)
    try:
        _until(lambda: _events(owner) > count // 10)
        disturb()
    except BaseException:
        process.kill()
        raise
    run = finish(process)
    assert run.summary == expected(file, events=count)


def test_a_worker_is_killed_with_events_in_its_hand(
    stack: Stack, busy: Path, owner: Engine
) -> None:
    def kill() -> None:
        stack.kill("worker-1")
        stack.kill("worker-2")
        _until(lambda: _events(owner, "waiting") > 100)
        stack.restart("worker-1")
        with owner.begin() as connection:  # the half minute of a lease passes
            connection.execute(text("UPDATE inbox_events SET lease_until = clock_timestamp()"))

    _replay(stack, busy, owner, kill)


def test_redis_is_emptied(stack: Stack, busy: Path, owner: Engine) -> None:
    def flush() -> None:
        with Redis.from_url(stack.settings["REDIS_URL"]) as redis:
            redis.flushall()

    _replay(stack, busy, owner, flush)


def test_postgresql_is_restarted(stack: Stack, busy: Path, owner: Engine) -> None:
    _replay(stack, busy, owner, lambda: stack.servers.restart_postgres(immediate=True))
