"""Announcing what came in: together, and again after it went wrong."""

import threading
import time

import pytest

from tests.races.held import wait_until
from webhooks.inbox.announcing import PAUSE, Announcer


def test_many_askings_are_few_doings() -> None:
    done: list[str] = []
    announcer = Announcer(lambda: done.append("done"))
    for _ in range(1_000):
        announcer.ask()
    wait_until(lambda: bool(done))
    time.sleep(3 * PAUSE)
    assert 1 <= len(done) <= 10


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
