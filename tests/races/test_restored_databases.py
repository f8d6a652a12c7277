"""After a restore from a backup nothing is sent before the operator's statements are compared, and
nobody is paid twice: whatever the backup was, and however long ago it was taken."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from sandbox.billing.process import running_billing
from sandbox.billing.truth import paid_topups
from sandbox.servers import EmbeddedServers, programs
from sandbox.servers.databases import create_database, drop_database, url_for
from tests.colleagues import BORIS
from tests.stories.operators import numbers_are_known
from tests.world import World, confirmed, created, day
from tracker.gateways.billing import HttpBilling
from tracker.kit.clock import moscow_date
from tracker.kit.database import make_engine, unit_of_work
from tracker.kit.runtime import Runtime
from tracker.kit.tasks import Nudger
from tracker.reconciliation.jobs import see_to_the_gate
from tracker.settlement.jobs import Counter, deliver, send
from tracker.settlement.rules import Conduct
from tracker.settlement.service import approve, start

PERIOD = "2011-01"
MEMBERS = 60
"""More than one chunk: a backup may be taken between two."""


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[HttpBilling]:
    """The sandbox's billing; its store is the truth."""
    with running_billing(tmp_path, token="token-of-a-test") as process:
        yield HttpBilling(process.url, "token-of-a-test", 10)


@contextmanager
def copy_of(world: World, servers: EmbeddedServers, name: str) -> Iterator[World]:
    """The same deployment over a copy of its database as it is now: a backup, and its restore."""
    world.tools.engine.dispose()
    create_database(servers.addresses.superuser_url, name, template=database_of(world))
    with world_over(world, servers, name) as restored:
        yield restored


def database_of(world: World) -> str:
    """The name of its database."""
    return world.tools.settings.database_url.split("?")[0].rpartition("/")[2]


@contextmanager
def world_over(world: World, servers: EmbeddedServers, name: str) -> Iterator[World]:
    """The same deployment over another database, which is removed when the block ends."""
    superuser = servers.addresses.superuser_url
    settings = replace(
        world.tools.settings,
        database_url=url_for(servers.addresses.database_url, name),
        database_owner_url=url_for(servers.addresses.database_owner_url, name),
    )
    engine = make_engine(settings.database_url, pool_size=5)
    try:
        yield World(Runtime(settings, engine, Nudger(Redis.from_url(settings.redis_url))))
    finally:
        engine.dispose()
        drop_database(superuser, name)


def earn(world: World, members: list[int], first: int = 0) -> None:
    shop = world.shop(f"shop-{first}", cashback=1000)
    clicks = world.clicks(members, shop)
    orders = [f"A-{first}-{number}" for number in range(len(members))]
    world.tell_all(
        shop,
        {
            f"new-{order}": created(order, click, 1000 + 10 * number, at=day(1))
            for number, (order, click) in enumerate(zip(orders, clicks, strict=True))
        },
    )
    world.tell_all(shop, {f"ok-{order}": confirmed(order, at=day(2)) for order in orders})


def begin(world: World) -> None:
    run = world.prepare(PERIOD, day(31))
    with unit_of_work(world.tools.engine) as session:
        approve(session, PERIOD, run.sha256, BORIS)
        start(session, PERIOD)


def pay(world: World, operator: HttpBilling) -> None:
    """As workers do: first the gate, then the payouts."""
    tools = world.tools
    while see_to_the_gate(world.watch_of(operator)) or deliver(
        tools.engine, tools.settings.keys, operator, Conduct()
    ):
        pass


def pay_one_chunk(world: World, operator: HttpBilling) -> None:
    world.watch(operator)
    tools = world.tools
    numbers_are_known(world)
    counter = Counter(tools.engine, tools.settings.keys, operator, Conduct(rate=200))
    assert send(counter) == 50


def phones_paid(operator: HttpBilling, folder: Path) -> list[str]:
    """The numbers that the operator has paid, each as often as it has."""
    lines = list(operator.statement(moscow_date(datetime.now(UTC))))
    assert len(lines) == len(paid_topups(folder))
    return sorted(line.phone for line in lines)


def check(world: World, members: list[int], operator: HttpBilling, folder: Path) -> None:
    """Everybody once, and our books are the operator's to the kopeck."""
    assert phones_paid(operator, folder) == sorted(world.phone(one) for one in members)
    (ours,) = world.query("SELECT count(*), sum(amount) FROM payouts WHERE state = 'paid'")
    assert (ours.count, ours.sum) == (len(members), sum(paid_topups(folder).values()))
    assert world.differences() == []


