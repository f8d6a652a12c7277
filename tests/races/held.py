"""Locks held by a test: whoever comes to them stands still in the middle of their work."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from tests.world import World
from tracker.kit.database import unit_of_work


@contextmanager
def held(world: World, member: int) -> Iterator[None]:
    """A member's balances are locked: whoever books for the member waits until the block ends."""
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("SELECT FROM ledger_lock_members(ARRAY[:id])"), {"id": member})
        yield


def wait_until(what: Callable[[], bool], *, within: float = 20) -> float:
    """Wait for something to come true; the seconds that took."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < within, "it did not come true in time"
        time.sleep(0.01)
    return time.monotonic() - started


def somebody_waits(world: World) -> bool:
    """Whether some connection to this database waits for a lock."""
    return lock_waiters(world) > 0


def lock_waiters(world: World) -> int:
    """How many connections to this database wait for a lock."""
    sql = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    return int(world.query(sql)[0].count)


def end_leases(world: World) -> None:
    """Half a minute passes in no time: whatever is in somebody's hands is anybody's."""
    world.query("""
        UPDATE inbox_events SET lease_until = clock_timestamp() - interval '1 ms'
        WHERE state = 'waiting' AND lease_until IS NOT NULL RETURNING id
    """)
    world.query("""
        UPDATE payouts SET lease_until = clock_timestamp() - interval '1 ms'
        WHERE lease_until IS NOT NULL RETURNING id
    """)
