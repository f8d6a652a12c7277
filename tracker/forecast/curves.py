"""How what is pending ends, by its age: two ends that compete, pooled where a shop has few. Pure.

Ages are days since the order (of what waits for staff: since the hold was over). The *word* is the
shop's: a confirmation or a rejection before the hold is over. A purchase that the hold ends, or
that is pending still, is one of which the word did not come until then (it is censored): what the
end of a hold makes of it is known from what was promised at the click, and is no chance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, sqrt
from random import Random

OLDEST = 120
"""Days: whatever ends later is counted as if on the last of them. No hold is longer than 90."""

STRENGTH = 20.0
"""A shop's section counts, at each age, like so many purchases of the shop's own; all shops
together like as many of the section's."""

UNLIKE_OTHERS = 0.3
"""How far, in logarithms, the pace of a shop of which nothing is known may be from its section's
(one standard deviation)."""


class Ending(StrEnum):
    """How a purchase, or a kopeck of it, left the count."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    HELD = "held"
    """Its hold was over, and nothing had been said."""
    WAITING = "waiting"
    """It is pending still."""


Exits = Mapping[tuple[int, Ending], float]
"""How many left at which age (whole days begun), by ending: purchases, or what counts as many."""


@dataclass(frozen=True, slots=True)
class Ends:
    """At each age: how many could still be spoken of, and how many were."""

    exposed: tuple[float, ...]
    confirmed: tuple[float, ...]
    rejected: tuple[float, ...]

    @property
    def purchases(self) -> float:
        """How many there were in all."""
        return self.exposed[0]


NOTHING = Ends(*((0.0,) * OLDEST,) * 3)


def ends_of(exits: Exits) -> Ends:
    """Counts of exits as exposure and ends by age. What waits still was exposed for half of its
    last day, on the average; what was held, up to its last day and not on it."""
    left = {ending: [0.0] * OLDEST for ending in Ending}
    for (age, ending), count in exits.items():
        left[ending][min(max(age, 0), OLDEST - 1)] += count
    exposed = [0.0] * OLDEST
    later = 0.0
    for age in reversed(range(OLDEST)):
        spoken = left[Ending.CONFIRMED][age] + left[Ending.REJECTED][age]
        exposed[age] = later + spoken + left[Ending.WAITING][age] / 2
        later += spoken + left[Ending.WAITING][age] + left[Ending.HELD][age]
    return Ends(tuple(exposed), tuple(left[Ending.CONFIRMED]), tuple(left[Ending.REJECTED]))


def together(some: Iterable[Ends]) -> Ends:
    """The counts of several, as of one."""
    columns = [(one.exposed, one.confirmed, one.rejected) for one in some]
    if not columns:
        return NOTHING
    return Ends(
        *(tuple(map(sum, zip(*(column[part] for column in columns), strict=True))) for part in _3)
    )


_3 = range(3)


@dataclass(frozen=True, slots=True)
class Hazard:
    """The chance, at each age, that the word comes on that day if it has not come before."""

    confirmed: tuple[float, ...]
    rejected: tuple[float, ...]


_NEVER = Hazard((0.0,) * OLDEST, (0.0,) * OLDEST)


def hazard_of(own: Ends, wider: Hazard = _NEVER, strength: float = STRENGTH) -> Hazard:
    """What was seen, with what is known of a wider circle counted like ``strength`` purchases."""

    def rates(ends: tuple[float, ...], known: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(
            (ended + strength * before) / (exposed + strength) if exposed + strength else 0.0
            for ended, before, exposed in zip(ends, known, own.exposed, strict=True)
        )

    return Hazard(rates(own.confirmed, wider.confirmed), rates(own.rejected, wider.rejected))


@dataclass(frozen=True, slots=True)
class Curve:
    """The chance to have been confirmed, or rejected, by an age, for ages of whole days from 0."""

    confirmed: tuple[float, ...]
    rejected: tuple[float, ...]

    def confirmed_by(self, age: float) -> float:
        """The chance of a confirmation up to an age; between whole days it grows evenly."""
        return _at(self.confirmed, age)

    def left_at(self, age: float) -> float:
        """The chance that nothing was said up to an age."""
        return max(0.0, 1.0 - _at(self.confirmed, age) - _at(self.rejected, age))


def _at(cumulated: tuple[float, ...], age: float) -> float:
    if age >= OLDEST:
        return cumulated[OLDEST]
    whole = int(age)
    low = cumulated[whole]
    return low + (cumulated[whole + 1] - low) * (age - whole)


def curve_of(hazard: Hazard, pace: tuple[float, float] = (1.0, 1.0)) -> Curve:
    """Both ends cumulated, each hazard first taken ``pace`` times."""
    confirmed, rejected, left = [0.0], [0.0], 1.0
    for one, other in zip(hazard.confirmed, hazard.rejected, strict=True):
        quick = 1.0 - (1.0 - min(one, 1.0)) ** pace[0]
        lost = 1.0 - (1.0 - min(other, 1.0)) ** pace[1]
        if quick + lost > 1.0:
            quick, lost = quick / (quick + lost), lost / (quick + lost)
        confirmed.append(confirmed[-1] + left * quick)
        rejected.append(rejected[-1] + left * lost)
        left *= 1.0 - quick - lost
    return Curve(tuple(confirmed), tuple(rejected))


@dataclass
class Luck:
    """One way in which what was seen may have been chance: for each circle of shops, how much
    quicker it may really confirm and reject."""

    rng: Random
    drawn: dict[tuple[str, object], tuple[float, float]] = field(default_factory=dict)

    def of(self, circle: str, key: object) -> tuple[float, float]:
        """Two normal deviates of a circle, the same whenever they are asked for."""
        found = self.drawn.get((circle, key))
        if found is None:
            found = (self.rng.gauss(0, 1), self.rng.gauss(0, 1))
            self.drawn[circle, key] = found
        return found


class Family:
    """The curves of all shops: each its own, as far as there is enough to tell it by."""

    def __init__(self, ends: Mapping[int, Ends], sections: Mapping[int, str]) -> None:
        self._ends = ends
        self._sections = sections
        within: dict[str, list[Ends]] = {}
        for shop, one in ends.items():
            within.setdefault(sections.get(shop, ""), []).append(one)
        self._of_section = {name: together(some) for name, some in within.items()}
        self._of_all = together(self._of_section.values())
        self._hazard_of_all = hazard_of(self._of_all, strength=0.0)
        self._hazards = {
            name: hazard_of(one, self._hazard_of_all) for name, one in self._of_section.items()
        }

    def purchases(self, shop: int) -> float:
        """How many of the shop's own its curve rests on."""
        return self._ends.get(shop, NOTHING).purchases

    def hazard(self, shop: int) -> Hazard:
        """The likeliest hazards of a shop; of one not known, those of all."""
        wider = self._hazards.get(self._sections.get(shop, ""), self._hazard_of_all)
        own = self._ends.get(shop)
        return wider if own is None else hazard_of(own, wider)

    def curve(self, shop: int, luck: Luck | None = None) -> Curve:
        """The likeliest curve of a shop; with luck, one that may as well be the true one."""
        hazard = self.hazard(shop)
        return curve_of(hazard) if luck is None else curve_of(hazard, self._pace(shop, luck))

    def _pace(self, shop: int, luck: Luck) -> tuple[float, float]:
        section = self._sections.get(shop, "")
        circles = (
            (self._of_all, luck.of("all", None)),
            (self._of_section.get(section, NOTHING), luck.of("section", section)),
            (self._ends.get(shop, NOTHING), luck.of("shop", shop)),
        )
        apart = luck.of("apart", shop)
        paces = []
        for which in (0, 1):
            moved, own = 0.0, 0.0
            for seen, deviates in circles:
                count = sum(seen.confirmed if which == 0 else seen.rejected)
                own = seen.purchases / (seen.purchases + STRENGTH)
                moved = (1 - own) * moved + own * deviates[which] / sqrt(count + 1)
            paces.append(exp(moved + (1 - own) * UNLIKE_OTHERS * apart[which]))
        return paces[0], paces[1]
