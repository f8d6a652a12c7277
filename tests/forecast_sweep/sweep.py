"""Many worlds: how often the truth is where the forecast says, and how far off its middle is."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import mean, median

from tests.forecast_sweep.foretelling import forecast
from tests.forecast_sweep.worlds import make
from tracker.forecast.quantiles import quantile

TRUTHS = 40
"""Ways in which each world is let go on."""


@dataclass(frozen=True)
class Case:
    """One figure of one world: of a 1st, or of all three; with or without what will be bought."""

    name: str
    low: int
    middle: int
    high: int
    truths: tuple[int, ...]

    @property
    def covered(self) -> float:
        """The part of the truths that lies between P10 and P90."""
        return sum(self.low <= one <= self.high for one in self.truths) / len(self.truths)

    @property
    def truth(self) -> float:
        """The true median."""
        return median(self.truths)

    @property
    def off(self) -> float:
        """By how many kopecks P50 misses the true median."""
        return self.middle - self.truth


NAMES = ("first", "second", "third", "all")


def cases(seed: int, **options: float) -> Iterator[Case]:
    """The figures of one world."""
    world = make(seed, **options)  # type: ignore[arg-type]
    rng = Random(f"{seed} forecast")
    told = forecast(world, rng)
    for scope, plays in (("bought", told.bought), ("everything", told.everything)):
        truths = [world.go_on(rng, buying=scope == "everything") for _ in range(TRUTHS)]
        for which, name in enumerate(NAMES):
            seen = [_figure(one, which) for one in plays]
            true = tuple(_figure(one, which) for one in truths)
            low, middle, high = (quantile(seen, percent) for percent in (10, 50, 90))
            yield Case(f"{scope} {name}", low, middle, high, true)


def _figure(costs: tuple[int, ...], which: int) -> int:
    return sum(costs) if which == len(costs) else costs[which]


@dataclass(frozen=True)
class Summary:
    """What a sweep comes to, for one figure."""

    worlds: int
    covered: float
    off: float
    """In the mean, how far P50 is from the true median, either way, as a part of it."""
    bias: float
    """The same with its sign: what does not even out over many worlds."""


def summaries(found: list[Case]) -> dict[str, Summary]:
    """By the name of the figure."""
    by_name: dict[str, list[Case]] = {}
    for case in found:
        by_name.setdefault(case.name, []).append(case)
    return {
        name: Summary(
            len(some),
            mean(one.covered for one in some),
            mean(abs(one.off) for one in some) / mean(one.truth for one in some),
            mean(one.off for one in some) / mean(one.truth for one in some),
        )
        for name, some in by_name.items()
    }
