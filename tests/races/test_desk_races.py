"""Two of the staff with one event in hand: the audit tells what each of them really did."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.races.held import somebody_waits, wait_until
from tests.world import World, created, day, returned
from tracker.kit.database import unit_of_work
from webhooks.desk.service import discard_events, retry_events


@pytest.fixture
def parked(world: World) -> int:
    """An event that is parked: its return is known with another sum."""
    shop = world.shop()
    world.tell(shop, created("A-1", None, 100, at=day(1)))
    world.tell(shop, returned("A-1", "R-1", {"1": 1}, at=day(2)))
    world.tell(shop, returned("A-1", "R-1", {"1": 2}, at=day(2)))
    (event,) = world.query("SELECT id FROM inbox_events WHERE state = 'parked'")
    return int(event.id)


def discarded(world: World, event: int) -> set[int]:
    with unit_of_work(world.tools.engine) as session:
        return discard_events(session, "late", [event], "not ours")


def retried(world: World, event: int) -> set[int]:
    with unit_of_work(world.tools.engine) as session:
        return retry_events(session, "late", [event], None)


def audited(world: World) -> list[tuple[str, str, str]]:
    rows = world.query("SELECT who, action, before ->> 'state' FROM audit_entries ORDER BY id")
    return [tuple(row) for row in rows]


def test_a_discard_that_came_too_late_is_not_audited(world: World, parked: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            assert retry_events(session, "quick", [parked], None) == {parked}
            late = pool.submit(discarded, world, parked)
            wait_until(lambda: somebody_waits(world))
        assert late.result() == set()
    assert audited(world) == [("quick", "inbox.retry", "parked")]
    assert world.query("SELECT state FROM inbox_events WHERE id = :id", id=parked) == [("waiting",)]


def test_a_retry_is_audited_from_the_state_that_it_found(world: World, parked: int) -> None:
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(world.tools.engine) as session:
            assert discard_events(session, "quick", [parked], "not ours") == {parked}
            late = pool.submit(retried, world, parked)
            wait_until(lambda: somebody_waits(world))
        assert late.result() == {parked}
    assert audited(world) == [
        ("quick", "inbox.discard", "parked"),
        ("late", "inbox.retry", "discarded"),
    ]
