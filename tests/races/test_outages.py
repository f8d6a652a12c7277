"""Redis and PostgreSQL away, restarted and emptied in the middle of everything."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

import psycopg
import pytest
from psycopg import sql

import migrations
from sandbox.servers import EmbeddedServers, temporary_servers
from sandbox.servers.databases import create_database, url_for
from tests.races import scene
from tests.races.held import end_leases, wait_until
from tests.races.processes import Processes
from tests.races.scene import Books, Letter
from tests.races.together import together
from tests.webhooks.letters import body, problem, stored
from tests.world import World, created, day, rubles
from tracker.kit.tasks import connect_redis

BONUS = rubles(200)


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """Servers of their own: nobody else's tests are to fail with these.

    Durable ones, or PostgreSQL itself would forget what it had acknowledged before an outage.
    """
    with temporary_servers(durable=True) as running:
        create_database(running.addresses.superuser_url, "template_tracker")
        migrations.upgrade(url_for(running.addresses.database_owner_url, "template_tracker"))
        yield running


@contextmanager
def without_postgres(servers: EmbeddedServers, *, immediate: bool = False) -> Iterator[None]:
    """PostgreSQL is stopped until the block ends."""
    servers.postgres.stop(immediate=immediate)
    try:
        yield
    finally:
        servers.postgres.start()


@contextmanager
def without_redis(servers: EmbeddedServers) -> Iterator[None]:
    """Valkey is killed, and there again after the block."""
    servers.valkey.kill()
    try:
        yield
    finally:
        servers.valkey.start()


def drained(world: World) -> bool:
    return not world.query("SELECT FROM inbox_events WHERE state = 'waiting' LIMIT 1")


@contextmanager
def meanwhile(every: float, do: Callable[[], object]) -> Iterator[list[float]]:
    """Do something over and over, beside the block; the moments at which it was done."""
    moments: list[float] = []
    over = threading.Event()

    def loop() -> None:
        while not over.wait(every):
            do()
            moments.append(time.monotonic())

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield moments
    finally:
        over.set()
        thread.join()


# -- Redis ----------------------------------------------------------------------------------------


def test_redis_emptied_ten_times_a_second_changes_no_kopeck(
    world: World, processes: Processes, undisturbed: Books
) -> None:
    with closing(connect_redis(world.tools.settings.redis_url)) as redis:
        processes.start("worker")
        processes.start("scheduler")
        with meanwhile(0.1, redis.flushall) as flushes:
            scene.tell(world)
            wait_until(lambda: drained(world) and len(flushes) >= 20, within=60)
    assert scene.close(world) == undisturbed


def test_without_redis_events_are_taken_and_handled_after_its_return(
    world: World, processes: Processes, servers: EmbeddedServers
) -> None:
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    worker = processes.start("worker")
    scheduler = processes.start("scheduler")
    world.post(shop, created("A-0", click, 100, at=day(1)))
    wait_until(lambda: drained(world))

    with without_redis(servers):
        started = time.monotonic()
        for number in range(1, 21):
            event = created(f"A-{number}", click, 100, at=day(1))
            assert world.post(shop, event).status_code == 202
        assert time.monotonic() - started < 5
        time.sleep(1)

    assert wait_until(lambda: drained(world), within=60) < 60
    assert (worker.poll(), scheduler.poll()) == (None, None)
    assert world.balance(member).pending == 21 * rubles(10) + BONUS
    assert world.differences() == []


# -- PostgreSQL -----------------------------------------------------------------------------------


def insist(world: World, letter: Letter) -> int:
    """Send it as shops do, until it is acknowledged; how often it was refused."""
    for refused in range(1_000):
        answer = world.post(letter.shop, letter.event, webhook_id=letter.webhook_id)
        if answer.status_code in (200, 202):
            return refused
        problem(answer, 503, "database_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        time.sleep(0.05)
    raise AssertionError("it was never acknowledged")


@pytest.mark.parametrize("immediate", [False, True], ids=["restarted", "as after an outage"])
def test_postgres_restarted_over_and_over_changes_no_kopeck(
    world: World,
    processes: Processes,
    servers: EmbeddedServers,
    undisturbed: Books,
    immediate: bool,
) -> None:
    worker, scheduler = processes.start("worker"), processes.start("scheduler")
    letters = scene.letters(world)
    refused = 0
    with meanwhile(0.5, lambda: servers.restart_postgres(immediate=immediate)) as restarts:
        for letter in letters:
            refused += insist(world, letter)
            time.sleep(0.01)
        wait_until(lambda: len(restarts) >= 3)
    end_leases(world)
    wait_until(lambda: drained(world), within=60)
    assert refused > 0
    assert (worker.poll(), scheduler.poll()) == (None, None)
    assert scene.close(world) == undisturbed


def test_503_while_the_database_is_away_and_202_when_it_is_back(
    world: World, servers: EmbeddedServers
) -> None:
    shop, raw = world.shop(), body()
    assert world.post(shop, body(), webhook_id="before").status_code == 202
    with without_postgres(servers):
        for webhook_id in ("msg", "before"):
            started = time.monotonic()
            answer = world.post(shop, raw, webhook_id=webhook_id)
            problem(answer, 503, "database_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
            assert time.monotonic() - started < 12
    assert world.post(shop, raw, webhook_id="msg").status_code == 202
    assert stored(world, shop) == ["before", "msg"]


def test_many_at_once_are_all_told_and_none_is_forgotten(
    world: World, servers: EmbeddedServers
) -> None:
    """They share a statement, and so its failure; those who come after have one of their own."""
    shop, raws = world.shop(), [body() for _ in range(30)]

    def send(number: int) -> int:
        return world.post(shop, raws[number], webhook_id=f"msg_{number}").status_code

    assert world.post(shop, body(), webhook_id="before").status_code == 202
    with without_postgres(servers):
        for _ in range(3):
            refused = together(*(partial(send, number) for number in range(30)))
            assert set(refused) == {503}
    for status in (202, 200):
        assert set(together(*(partial(send, number) for number in range(30)))) == {status}
    assert len(stored(world, shop)) == 31


def test_503_from_a_process_that_never_saw_the_shop(world: World, servers: EmbeddedServers) -> None:
    """Not a 404: whether the shop exists cannot be told now."""
    shop = world.shop()
    newly_started = World(world.tools)
    with without_postgres(servers, immediate=True):
        problem(newly_started.post(shop, body()), 503, "database_unavailable")


def test_503_while_the_database_takes_no_writes(world: World, servers: EmbeddedServers) -> None:
    """As after a failover to a standby, or in a disk that is full."""
    shop = world.shop()
    assert world.post(shop, body()).status_code == 202
    read_only(world, servers, "on")
    answer = world.post(shop, body())
    problem(answer, 503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    read_only(world, servers, "off")
    assert world.post(shop, body()).status_code == 202
    assert len(stored(world, shop)) == 2


def read_only(world: World, servers: EmbeddedServers, value: str) -> None:
    """For whoever connects from now on; connections of now are closed."""
    name = world.query("SELECT current_database() AS name")[0].name
    with psycopg.connect(servers.addresses.superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(
                sql.Identifier(name), sql.Identifier(value)
            )
        )
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )


def test_a_connection_lost_during_commit_is_harmless(
    world: World, servers: EmbeddedServers
) -> None:
    """Whether it was stored nobody knows: the shop sends it again, and it is there once."""
    shop, member = world.shop(), world.member()
    click = world.click(member, shop)
    name = world.query("SELECT current_database() AS name")[0].name
    statement = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(servers.addresses.superuser_url, autocommit=True) as connection:
        with meanwhile(0.01, lambda: connection.execute(statement, [name])) as cuts:
            for number in range(25):
                event = created(f"A-{number}", click, 100, at=day(1))
                insist(world, Letter(shop, f"msg_{number}", event))
        assert len(cuts) > 5
    world.work()
    assert world.balance(member).pending == 25 * rubles(10) + BONUS
    assert world.differences() == []
