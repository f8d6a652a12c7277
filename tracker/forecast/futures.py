"""In which ways the coming weeks may go, drawn from those of the past. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random

WEEK = 7.0
"""Days."""


@dataclass(frozen=True, slots=True)
class Future:
    """One way in which the coming weeks may go: each like which past week, and by how much more."""

    like: tuple[int, ...]
    grown: tuple[float, ...]


def futures(totals: Sequence[int], ahead: int, count: int, rng: Random) -> list[Future]:
    """Ways in which weeks to come may go, drawn from the past ones, the latest first.

    ``totals``: what was promised in each of them. First a past is drawn that might as well have
    been, then the future from that one: so it is also open where the average lies. Growth counts
    when it stands out from the ups and downs; a little of it may hide in them.
    """
    slope, doubt = _trend(totals)
    made = []
    for _ in range(count):
        past = rng.choices(range(len(totals)), k=len(totals))
        like = tuple(rng.choices(past, k=ahead))
        grows = rng.gauss(slope, doubt)
        grown = tuple(exp(grows * (week + 1 + then)) for week, then in enumerate(like))
        made.append(Future(like, grown))
    return made


_STANDS_OUT = 2.5
"""Standard errors."""

_HIDES = 3
"""Of growth that does not stand out, the standard error is taken for so many times too large: most
programmes do not grow by as much as could hide."""


def _trend(totals: Sequence[int]) -> tuple[float, float]:
    """Growth from week to week as a logarithm, and its standard error; nothing for less than eight
    weeks, and for weeks without purchases."""
    if len(totals) < 8 or min(totals) <= 0:
        return 0.0, 0.0
    size = len(totals)
    logs = [log(total) for total in reversed(totals)]
    mean, middle = sum(logs) / size, (size - 1) / 2
    spread = sum((week - middle) ** 2 for week in range(size))
    slope = sum((week - middle) * (one - mean) for week, one in enumerate(logs)) / spread
    missed = sum((one - mean - slope * (week - middle)) ** 2 for week, one in enumerate(logs))
    doubt = sqrt(missed / (size - 2) / spread)
    return (slope, doubt) if abs(slope) > _STANDS_OUT * doubt else (0.0, doubt / _HIDES)
