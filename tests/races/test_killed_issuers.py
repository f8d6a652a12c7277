"""Workers killed and stopped in the middle of issuing: one debit, one certificate, one notice."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from sqlalchemy.orm import Session

from tests.races.held import somebody_waits, wait_until
from tests.races.processes import Processes, horse_of
from tests.tracker.certificates.saving import buy, rich, save, states
from tests.world import World, day, rubles
from tracker.certificates.notices import issued_notice
from tracker.ledger.service import Balance
from tracker.notifications.service import notify

MEMBERS = 4
BEFORE = day(0.4)
"""Before what the processes take for now."""


@contextmanager
def nothing_can_be_told(world: World) -> Iterator[None]:
    """Whoever would queue a certificate's notice waits until the block ends, to see whether it is
    there already: issuing stands still half-way."""
    found = world.query("SELECT id, member_id, amount FROM certificates")
    with Session(world.tools.engine) as session:
        notify(session, [issued_notice(*one) for one in found], BEFORE)
        yield
        session.rollback()


def ordered(world: World) -> list[int]:
    """Members whose whole goal went into a certificate that is to be issued."""
    shop = world.shop(cashback=1000)
    members = [rich(world, shop, 1_000) for _ in range(MEMBERS)]
    for member in members:
        buy(world, member, 1_000, goal=save(world, member, 1_000), now=BEFORE)
    return members


def issuing_horse(world: World, processes: Processes) -> psutil.Process:
    """A worker's process that has claimed and changed all of them, and not committed."""
    worker = processes.start("worker")
    processes.start("scheduler")
    wait_until(lambda: somebody_waits(world))
    return horse_of(worker)


def end_leases(world: World) -> None:
    world.change("UPDATE certificates SET lease_until = clock_timestamp() - interval '1 ms'")


def all_are_issued(world: World) -> bool:
    return states(world) == ["issued"] * MEMBERS


def check(world: World, members: list[int]) -> None:
    """Everybody has one, paid for it once, and was told once."""
    assert all_are_issued(world)
    assert {world.balance(one) for one in members} == {Balance(0, 0, 0, 0)}
    debits = world.query("SELECT amount FROM ledger_entries WHERE account LIKE 'certificates_%'")
    assert [row.amount for row in debits] == [-rubles(1_000)] * MEMBERS
    told = world.query("SELECT member_id FROM notifications WHERE kind = 'certificate_issued'")
    assert sorted(row.member_id for row in told) == sorted(members)
    assert world.differences() == []


def test_a_worker_killed_while_it_issues(world: World, processes: Processes) -> None:
    members = ordered(world)
    with nothing_can_be_told(world):
        horse = issuing_horse(world, processes)
        horse.kill()
        assert states(world) == ["ordered"] * MEMBERS
    end_leases(world)
    wait_until(lambda: all_are_issued(world), within=30)
    check(world, members)


def test_a_worker_stopped_while_it_issues_and_woken(world: World, processes: Processes) -> None:
    """Its transaction holds what it changed: another passes it by, and finds nothing to do."""
    members = ordered(world)
    with nothing_can_be_told(world):
        horse = issuing_horse(world, processes)
        horse.suspend()
    processes.start("worker")
    horse.resume()
    wait_until(lambda: all_are_issued(world), within=30)
    check(world, members)
