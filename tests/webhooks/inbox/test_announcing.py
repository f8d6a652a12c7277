"""Announcing what came in: soon, together, and always after it was asked for."""

import threading
import time

import pytest

from tests.races.held import wait_until
from webhooks.inbox.announcing import PAUSE, Announcer


def test_one_asking_is_one_doing() -> None:
    done: list[str] = []
    Announcer(lambda: done.append("done")).ask()
    wait_until(lambda: done == ["done"])
    time.sleep(3 * PAUSE)
    assert done == ["done"]


def test_many_askings_are_few_doings() -> None:
    done: list[str] = []
    announcer = Announcer(lambda: done.append("done"))
    for _ in range(1_000):
        announcer.ask()
    wait_until(lambda: bool(done))
    time.sleep(3 * PAUSE)
    assert 1 <= len(done) <= 10


def test_nobody_waits_for_it() -> None:
    """However long it takes: here, until the test lets go."""
    over = threading.Event()
    announcer = Announcer(lambda: over.wait(10))
    started = time.monotonic()
    for _ in range(100):
        announcer.ask()
    assert time.monotonic() - started < 1
    over.set()


def test_what_is_asked_for_while_it_is_being_done_is_done_again() -> None:
    """It may have looked before what was asked about was there."""
    begun, let_go = threading.Event(), threading.Event()
    count: list[int] = []

    def announce() -> None:
        count.append(1)
        begun.set()
        let_go.wait(10)

    announcer = Announcer(announce)
    announcer.ask()
    assert begun.wait(10)
    announcer.ask()
    let_go.set()
    wait_until(lambda: len(count) == 2)


def test_a_failure_is_not_the_last_announcement(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    steps = iter(["fail", "done", "done"])
    done: list[str] = []

    def announce() -> None:
        step = next(steps)
        if step == "fail":
            raise RuntimeError(step)
        done.append(step)

    announcer = Announcer(announce)
    announcer.ask()
    wait_until(lambda: len(failures) == 1)
    announcer.ask()
    wait_until(lambda: done == ["done"])
