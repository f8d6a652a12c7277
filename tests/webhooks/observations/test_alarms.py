"""Signatures that start to fail are told: once an hour, by all processes together."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.webhooks.observations.counted import HOUR, MINUTE, NOON, counts, quiet, see
from tests.world import Shop, World
from tracker.kit.database import unit_of_work
from webhooks.observations.queries import failing_shops, gauges
from webhooks.observations.rules import Outcome
from webhooks.observations.watch import Watch


def told(logs: list[Any]) -> list[str]:
    """The shops whose signatures the log says are failing."""
    wanted = [one for one in logs if one["event"] == "signatures_failing"]
    assert {one["log_level"] for one in wanted} <= {"error"}
    return [one["shop"] for one in wanted]


def failing(world: World, at: datetime) -> set[int]:
    with unit_of_work(world.tools.engine) as session:
        return failing_shops(session, at)


def test_signatures_that_start_to_fail_are_told_once_an_hour_by_all_processes_together(
    world: World, shop: Shop
) -> None:
    watches = [quiet(world), quiet(world)]
    see(watches[0], shop, Outcome.ACCEPTED, NOON - 20 * HOUR, times=50)
    with capture_logs() as logs:
        see(watches[0], shop, Outcome.SIGNATURE, NOON)
        see(watches[1], shop, Outcome.SIGNATURE, NOON + MINUTE)
        assert told(logs) == []
        assert failing(world, NOON + MINUTE) == set()
        for number in range(2, 20):
            see(watches[number % 2], shop, Outcome.SIGNATURE, NOON + number * MINUTE)
        assert told(logs) == [shop.slug]
        see(watches[0], shop, Outcome.TIMESTAMP, NOON + HOUR)
        see(watches[1], shop, Outcome.TIMESTAMP, NOON + HOUR + MINUTE)
        assert told(logs) == [shop.slug] * 2
    assert failing(world, NOON + HOUR) == {shop.id}
    see(watches[0], shop, Outcome.ACCEPTED, NOON + HOUR + 2 * MINUTE, times=50)
    assert failing(world, NOON + HOUR + 2 * MINUTE) == set()


def test_processes_that_see_it_at_the_same_time_tell_it_once(world: World, shop: Shop) -> None:
    watches = [quiet(world) for _ in range(8)]
    for watch in watches:
        for _ in range(10):
            watch.note(shop.id, Outcome.SIGNATURE, NOON)
    start = threading.Barrier(len(watches))

    def write(watch: Watch) -> None:
        start.wait()
        watch.write()

    with capture_logs() as logs:
        writing = [threading.Thread(target=write, args=(watch,)) for watch in watches]
        for one in writing:
            one.start()
        for one in writing:
            one.join()
    assert told(logs) == [shop.slug]
    assert counts(world, shop.id) == {"signature": 80}


def test_strangers_at_unknown_doors_are_nobodys_alarm(world: World, watch: Watch) -> None:
    with capture_logs() as logs:
        for _ in range(100):
            watch.note(0, Outcome.SIGNATURE, NOON)
        watch.write()
    assert told(logs) == []
    assert failing(world, NOON) == set()


def test_one_shops_failures_are_not_anothers(world: World, shop: Shop, watch: Watch) -> None:
    other = world.shop("other")
    see(watch, other, Outcome.ACCEPTED, NOON, times=500)
    see(watch, shop, Outcome.SIGNATURE, NOON, times=10)
    see(watch, other, Outcome.SIGNATURE, NOON, times=10)
    assert failing(world, NOON) == {shop.id}


@pytest.mark.parametrize(("after", "fails"), [(29, True), (89, True), (90, False)])
def test_it_is_over_when_the_hour_and_the_one_after_it_are(
    world: World, shop: Shop, watch: Watch, after: int, fails: bool
) -> None:
    see(watch, shop, Outcome.SIGNATURE, NOON, times=10)
    assert (failing(world, NOON + after * MINUTE) == {shop.id}) is fails


def test_monitoring_is_told_how_many_shops_they_are(world: World, shop: Shop, watch: Watch) -> None:
    def gauge() -> float:
        with unit_of_work(world.tools.engine) as session:
            return gauges(session)["shops_signatures_failing"]

    assert gauge() == 0
    see(watch, shop, Outcome.SIGNATURE, datetime.now(UTC), times=10)
    assert gauge() == 1
    assert "tracker_shops_signatures_failing 1.0" in world.client().get("/metrics").text
