"""Whether a shop has begun to reject unlike itself: looked at each day, for ever. Pure.

For each purchase and day there is a chance, from the shop's own past, that the word is a no. If
the noes really come at ``factor`` times those chances, the odds for that grow day by day; if they
do not, the odds are a fair game. Adding one to the odds before each day (Shiryaev and Roberts)
keeps them awake for a change on any day, and then, as long as the past tells the chances right,
they pass a bar of so many days once in so many days at most, in the mean.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, log, log1p, sqrt

from tracker.forecast.curves import OLDEST, Ending, Ends

WATCHED = 56
"""Days that are looked at: what is older is the past that they are compared with."""

FACTORS = (1.5, 2.0, 4.0)
"""How many times as many noes are looked for; the odds are averaged."""

_LEAST = 1e-4
"""A chance a day of a no that the quietest shop is granted."""


@dataclass(frozen=True, slots=True)
class Left:
    """Purchases of a shop that left the count alike: ``ago`` days before the end of what is looked
    at, at an ``age`` in days, by an ending. What waits still has left 0 days ago."""

    ago: int
    age: int
    ending: Ending
    count: int


@dataclass(frozen=True, slots=True)
class Watch:
    """How a shop stands."""

    rejected: int
    """Noes in the days that were looked at."""
    expected: float
    """As many as there would have been in the past."""
    odds: float
    """That it rejects more than it did, as above."""
    since: int | None
    """How many days ago they passed the bar for good; None: they are below it."""


def bar(shops: int, false_alarms: float) -> float:
    """The odds at which an alarm is raised, so that of so many shops that are as they were, no
    more than ``false_alarms`` a year are called otherwise."""
    return max(1.0, shops * 365 / false_alarms)


_SURE = 1.645
"""Standard errors: in one shop of twenty the true chances of a no are higher than we grant."""


def granted(chances: Iterable[float], past: Ends) -> list[float]:
    """Chances of a no as high as the shop's own past allows, which is an estimate too."""
    grant = exp(_SURE / sqrt(sum(past.rejected) + 1))
    return [chance * grant for chance in chances]


def watch(left: Iterable[Left], chances: Iterable[float], alarm: float) -> Watch:
    """Go through the days. ``chances``: of a no at each age, on a day, by the past."""
    expected_at = [max(_LEAST, min(chance, 1.0)) for chance in chances]
    stakes = {
        factor: [log1p((factor - 1) * chance) for chance in expected_at] for factor in FACTORS
    }
    noes, days = [0] * WATCHED, {factor: [0.0] * WATCHED for factor in FACTORS}
    expected = 0.0
    for one in left:
        if one.ending is Ending.REJECTED and one.ago < WATCHED:
            noes[one.ago] += one.count
        for ago, age, part in _exposed(one):
            expected += part * expected_at[age]
            for factor in FACTORS:
                days[factor][ago] += part * stakes[factor][age]
    odds, since = _play(noes, days, alarm)
    return Watch(sum(noes), expected, odds, since)


def _exposed(one: Left) -> Iterable[tuple[int, int, float]]:
    """The days that purchases were open to a no on, how old they were, and how many."""
    for ago in range(one.ago, min(WATCHED, one.ago + one.age + 1)):
        age = one.age - (ago - one.ago)
        last = ago == one.ago
        part = {Ending.HELD: 0.0, Ending.WAITING: 0.5}.get(one.ending, 1.0) if last else 1.0
        if part:
            yield ago, min(age, OLDEST - 1), part * one.count


_MOST = 600.0
"""A logarithm of odds beyond which nobody need count."""


def _play(
    noes: list[int], stakes: Mapping[float, list[float]], alarm: float
) -> tuple[float, int | None]:
    logs = dict.fromkeys(FACTORS, -_MOST)
    since: int | None = None
    mean = 0.0
    for ago in reversed(range(WATCHED)):
        for factor in FACTORS:
            awake = _log_of_one_more(logs[factor])
            logs[factor] = min(_MOST, awake + noes[ago] * log(factor) - stakes[factor][ago])
        mean = sum(exp(one) for one in logs.values()) / len(FACTORS)
        if mean < alarm:
            since = None
        elif since is None:
            since = ago
    return mean, since


def _log_of_one_more(logarithm: float) -> float:
    """log(1 + e**logarithm)"""
    if logarithm > 0:
        return logarithm + log1p(exp(-logarithm))
    return log1p(exp(logarithm))
