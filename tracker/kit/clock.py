"""Business time, passed in. Rules never look at a clock; edges ask one of these."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")
"""Business dates and months are Moscow's, whatever the server's own zone."""

PERIOD = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
"""A month as it is written: 2011-01."""

_SCALED = re.compile(r"(?P<start>\S+) x(?P<speed>\d+) @(?P<real>\d+(?:\.\d+)?)")


class Clock(Protocol):
    """Tells the business moment: an aware datetime in UTC."""

    def now(self) -> datetime: ...

    def at(self, real: datetime) -> datetime:
        """The business moment of a real one."""


class SystemClock:
    """Business time is real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def at(self, real: datetime) -> datetime:
        return real


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Business time that runs ``speed`` times as fast as real time, from a given start.

    Every process given the same three values tells the same moment, so a demonstration can let
    months pass in minutes without any process knowing of it.
    """

    start: datetime
    speed: int
    real_start: float

    def now(self) -> datetime:
        return self._after(time.time())

    def at(self, real: datetime) -> datetime:
        return self._after(real.timestamp())

    def _after(self, real: float) -> datetime:
        passed = real - self.real_start
        return self.start.astimezone(UTC) + timedelta(seconds=passed * self.speed)

    def __str__(self) -> str:
        return f"{self.start.isoformat()} x{self.speed} @{self.real_start}"


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Business time that stands still: what ``--as-of`` gives a command."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment.astimezone(UTC)

    def at(self, real: datetime) -> datetime:  # noqa: ARG002 - it stands still
        return self.now()


def clock_from(text: str) -> Clock:
    """The clock a setting asks for: empty for real time, else ``START xSPEED @REAL_EPOCH``.

    Raises ValueError when the text is neither.
    """
    if not text:
        return SystemClock()
    match = _SCALED.fullmatch(text)
    if match is None:
        raise ValueError("a clock is written as '2010-12-20T00:00:00+03:00 x86400 @1732270000.5'")
    start = datetime.fromisoformat(match["start"])
    if start.tzinfo is None:
        raise ValueError("the clock's start needs an offset from UTC")
    return ScaledClock(start, int(match["speed"]), float(match["real"]))


def moscow_date(moment: datetime) -> date:
    """The business date of an instant."""
    return moment.astimezone(MOSCOW).date()


def moscow_midnight(day: date) -> datetime:
    """The instant a business date begins."""
    return datetime(day.year, day.month, day.day, tzinfo=MOSCOW).astimezone(UTC)
