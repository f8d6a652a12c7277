"""Workers killed and stopped in the middle of their work, on real servers, in real processes."""

import signal
import time

from redis import Redis
from rq import Worker

from tests.races import scene
from tests.races.held import end_leases, held, somebody_waits, wait_until
from tests.races.processes import Processes, horse_of, stops
from tests.races.scene import Books
from tests.webhooks.letters import body
from tests.world import World
from tracker.kit.tasks import connect_redis
from webhooks.dispatch import CHUNK
from webhooks.inbox.work import LEASE_SECONDS


def first_member(world: World) -> int:
    return int(world.query("SELECT min(id) FROM members")[0].min)


def drained(world: World) -> bool:
    return not world.query("SELECT FROM inbox_events WHERE state = 'waiting' LIMIT 1")


def in_hand_again(world: World) -> bool:
    """Whether a second worker has taken up what a first one had in hand."""
    return world.query("SELECT FROM inbox_events WHERE attempts = 2 LIMIT 1") != []


def taken_over(world: World) -> bool:
    """Whether it has also finished some of that."""
    sql = "SELECT FROM inbox_events WHERE attempts = 2 AND state = 'done' LIMIT 1"
    return world.query(sql) != []


def redis_of(world: World) -> "Redis":
    return connect_redis(world.tools.settings.redis_url)


def test_a_work_horse_killed_while_it_books(
    world: World, processes: Processes, undisturbed: Books
) -> None:
    scene.tell(world)
    worker = processes.start("worker")
    processes.start("scheduler")
    with held(world, first_member(world)):
        horse = horse_of(worker)
        wait_until(lambda: somebody_waits(world))
        horse.kill()
        wait_until(lambda: not horse.is_running())
    end_leases(world)
    wait_until(lambda: drained(world))
    assert worker.poll() is None
    assert scene.close(world) == undisturbed


def test_a_worker_killed_leaves_its_horse_which_is_fenced_off(
    world: World, processes: Processes, undisturbed: Books
) -> None:
    """SIGKILL reaches the worker alone: its horse goes on, beside the one of the next worker."""
    scene.tell(world)
    worker = processes.start("worker")
    processes.start("scheduler")
    with held(world, first_member(world)):
        horse = horse_of(worker)
        wait_until(lambda: somebody_waits(world))
        worker.kill()
        worker.wait(10)
        assert horse.is_running()
        end_leases(world)
        processes.start("worker")
        wait_until(lambda: in_hand_again(world))
    wait_until(lambda: drained(world))
    wait_until(lambda: not horse.is_running())
    assert scene.close(world) == undisturbed


def test_a_work_horse_stopped_in_the_middle_is_taken_over_in_time(
    world: World, processes: Processes, undisturbed: Books
) -> None:
    """With its transaction open and its locks held. No lease is shortened here: this waits.

    When it is woken, its connection is gone, and what it goes on to write with it.
    """
    scene.tell(world)
    stopped = processes.start("worker")
    with held(world, first_member(world)):
        horse = horse_of(stopped)
        wait_until(lambda: somebody_waits(world))
        horse.suspend()
    try:
        processes.start("scheduler")
        processes.start("worker")
        assert wait_until(lambda: taken_over(world), within=90) < LEASE_SECONDS + 10
        wait_until(lambda: drained(world), within=60)
    finally:
        horse.resume()
    wait_until(lambda: not horse.is_running())
    assert stopped.poll() is None
    assert scene.close(world) == undisturbed


def test_workers_and_the_scheduler_stop_when_they_are_told_to(
    world: World, processes: Processes
) -> None:
    shop = world.shop()
    for number in (signal.SIGTERM, signal.SIGINT):
        world.post(shop, body())
        redis_of(world).flushall()
        worker, scheduler = processes.start("worker"), processes.start("scheduler")
        wait_until(lambda: drained(world))
        assert stops(worker, number, within=5) == 0
        assert stops(scheduler, number, within=5) == 0
        assert Worker.all(connection=redis_of(world)) == []


def test_a_worker_told_to_stop_finishes_what_it_does(
    world: World, processes: Processes, undisturbed: Books
) -> None:
    sent = scene.tell(world)
    worker = processes.start("worker")
    with held(world, first_member(world)):
        wait_until(lambda: somebody_waits(world))
        worker.terminate()
        time.sleep(0.5)
        assert worker.poll() is None
    assert worker.wait(10) == 0
    done = world.query("SELECT count(*) FROM inbox_events WHERE state = 'done'")[0].count
    assert min(sent, CHUNK) <= done <= sent
    world.work()
    assert scene.close(world) == undisturbed
