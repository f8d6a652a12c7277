"""The places that the source names, and how often each was hit."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import tracker

ROOMS = ("settlement", "reconciliation")
"""Whose steps a sweep demands."""

_PLACES = {
    "unit_of_work": ("before_commit", "after_commit"),
    "around": ("before_call", "after_call"),
}

LIFT = 3
"""By so many hits more than the others a place may be drawn before they are preferred."""


def known_points() -> list[str]:
    """Every place of the rooms, by name, read from the source: no list to be forgotten."""
    home = Path(tracker.__file__).parent
    files = sorted(path for room in ROOMS for path in (home / room).rglob("*.py"))
    return sorted({point for path in files for point in _points_of(path)})


def _points_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            given = [*node.args, *(one.value for one in node.keywords)]
            words = [one.value for one in given if isinstance(one, ast.Constant)]
            for step in (one for one in words if isinstance(one, str) and "." in one):
                yield from (f"{step}:{place}" for place in _PLACES.get(called, ()))


@dataclass(frozen=True, slots=True)
class Death:
    """What befalls one process: at the nth time that it comes to a place."""

    point: str
    nth: int = 1
    stopped: bool = False
    """Stopped past its lease and woken after others took over, instead of killed."""

    def __str__(self) -> str:
        return f"{'~' if self.stopped else ''}{self.point}{f'*{self.nth}' if self.nth > 1 else ''}"


def death_from(text: str) -> Death:
    """What a death's own form says."""
    point, _, nth = text.strip().lstrip("~").partition("*")
    return Death(point, int(nth or 1), text.strip().startswith("~"))


@dataclass(slots=True)
class Tally:
    """Hits by place: what was drawn and never reached is none."""

    points: Sequence[str]
    hits: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)

    def draw(self, chance: Random) -> str:
        """A place, more likely one that was hit little; what is hard to reach crowds out nobody."""
        least = min(self.hits[point] for point in self.points)
        more = [(self.hits[point] - least) / LIFT for point in self.points]
        weights = [1 / (1 + one) ** 2 + 0.005 for one in more]
        return chance.choices(self.points, weights)[0]

    def is_rare(self, point: str) -> bool:
        """Whether it was hit less than half as often as a place is on average."""
        return 2 * self.hits[point] * len(self.points) <= self.hits.total()

    def count(self, death: Death, *, hit: bool) -> None:
        self.drawn[death.point] += 1
        if hit:
            self.hits[death.point] += 1
            self.stops[death.point] += death.stopped

    def add(self, other: "Tally") -> None:
        """What another job has counted."""
        for mine, theirs in (
            (self.hits, other.hits),
            (self.drawn, other.drawn),
            (self.stops, other.stops),
        ):
            mine.update(theirs)

    def table(self) -> Iterator[str]:
        """A line for each place."""
        width = max(map(len, self.points))
        yield f"{'place':<{width}}  {'hits':>6}  {'stopped':>7}  {'drawn':>6}"
        for one in self.points:
            figures = f"{self.hits[one]:>6}  {self.stops[one]:>7}  {self.drawn[one]:>6}"
            yield f"{one:<{width}}  {figures}"

    def short_of(self, demanded: int) -> list[str]:
        """The places that were hit less often."""
        return [point for point in self.points if self.hits[point] < demanded]
