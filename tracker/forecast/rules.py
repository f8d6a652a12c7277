"""Which 1sts are looked ahead to, and by when members may usually expect what is pending. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from tracker.kit.clock import MOSCOW, moscow_date, moscow_midnight
from tracker.kit.errors import NotFound

TASK = "forecast"
"""The name of the workers' task."""

MILLION = 1_000_000
"""Curves are kept in millionths."""

ALL_FIRSTS = "all"
"""Stands in place of a period for the next three 1sts together."""

_USUALLY = 80
"""Percent of what is confirmed at all."""

_DAY = timedelta(days=1)


class Scope(StrEnum):
    """Of what a cost is."""

    BOUGHT = "bought"
    """What is available and pending by now, and nothing else."""
    EVERYTHING = "everything"
    """With all that may be bought, taken back and spent until then."""


class NoForecast(NotFound):
    """None was made until then."""

    code = "no_forecast"


class NoCurve(NotFound):
    """Nothing is known of how that shop's purchases end."""

    code = "no_curve"


def next_firsts(as_of: datetime) -> tuple[date, date, date]:
    """The 1sts of the next three months in Moscow."""
    first = moscow_date(as_of).replace(day=1)
    following = []
    for _ in range(3):
        first = (first + timedelta(days=32)).replace(day=1)
        following.append(first)
    return following[0], following[1], following[2]


def period_of(first: date) -> str:
    """The month of a 1st: ``2011-01``."""
    return first.strftime("%Y-%m")


def days_until(as_of: datetime, first: date) -> timedelta:
    """How long it is until a 1st begins."""
    return moscow_midnight(first) - as_of


def usually_by(
    confirmed: Sequence[int],
    rejected: Sequence[int],
    *,
    ordered_at: datetime,
    hold_ends_at: datetime,
    now: datetime,
) -> date:
    """The day by which four in five of such purchases, pending still at this age and confirmed in
    the end, were confirmed; never after the day on which the hold is over.

    ``confirmed`` and ``rejected`` are millionths by age in days, as `models.ForecastCurve` has
    them. What the hold would end counts as confirmed then, so that the day is rather too late than
    too early.
    """
    oldest = len(confirmed) - 1
    hold = min(oldest, _days(hold_ends_at - ordered_at))
    age = min(_days(now - ordered_at), hold)
    silent = MILLION - confirmed[hold] - rejected[hold]
    wanted = _USUALLY * (confirmed[hold] - confirmed[age] + silent)
    for then in range(age, hold):
        if 100 * (confirmed[then] - confirmed[age]) >= wanted > 0:
            day = moscow_date(ordered_at + then * _DAY)
            return min(max(day, moscow_date(now)), hold_ends_at.astimezone(MOSCOW).date())
    return hold_ends_at.astimezone(MOSCOW).date()


def _days(length: timedelta) -> int:
    return max(0, length // _DAY)
