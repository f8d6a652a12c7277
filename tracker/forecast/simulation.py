"""What the next 1sts may cost, played through many times. Pure; sums are kopecks, times days.

Each play-through is one way in which things may go: what is pending ends by the shops' curves, one
of the ways in which those may be; and what will be bought is weeks of the past, drawn anew, with
whoever bought then. A member's money goes where the month's list would send it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from tracker.forecast.curves import Curve
from tracker.forecast.futures import WEEK, Future


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cashback that is pending."""

    shop: int
    amount: int
    age: float
    hold: float
    """The age at which its hold is over."""
    silence: bool | None
    """What becomes of it then: confirmed, rejected, or (None) it waits for staff."""


@dataclass(frozen=True, slots=True)
class Bought:
    """Cashback of a purchase of the past, as it was promised."""

    shop: int
    amount: int
    week: int
    """How many whole weeks ago; 0: in the last seven days."""
    into: float
    """Days from the beginning of that week to the order."""
    hold: float
    silence: bool | None


@dataclass(frozen=True, slots=True)
class Stirred:
    """What else changed a member's available money: taken back, spent on a certificate, given."""

    amount: int
    week: int
    into: float


@dataclass(frozen=True, slots=True)
class Member:
    """One whom the 1st may pay."""

    worth: int
    """Available and put aside together; below zero a debt."""
    saving: int
    """How much of it goals keep, once it is there."""
    waiting: Sequence[Waiting] = ()
    bought: Sequence[Bought] = ()
    stirred: Sequence[Stirred] = ()


@dataclass(frozen=True, slots=True)
class Payday:
    """How the month pays, and in how many days."""

    minimum: int
    cap: int
    firsts: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Chances:
    """How pending cashback of a shop ends, and how staff decide what waits for them."""

    word: Callable[[int], Curve]
    staff: Curve


@dataclass(frozen=True, slots=True)
class Costs:
    """For each play-through what each of the 1sts would cost: if nothing more were bought, and
    with all that may be."""

    bought: list[tuple[int, int, int]]
    everything: list[tuple[int, int, int]]


def play(
    members: Iterable[Member],
    payday: Payday,
    chances: Sequence[Chances],
    ways: Sequence[Future],
    rng: Random,
    *,
    weeks: int,
) -> Costs:
    """Play the coming months through once for each of ``ways``, each with one of the chances.

    ``weeks``: of how many past ones the members' purchases are told.
    """
    game = _Game(payday, chances, ways, rng, weeks)
    for member in members:
        game.take(member)
    return Costs(game.bought, game.everything)


Steps = tuple[float, float, float]
"""The chances that something has become available by each of the 1sts."""


class _Game:
    def __init__(
        self,
        payday: Payday,
        chances: Sequence[Chances],
        ways: Sequence[Future],
        rng: Random,
        weeks: int,
    ) -> None:
        self._payday = payday
        self._chances = chances
        self._rng = rng
        self._count = len(ways)
        self._coming: list[list[tuple[int, int, float]]] = [[] for _ in range(weeks)]
        for play, way in enumerate(ways):
            for week, (like, grown) in enumerate(zip(way.like, way.grown, strict=True)):
                self._coming[like].append((play, week, grown))
        self._steps: dict[tuple[int, int, float, bool | None, int], Steps] = {}
        self.bought = [(0, 0, 0)] * self._count
        self.everything = [(0, 0, 0)] * self._count

    def take(self, member: Member) -> None:
        """Add what a member is paid."""
        known = [[0] * self._count for _ in range(3)]
        for one in member.waiting:
            self._end(one, known)
        self._pay(member, known, self.bought)
        if not member.bought and not member.stirred:
            self._pay(member, known, self.everything)
            return
        for bought in member.bought:
            self._buy_again(bought, known)
        for stirred in member.stirred:
            self._stir_again(stirred, known)
        self._pay(member, known, self.everything)

    def _end(self, one: Waiting, gained: list[list[int]]) -> None:
        draw = self._rng.random
        for which, chances in enumerate(self._chances):
            first, second, third = _steps_of(one, chances, self._payday.firsts)
            for play in range(which, self._count, len(self._chances)):
                met = draw()
                if met < third:
                    gained[0 if met < first else 1 if met < second else 2][play] += one.amount

    def _buy_again(self, one: Bought, gained: list[list[int]]) -> None:
        draw = self._rng.random
        for play, week, grown in self._coming[one.week]:
            first, second, third = self._steps_after(one, play, week)
            met = draw()
            if met < third:
                amount = one.amount if grown == 1.0 else round(one.amount * grown)
                gained[0 if met < first else 1 if met < second else 2][play] += amount

    def _stir_again(self, one: Stirred, gained: list[list[int]]) -> None:
        for play, week, grown in self._coming[one.week]:
            day = week * WEEK + one.into
            for then, first in zip(gained, self._payday.firsts, strict=True):
                if day < first:
                    then[play] += one.amount if grown == 1.0 else round(one.amount * grown)
                    break

    def _steps_after(self, one: Bought, play: int, week: int) -> Steps:
        """Of what will be bought: orders of one day in one shop, with one hold, are alike."""
        which = play % len(self._chances)
        day = int(week * WEEK + one.into)
        key = (which, one.shop, one.hold, one.silence, day)
        found = self._steps.get(key)
        if found is None:
            new = Waiting(one.shop, 0, -(day + 0.5), one.hold, one.silence)
            found = _steps_of(new, self._chances[which], self._payday.firsts)
            self._steps[key] = found
        return found

    def _pay(
        self, member: Member, gained: list[list[int]], costs: list[tuple[int, int, int]]
    ) -> None:
        minimum, cap, saving = self._payday.minimum, self._payday.cap, member.saving
        for play, gains in enumerate(zip(*gained, strict=True)):
            worth, paid = member.worth, [0, 0, 0]
            for which, gain in enumerate(gains):
                worth += gain
                due = worth - saving if saving else worth
                if due >= minimum:
                    paid[which] = min(due, cap)
                    worth -= paid[which]
            so_far = costs[play]
            costs[play] = (so_far[0] + paid[0], so_far[1] + paid[1], so_far[2] + paid[2])


def _steps_of(one: Waiting, chances: Chances, firsts: Steps) -> Steps:
    """By each of the 1sts: the chance that it was confirmed. An age below nothing is that of a
    purchase which is still to come."""
    curve = chances.word(one.shop)
    age = max(one.age, 0.0)
    left = curve.left_at(min(age, one.hold))
    before = curve.confirmed_by(min(age, one.hold))

    def chance(days: float) -> float:
        then = one.age + days
        if then <= age:
            return 0.0
        if age < one.hold and left > _HARDLY:
            said = (curve.confirmed_by(min(then, one.hold)) - before) / left
            silent = curve.left_at(one.hold) / left
        else:
            said, silent = 0.0, 1.0
        if then < one.hold:
            return said
        return said + silent * _silence(one, chances.staff, age, then)

    return chance(firsts[0]), chance(firsts[1]), chance(firsts[2])


def _silence(one: Waiting, staff: Curve, age: float, then: float) -> float:
    """The chance of a confirmation after the end of the hold, the shop not having said a word."""
    if one.silence is not None:
        return 1.0 if one.silence else 0.0
    since = max(0.0, age - one.hold)
    left = staff.left_at(since)
    return (staff.confirmed_by(then - one.hold) - staff.confirmed_by(since)) / max(left, _HARDLY)


_HARDLY = 1e-9
