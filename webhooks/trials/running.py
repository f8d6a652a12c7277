"""A trial from its opening to its end, which it has whatever happens on the way."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import stamina

from tracker.kit.clock import SystemClock
from tracker.kit.database import AWAY, unit_of_work
from tracker.kit.runtime import Runtime
from webhooks.dialects import named
from webhooks.trials.reports import Account, CaseReport
from webhooks.trials.screen import ConsoleScreen
from webhooks.trials.service import Opened, close_trial, open_trial
from webhooks.trials.watching import BrokenOff, Watching

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The trial that is to be run."""

    slug: str
    who: str
    lasting: timedelta
    timeout: timedelta
    """How long to wait for one case."""
    anew: bool = False


def run(
    tools: Runtime,
    wanted: Wanted,
    screen: ConsoleScreen,
    reports: Sequence[CaseReport],
    asked: Sequence[CaseReport],
) -> Account:
    """Open a trial, ask for the cases, and close it.

    Ctrl-C and SIGTERM end it early, and there is an account all the same. Raises what open_trial
    does.
    """
    started_at = SystemClock().now()
    with _listening() as wish, _opened(tools, wanted, screen) as opened:
        dialect = named(opened.setting.dialect, opened.setting.mapping)
        screen.opened(wanted.slug, dialect, opened.ends_at)
        watching = Watching(
            tools.engine,
            tools.settings.keys,
            opened,
            screen,
            timeout=wanted.timeout.total_seconds(),
            is_stopped=lambda: wish.is_there,
        )
        broken_off = ""
        try:
            watching.watch(asked)
        except BrokenOff as error:
            broken_off = str(error)
        except KeyboardInterrupt:
            broken_off = "interrupted"
        with suppress(*AWAY):
            watching.look()
    return Account(
        shop=wanted.slug,
        dialect=dialect.name,
        who=wanted.who,
        started_at=started_at,
        ended_at=SystemClock().now(),
        record=watching.record,
        cases=tuple(reports),
        broken_off=broken_off,
    )


@contextmanager
def _opened(tools: Runtime, wanted: Wanted, screen: ConsoleScreen) -> Iterator[Opened]:
    with unit_of_work(tools.engine) as session:
        opened = open_trial(
            session,
            tools.settings.keys,
            wanted.slug,
            who=wanted.who,
            now=SystemClock().now(),
            lasting=wanted.lasting,
            anew=wanted.anew,
        )
    try:
        yield opened
    finally:
        try:
            _close(tools, opened)
        except AWAY:
            screen.says("the database is away: the secrets were not taken back, and end then")


def _close(tools: Runtime, opened: Opened) -> None:
    for attempt in stamina.retry_context(on=AWAY, attempts=5, timeout=20.0):
        with attempt, unit_of_work(tools.engine) as session:
            close_trial(session, opened, SystemClock().now())


class _Wish:
    """Somebody wants it to stop: Ctrl-C, SIGTERM, a hang-up.

    The first time it is only noted, so that nothing is torn in the middle; the second time it is
    not waited for.
    """

    def __init__(self) -> None:
        self.is_there = False

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """What a signal does."""
        if self.is_there:
            raise KeyboardInterrupt
        self.is_there = True


@contextmanager
def _listening() -> Iterator[_Wish]:
    """Listen to signals, where they are ours to take."""
    wish = _Wish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    former = {one: signal.getsignal(one) for one in _STOPS}
    for one, handler in former.items():
        if handler is not signal.SIG_IGN:
            signal.signal(one, wish.hear)
    try:
        yield wish
    finally:
        for one, handler in former.items():
            signal.signal(one, handler)
