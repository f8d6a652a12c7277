"""Many askings become few doings, and none is forgotten."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from webhooks.inbox.announcing import PAUSE, Announcer


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def test_an_asking_is_answered_by_one_doing() -> None:
    done: list[float] = []
    announcer = Announcer(lambda: done.append(time.monotonic()))
    announcer.ask()
    until(lambda: len(done) == 1)
    time.sleep(5 * PAUSE)
    assert len(done) == 1
    announcer.ask()
    until(lambda: len(done) == 2)


def test_whoever_asks_does_not_wait_for_the_doing() -> None:
    may_end = threading.Event()
    done: list[bool] = []
    announcer = Announcer(lambda: done.append(may_end.wait(20)))
    for _ in range(100):
        announcer.ask()
    assert done == []
    may_end.set()
    until(lambda: len(done) == 2)
    time.sleep(5 * PAUSE)
    assert done == [True, True], "the one that was going on, and one for all that came meanwhile"


def test_every_asking_is_followed_by_a_doing_that_began_after_it() -> None:
    committed = 0
    seen: list[int] = []
    announcer = Announcer(lambda: seen.append(committed))
    for _ in range(300):
        committed += 1
        announcer.ask()
        time.sleep(0.0005)
    until(lambda: seen[-1:] == [300])
    assert len(seen) < 300


def test_two_doings_never_overlap() -> None:
    lock, overlaps = threading.Lock(), 0
    barrier = threading.Barrier(8)

    def announce() -> None:
        nonlocal overlaps
        overlaps += not lock.acquire(blocking=False)
        time.sleep(0.001)
        lock.release()

    announcer = Announcer(announce)

    def ask() -> None:
        barrier.wait(20)
        for _ in range(50):
            announcer.ask()
            time.sleep(PAUSE / 20)

    with ThreadPoolExecutor(8) as pool:
        for one in [pool.submit(ask) for _ in range(8)]:
            one.result()
    assert overlaps == 0
