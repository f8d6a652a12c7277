"""Legs of a measurement, run in turn with their floor, and what they come to. Pure but for time.

A machine that others use too is faster in one minute than in the next. So no figure is read by
itself: every leg has a leg of the floor beside it, and what counts is the median of their ratios.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

STACK = ("tracker", "postgres", "valkey")
"""The parts whose CPU time is the work; others only make or answer it."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One timed stretch: how many items in how many seconds, and CPU seconds by part."""

    items: int
    seconds: float
    cpu: Mapping[str, float]
    details: Mapping[str, float] = field(default_factory=dict)
    """Further figures of this leg, by name with its unit: ``p99_ms``."""

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.items / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        """CPU seconds that the stack takes for 1,000 items."""
        return 1000 * sum(self.cpu.get(part, 0.0) for part in STACK) / self.items


@dataclass(frozen=True, slots=True)
class Figure:
    """What one contender came to beside its floor: medians over the rounds."""

    benchmark: str
    contender: str
    unit: str
    rate: float
    floor: float
    ratio: float
    ratios: tuple[float, ...]
    cpu_per_thousand: float
    floor_cpu_per_thousand: float
    busy: Mapping[str, float]
    """Cores kept busy, by part: what it is limited by shows here."""
    details: Mapping[str, float]


Run = Callable[[], Leg]


def interleaved(rounds: int, contenders: Mapping[str, Run]) -> dict[str, list[Leg]]:
    """Run the contenders one after the other, and again, so that each meets the same weather."""
    legs: dict[str, list[Leg]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            legs[name].append(run())
    return legs


def compared(
    benchmark: str, contender: str, unit: str, legs: Sequence[Leg], floors: Sequence[Leg]
) -> Figure:
    """A contender's legs against the floor's legs of the same rounds."""
    ratios = tuple(leg.rate / floor.rate for leg, floor in zip(legs, floors, strict=True))
    return Figure(
        benchmark,
        contender,
        unit,
        rate=median(leg.rate for leg in legs),
        floor=median(floor.rate for floor in floors),
        ratio=median(ratios),
        ratios=ratios,
        cpu_per_thousand=median(leg.cpu_per_thousand for leg in legs),
        floor_cpu_per_thousand=median(floor.cpu_per_thousand for floor in floors),
        busy={part: median(leg.cpu[part] / leg.seconds for leg in legs) for part in legs[0].cpu},
        details={name: median(leg.details[name] for leg in legs) for name in legs[0].details},
    )