def test_a_backup_of_before_the_rest_was_paid(
    world: World, servers: EmbeddedServers, operator: HttpBilling, tmp_path: Path
) -> None:
    members = world.members(MEMBERS)
    earn(world, members)
    begin(world)
    pay_one_chunk(world, operator)
    with copy_of(world, servers, "restored_midway") as restored:
        pay(world, operator)
        pay(restored, operator)
        check(restored, members, operator, tmp_path)
        adopted = "SELECT count(*) FROM settlement_findings WHERE detail = 'adopted'"
        assert restored.query(adopted)[0].count == MEMBERS - 50


def test_a_dump_of_before_the_rest_was_paid(
    world: World, servers: EmbeddedServers, operator: HttpBilling, tmp_path: Path
) -> None:
    members = world.members(MEMBERS)
    earn(world, members)
    begin(world)
    pay_one_chunk(world, operator)
    superuser, dump = servers.addresses.superuser_url, tmp_path / "dump"
    run_program("pg_dump", "-Fc", "-f", dump, url_for(superuser, database_of(world)))
    pay(world, operator)
    create_database(superuser, "restored_dump")
    with world_over(world, servers, "restored_dump") as restored:
        run_program("pg_restore", "-d", url_for(superuser, "restored_dump"), dump)
        pay(restored, operator)
        check(restored, members, operator, tmp_path)


def run_program(name: str, *arguments: object) -> None:
    """One of PostgreSQL's own."""
    subprocess.run(
        [programs.installed().postgres.with_name(name), *map(str, arguments)],
        check=True,
        timeout=60,
    )


def test_a_backup_that_is_taken_for_the_original_waits_for_the_statement(
    world: World, servers: EmbeddedServers, operator: HttpBilling, tmp_path: Path
) -> None:
    """No job that watches has run yet: the claim itself refuses, though the pulse is fresh."""
    members = world.members(3)
    earn(world, members)
    begin(world)
    world.watch(operator)
    with copy_of(world, servers, "restored_unwatched") as restored:
        tools = restored.tools
        deliver(tools.engine, tools.settings.keys, operator, Conduct())
        assert paid_topups(tmp_path) == {}
        pay(restored, operator)
        check(restored, members, operator, tmp_path)


def test_a_backup_of_before_the_list_was_drawn_up(
    world: World, servers: EmbeddedServers, operator: HttpBilling, tmp_path: Path
) -> None:
    """The list is drawn up anew and the keys are given to others: what was paid is known by the
    numbers, and nobody is sent anything under a key that was used."""
    members = world.members(20)
    earn(world, members[:15])
    world.watch(operator)
    with copy_of(world, servers, "restored_blank") as restored:
        begin(world)
        pay(world, operator)
        assert len(paid_topups(tmp_path)) == 15
        # More are due by now.
        earn(restored, members[15:], first=1)
        begin(restored)
        pay(restored, operator)
        states = restored.query("SELECT state, count(*) FROM payouts GROUP BY 1 ORDER BY 1")
        assert [(row.state, row.count) for row in states] == [("paid", 20)]
        check(restored, members, operator, tmp_path)


def test_keys_that_were_given_to_others(
    world: World, servers: EmbeddedServers, operator: HttpBilling, tmp_path: Path
) -> None:
    members = world.members(10)
    earn(world, members[5:])
    world.watch(operator)
    with copy_of(world, servers, "restored_shifted") as restored:
        begin(world)
        pay(world, operator)
        assert len(paid_topups(tmp_path)) == 5
        earn(restored, members[:5], first=1)
        begin(restored)
        pay(restored, operator)
        # Of the new ones, whose keys were used for others, nothing is sent: next month.
        states = restored.query("SELECT member_id, state, reason FROM payouts ORDER BY id")
        assert {row.member_id: (row.state, row.reason) for row in states} == {
            **dict.fromkeys(members[:5], ("withheld", "key_taken")),
            **dict.fromkeys(members[5:], ("paid", None)),
        }
        assert phones_paid(operator, tmp_path) == sorted(world.phone(one) for one in members[5:])
        assert restored.differences() == []


def test_a_backup_older_than_the_operators_memory(
    world: World, servers: EmbeddedServers, operator: HttpBilling, tmp_path: Path
) -> None:
    members = world.members(8)
    earn(world, members)
    begin(world)
    world.watch(operator)
    with copy_of(world, servers, "restored_old") as restored:
        pay(world, operator)
        for one in (world, restored):
            one.change(
                "UPDATE settlement_watch SET pulse_at = pulse_at - interval '3 days',"
                " pulse_business_at = pulse_business_at - interval '3 days'"
            )
        pay(restored, operator)
        check(restored, members, operator, tmp_path)
        assert len(restored.query("SELECT FROM operator_statements WHERE state = 'compared'")) >= 4
