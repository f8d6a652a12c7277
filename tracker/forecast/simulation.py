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

    bought: list[tuple[int, ...]]
    everything: list[tuple[int, ...]]


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
    return game.costs()


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
        self._tables: dict[tuple[int, float, bool | None], list[list[float]]] = {}
        # Of an order at noon of each day to come: how many half days are left until each 1st.
        self._halves = [
            tuple(max(0, round(2 * (first - day - 0.5))) for first in payday.firsts)
            for day in range(int(payday.firsts[-1]) + int(WEEK) + 1)
        ]
        self._bought = self._nothing()
        self._everything = self._nothing()

    def _nothing(self) -> list[list[int]]:
        """Sums for each of the 1sts and play-throughs."""
        return [[0] * self._count for _ in range(3)]

    def costs(self) -> Costs:
        """What all members taken so far are paid."""
        bought, everything = (
            list(zip(*one, strict=True)) for one in (self._bought, self._everything)
        )
        return Costs(bought, everything)

    def take(self, member: Member) -> None:
        """Add what a member is paid."""
        known = self._nothing()
        for one in member.waiting:
            self._end(one, known)
        self._pay(member, known, self._bought)
        if not member.bought and not member.stirred:
            self._pay(member, known, self._everything)
            return
        for bought in member.bought:
            self._buy_again(bought, known)
        for stirred in member.stirred:
            self._stir_again(stirred, known)
        self._pay(member, known, self._everything)

    def _end(self, one: Waiting, gained: list[list[int]]) -> None:
        draw = self._rng.random
        for which, chances in enumerate(self._chances):
            first, second, third = _chances_within(one, chances, self._payday.firsts)
            for play in range(which, self._count, len(self._chances)):
                met = draw()
                if met < third:
                    gained[0 if met < first else 1 if met < second else 2][play] += one.amount

    def _buy_again(self, one: Bought, gained: list[list[int]]) -> None:
        draw, tables = self._rng.random, self._tables_of(one)
        for play, week, grown in self._coming[one.week]:
            table = tables[play % len(tables)]
            first, second, third = self._halves[int(week * WEEK + one.into)]
            met = draw()
            if met < table[third]:
                amount = one.amount if grown == 1.0 else round(one.amount * grown)
                which = 0 if met < table[first] else 1 if met < table[second] else 2
                gained[which][play] += amount

    def _stir_again(self, one: Stirred, gained: list[list[int]]) -> None:
        for play, week, grown in self._coming[one.week]:
            day = week * WEEK + one.into
            for then, first in zip(gained, self._payday.firsts, strict=True):
                if day < first:
                    then[play] += one.amount if grown == 1.0 else round(one.amount * grown)
                    break

    def _tables_of(self, one: Bought) -> list[list[float]]:
        """Of an order in this shop with this hold: by each of the chances, how likely it is to be
        confirmed within 0, 0.5, 1, ... days."""
        key = (one.shop, one.hold, one.silence)
        found = self._tables.get(key)
        if found is None:
            last = max(max(halves) for halves in self._halves)
            new = Waiting(one.shop, 0, 0.0, one.hold, one.silence)
            found = [
                [0.0, *_chances_within(new, chances, [half / 2 for half in range(1, last + 1)])]
                for chances in self._chances
            ]
            self._tables[key] = found
        return found

    def _pay(self, member: Member, gained: list[list[int]], costs: list[list[int]]) -> None:
        minimum, cap, saving = self._payday.minimum, self._payday.cap, member.saving
        for play, gains in enumerate(zip(*gained, strict=True)):
            worth = member.worth
            for gain, cost in zip(gains, costs, strict=True):
                worth += gain
                due = worth - saving
                if due >= minimum:
                    paid = due if due < cap else cap
                    cost[play] += paid
                    worth -= paid


def _chances_within(one: Waiting, chances: Chances, days: Iterable[float]) -> list[float]:
    """How likely it is that what waits is confirmed within each of so many days."""
    curve = chances.word(one.shop)
    age = one.age
    left = curve.left_at(min(age, one.hold))
    before = curve.confirmed_by(min(age, one.hold))
    speaks = age < one.hold and left > _HARDLY
    silent = curve.left_at(one.hold) / left if speaks else 1.0

    def chance(then: float) -> float:
        said = (curve.confirmed_by(min(then, one.hold)) - before) / left if speaks else 0.0
        if then < one.hold:
            return said
        return said + silent * _silence(one, chances.staff, age, then)

    return [chance(age + some) for some in days]


def _silence(one: Waiting, staff: Curve, age: float, then: float) -> float:
    """The chance of a confirmation after the end of the hold, the shop not having said a word."""
    if one.silence is not None:
        return 1.0 if one.silence else 0.0
    since = max(0.0, age - one.hold)
    left = staff.left_at(since)
    return (staff.confirmed_by(then - one.hold) - staff.confirmed_by(since)) / max(left, _HARDLY)


_HARDLY = 1e-9
