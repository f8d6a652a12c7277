"""Workers killed and stopped while they talk to the operator: everybody is paid, and once."""

from pathlib import Path

import psutil

from tests.races.held import end_leases, wait_until
from tests.races.payday import DUE, Operator, approved, earn, operator, payouts, run_is_done
from tests.races.processes import Processes, horse_of
from tests.world import World

MEMBERS = 12
SLOW = {"action": "slow", "seconds": 2, "match": {"nth": 1}}
"""The first call takes long enough to be killed in, and is carried out all the same."""


def paying_horse(world: World, processes: Processes) -> psutil.Process:
    """A worker's process in the middle of its call to the operator."""
    worker = processes.start("worker")
    processes.start("scheduler")
    wait_until(lambda: payouts(world) == {"claimed": MEMBERS})
    return horse_of(worker)


def check(world: World, members: list[int], billing: Operator) -> None:
    """Everybody got what they were due, once, and our books say what the operator's do."""
    assert payouts(world) == {"paid": MEMBERS}
    ours = world.query("SELECT 'payout:' || id AS key, member_id, amount FROM payouts ORDER BY id")
    theirs = {(line.key, line.phone, line.amount) for line in billing.statement()}
    assert theirs == {(row.key, world.phone(row.member_id), row.amount) for row in ours}
    assert len(billing.statement()) == MEMBERS
    for member in members:
        balance = world.balance(member)
        assert (balance.available, balance.in_flight) == (0, 0)
    assert sum(line.amount for line in billing.statement()) == MEMBERS * DUE
    assert world.differences() == []


def test_a_worker_killed_while_it_pays(world: World, processes: Processes, tmp_path: Path) -> None:
    _, members = earn(world, MEMBERS)
    with operator(tmp_path, SLOW) as billing:
        processes.environ = {**processes.environ, **billing.environ}
        approved(world)
        horse = paying_horse(world, processes)
        horse.kill()
        end_leases(world)
        wait_until(lambda: run_is_done(world), within=30)
        check(world, members, billing)


def test_a_worker_stopped_while_it_pays_and_woken_after_its_lease(
    world: World, processes: Processes, tmp_path: Path
) -> None:
    """Its answer comes when the payouts have long been asked about: it is not written down."""
    _, members = earn(world, MEMBERS)
    with operator(tmp_path, SLOW) as billing:
        processes.environ = {**processes.environ, **billing.environ}
        approved(world)
        horse = paying_horse(world, processes)
        horse.suspend()
        end_leases(world)
        processes.start("worker")
        wait_until(lambda: run_is_done(world), within=30)
        entries = world.query("SELECT count(*) FROM ledger_entries")[0].count
        horse.resume()
        wait_until(lambda: not horse.is_running())
        assert world.query("SELECT count(*) FROM ledger_entries")[0].count == entries
        check(world, members, billing)


def test_an_operator_killed_while_it_pays(
    world: World, processes: Processes, tmp_path: Path
) -> None:
    """Nobody knows what it did: it is asked when it is back, and told again under the same keys."""
    _, members = earn(world, MEMBERS)
    with operator(tmp_path, SLOW) as billing:
        processes.environ = {**processes.environ, **billing.environ}
        approved(world)
        paying_horse(world, processes)
        port = int(billing.process.url.rpartition(":")[2])
        billing.process.kill()
        wait_until(lambda: payouts(world) == {"unknown": MEMBERS})
        with operator(tmp_path, port=port) as revived:
            wait_until(lambda: run_is_done(world), within=40)
            check(world, members, revived)
