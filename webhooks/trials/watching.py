"""Watching a trial: one case is asked for after another, what comes is looked at, a case is ticked.

An edge: each look is a unit of work of its own.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from sqlalchemy import Engine

from partners.credentials.rules import Secret
from tracker.kit.clock import SystemClock
from tracker.kit.crypto import Keyring
from tracker.kit.database import AWAY, unit_of_work
from webhooks.trials.cases import Case
from webhooks.trials.queries import attempts
from webhooks.trials.reports import CaseReport, Result
from webhooks.trials.rules import Attempt, Finding, Record
from webhooks.trials.service import Opened, end_secret, give_secret


class Word(Enum):
    """What whoever sits at the screen may say while a case is waited for."""

    LEAVE_OUT = auto()
    STOP = auto()


class Screen(Protocol):
    """Who is told how it goes."""

    def shows_secret(self, secret: Secret, which: str) -> None:
        """A secret that the shop is to use."""

    def asks(self, case: Case, text: str) -> None:
        """A case is waited for from now on."""

    def saw(self, attempt: Attempt, why: str) -> None:
        """Something came, and why it does not do, if it does not."""

    def says(self, text: str) -> None:
        """What is to come next."""

    def ended(self, report: CaseReport) -> None:
        """A case is over."""

    def waits(self, seconds: float) -> Word | None:
        """Let so much time pass, or less when somebody says a word."""


class BrokenOff(Exception):
    """Whoever watched has stopped it."""


class Watching:
    """A trial that is open, watched by one command."""

    def __init__(
        self,
        engine: Engine,
        keys: Keyring,
        opened: Opened,
        screen: Screen,
        *,
        timeout: float,
        is_stopped: Callable[[], bool] = lambda: False,
        pause: float = 0.3,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._opened = opened
        self._screen = screen
        self._timeout = timeout
        self._is_stopped = is_stopped
        self._pause = pause
        self._shown = 0
        """Attempts that were told to the screen."""
        self._explained = 0
        """Attempts that some case has looked at and said what is wrong with them."""
        self._is_away = False
        self.record = Record(opened.secret.id, is_native=opened.setting.dialect == "native")

    def watch(self, reports: Sequence[CaseReport]) -> None:
        """Ask for the cases and note how each goes, as it goes. Raises BrokenOff."""
        self._screen.shows_secret(self._opened.secret, "the secret of this trial")
        for report in reports:
            self._watch(report)

    def look(self) -> None:
        """See what has come since."""
        with unit_of_work(self._engine) as session:
            found = attempts(session, self._opened.id, self.record.attempts)
        self.record = replace(self.record, attempts=found)

    def _watch(self, report: CaseReport) -> None:
        case = report.case
        if why := case.skip(self.record):
            report.result, report.why = Result.SKIPPED, why
            self._screen.ended(report)
            return
        report.asked_at = _now()
        said = ""
        try:
            if case.needs_second:
                self._give_second()
            self._screen.asks(case, case.ask(self.record))
            for _ in self._looks(report):
                missing = self._judge(report)
                if report.result is Result.TICKED:
                    break
                if missing != said:
                    said = missing
                    self._screen.says(missing)
            else:
                report.result = Result.FAILED
                report.why = report.why or said or "it did not come in time"
        except BaseException:
            report.result, report.why = Result.FAILED, said or "broken off"
            raise
        finally:
            report.ended_at = _now()
        self._screen.ended(report)

    def _looks(self, report: CaseReport) -> Iterator[None]:
        """Look again and again, until it is time to stop looking."""
        until = time.monotonic() + self._timeout
        while True:
            is_last = time.monotonic() >= until or _now() >= self._opened.ends_at
            if self._sees():
                yield
            if is_last:
                return
            match self._screen.waits(self._pause):
                case Word.LEAVE_OUT:
                    report.why = "left out by hand"
                    return
                case Word.STOP:
                    raise BrokenOff("stopped by hand")
            if self._is_stopped():
                raise BrokenOff("interrupted")

    def _sees(self) -> bool:
        """Look; False while the database is away."""
        try:
            self.look()
        except AWAY:
            if not self._is_away:
                self._screen.says("the database is away; looking again")
            self._is_away = True
            return False
        self._is_away = False
        return True

    def _judge(self, report: CaseReport) -> str:
        """See whether a case is ticked; else what is still missing of it."""
        case = report.case
        finding = case.judge(self.record)
        report.evidence = finding.evidence
        self._explain(report, finding)
        if finding.is_ticked:
            report.result = Result.TICKED
        elif case.needs_second and finding.evidence and not self.record.first_ended_at:
            self._end_first()
        return finding.missing

    def _explain(self, report: CaseReport, finding: Finding) -> None:
        """Say of what has come why it does not do. What came after a case was ticked is left to
        the next one."""
        until = len(self.record.attempts)
        if finding.is_ticked:
            last = max(one.number for one in finding.evidence)
            until = max(self._explained, last)
        for attempt in self.record.attempts[self._explained : until]:
            if why := report.case.explain(self.record, attempt):
                report.wrong.append((attempt, why))
        told = {attempt.number: why for attempt, why in report.wrong}
        for attempt in self.record.attempts[self._shown :]:
            self._screen.saw(attempt, told.get(attempt.number, ""))
        self._explained, self._shown = until, len(self.record.attempts)

    def _give_second(self) -> None:
        opened = self._opened
        with unit_of_work(self._engine) as session:
            second = give_secret(session, self._keys, opened.shop_id, opened.ends_at)
        self.record = replace(self.record, second_secret=second.id)
        self._screen.shows_secret(second, "the second secret")

    def _end_first(self) -> None:
        now = _now()
        with unit_of_work(self._engine) as session:
            end_secret(session, self._opened.shop_id, self._opened.secret.id, now)
        self.record = replace(self.record, first_ended_at=now)


def _now() -> datetime:
    return SystemClock().now()
