"""Shops and members made up from a seed: what was bought until today, and any number of ways in
which it truly goes on from there. Nothing here knows how the forecast works."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import exp, inf, log
from random import Random

HISTORY = 35
"""Weeks until today."""
AHEAD = 14
MONTH = 30.4
NEVER = inf


@dataclass(frozen=True)
class Shop:
    """How a shop truly behaves; times are days, chances of 1."""

    id: int
    section: str
    hold: float
    silence: bool | None
    says: float
    """The chance that it ever confirms by itself."""
    after: tuple[float, float]
    """When: shape and mean of a gamma distribution."""
    returned: float
    back: tuple[float, float]

    def word(self, rng: Random) -> tuple[float, bool]:
        """The age at which its word comes, if the hold lets it, and whether it is a yes."""
        yes = _gamma(rng, self.after) if rng.random() < self.says else NEVER
        no = _gamma(rng, self.back) if rng.random() < self.returned else NEVER
        return (no, False) if no < yes else (yes, True)


@dataclass(frozen=True)
class Purchase:
    """One that was made; moments are days, today is 0."""

    shop: Shop
    member: int
    at: float
    amount: int
    word: tuple[float, bool]
    decided: tuple[float, bool]
    """Staff's word, if it waits for them: days after the hold, and whether it is a yes."""
    taken_back: float
    """Days after the confirmation; mostly never."""

    @property
    def ends(self) -> tuple[float, bool]:
        """The age at which it is confirmed or rejected."""
        if self.word[0] < self.shop.hold:
            return self.word
        if self.shop.silence is not None:
            return self.shop.hold, self.shop.silence
        return self.shop.hold + self.decided[0], self.decided[1]

    def moves(self) -> Iterator[tuple[float, int]]:
        """When it changes what is available, by how much."""
        age, confirmed = self.ends
        if confirmed:
            yield self.at + age, self.amount
            if self.taken_back < NEVER:
                yield self.at + age + self.taken_back, -self.amount


@dataclass(frozen=True)
class Person:
    """A member: how much they buy in a week, and what they save."""

    id: int
    activity: float
    saving: int
    is_paid: bool


@dataclass
class World:
    """Everything until today."""

    rng: Random
    shops: list[Shop]
    people: list[Person]
    cap: int
    minimum: int
    firsts: tuple[float, float, float]
    ups: float
    """How far one week may be from the next, as a logarithm."""
    growth: float
    purchases: list[Purchase] = field(default_factory=list)

    def week(self, rng: Random, week: int) -> Iterator[Purchase]:
        """What is bought in a week; that of today is 0, the last one -1."""
        level = exp(rng.gauss(0, self.ups) + self.growth * week)
        for person in self.people:
            for _ in range(_poisson(rng, person.activity * level)):
                day = rng.choices(range(7), (10, 10, 10, 10, 14, 20, 16))[0] + rng.random()
                yield self._buy(rng, person, week * 7 + day)

    def _buy(self, rng: Random, person: Person, at: float) -> Purchase:
        shop = rng.choices(self.shops, [1 / (1 + one.id) for one in self.shops])[0]
        amount = round(rng.lognormvariate(log(9_000), 0.9))
        return Purchase(shop, person.id, at, amount, shop.word(rng), *_later(rng))

    def known_as_of_today(self, one: Purchase) -> tuple[float, bool] | None:
        """How a purchase has ended, if it has."""
        age, confirmed = one.ends
        return (age, confirmed) if one.at + age <= 0 else None

    def go_on(self, rng: Random, *, buying: bool) -> tuple[int, int, int]:
        """What the next three 1sts cost in one of the ways in which it may truly go on.

        Without ``buying``: nothing is bought, and nothing taken back, from today.
        """
        moves: dict[int, list[tuple[float, int]]] = {}
        for one in self.purchases:
            later = self.anew(rng, one)
            for at, amount in later.moves():
                if at <= 0 or buying or amount > 0:
                    moves.setdefault(one.member, []).append((at, amount))
        if buying:
            for week in range(AHEAD):
                for one in self.week(rng, week):
                    moves.setdefault(one.member, []).extend(one.moves())
        costs = [0, 0, 0]
        for person in self.people:
            for which, paid in enumerate(self._paid(person, moves.get(person.id, []))[0]):
                costs[which] += paid
        return costs[0], costs[1], costs[2]

    def anew(self, rng: Random, one: Purchase) -> Purchase:
        """A purchase with what is open of it drawn again, given what is known."""
        known = self.known_as_of_today(one)
        if known is not None:
            age, confirmed = known
            back = one.taken_back
            if confirmed and one.at + age + back > 0:
                back = _later(rng)[1]
                while one.at + age + back <= 0:
                    back = _later(rng)[1]
            return Purchase(one.shop, one.member, one.at, one.amount, one.word, one.decided, back)
        while True:
            decided, back = _later(rng)
            again = Purchase(
                one.shop, one.member, one.at, one.amount, one.shop.word(rng), decided, back
            )
            if again.at + again.ends[0] > 0:
                return again

    def _paid(
        self, person: Person, moves: Sequence[tuple[float, int]]
    ) -> tuple[tuple[int, int, int], int]:
        """What each of the next 1sts pays, and what there was today."""
        if not person.is_paid:
            return (0, 0, 0), 0
        days = [
            self.firsts[0] - MONTH * back for back in range(int(HISTORY * 7 / MONTH) + 1, 0, -1)
        ]
        paid, worth, today, rest = [0, 0, 0], 0, 0, sorted(moves)
        for day in [*days, 0.0, *self.firsts]:
            while rest and rest[0][0] <= day:
                worth += rest.pop(0)[1]
            if day == 0.0:
                today = worth
                continue
            due = worth - person.saving
            if due >= self.minimum:
                sum_paid = min(due, self.cap)
                worth -= sum_paid
                if day in self.firsts:
                    paid[self.firsts.index(day)] = sum_paid
        return (paid[0], paid[1], paid[2]), today

    def worth(self, person: Person) -> int:
        """What a member has today."""
        moves = [
            move
            for one in self.purchases
            if one.member == person.id
            for move in one.moves()
            if move[0] <= 0
        ]
        return self._paid(person, moves)[1]


def make(seed: int, *, people: int = 250, shops: int = 12, growth: float = 0.0) -> World:
    """A world of a seed."""
    rng = Random(seed)
    some = [_shop(rng, number) for number in range(shops)]
    members = [
        Person(
            number,
            rng.gammavariate(1.5, 0.3),
            round(rng.lognormvariate(log(150_000), 0.5)) if rng.random() < 0.15 else 0,
            rng.random() > 0.1,
        )
        for number in range(people)
    ]
    day = rng.uniform(1, 30)
    world = World(
        rng,
        some,
        members,
        cap=rng.choice([150_000, 10**14]),
        minimum=100,
        firsts=(day, day + MONTH, day + 2 * MONTH),
        ups=rng.uniform(0.03, 0.12),
        growth=growth,
    )
    for week in range(-HISTORY, 0):
        world.purchases.extend(world.week(rng, week))
    return world


def _shop(rng: Random, number: int) -> Shop:
    silence = rng.choices([True, None, False], [85, 8, 7])[0]
    return Shop(
        number + 1,
        f"section {number % 3}",
        float(rng.choice([14, 30, 30, 45])),
        silence,
        rng.uniform(0.2, 0.9),
        (rng.uniform(2, 6), rng.uniform(5, 20)),
        rng.uniform(0.02, 0.25),
        (rng.uniform(1, 3), rng.uniform(4, 12)),
    )


def _later(rng: Random) -> tuple[tuple[float, bool], float]:
    decided = (_gamma(rng, (2.0, 5.0)), rng.random() < 0.8)
    return decided, rng.expovariate(1 / 20) if rng.random() < 0.02 else NEVER


def _gamma(rng: Random, shape_and_mean: tuple[float, float]) -> float:
    shape, mean = shape_and_mean
    return rng.gammavariate(shape, mean / shape)


def _poisson(rng: Random, mean: float) -> int:
    limit, count, product = exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
