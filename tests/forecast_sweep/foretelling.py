"""A generated world as the forecast would see it, and the forecast of it."""

from functools import cache
from random import Random

from tests.forecast_sweep.worlds import HISTORY, Purchase, World
from tracker.forecast.curves import Ending, Ends, Family, Luck, ends_of
from tracker.forecast.futures import futures
from tracker.forecast.simulation import (
    Bought,
    Chances,
    Costs,
    Member,
    Payday,
    Stirred,
    Waiting,
    play,
)

WEEKS = 26


def forecast(world: World, rng: Random, plays: int = 200, draws: int = 10) -> Costs:
    """What is told of a world, of which only the past is known."""
    word, staff = families(world)
    chances = []
    for _ in range(draws):
        luck = Luck(rng)
        chances.append(
            Chances(cache(lambda shop, luck=luck: word.curve(shop, luck)), staff.curve(0))
        )
    totals = [0] * WEEKS
    for one in world.purchases:
        if -one.at <= WEEKS * 7:
            totals[_week(one.at)] += one.amount
    ahead = int(world.firsts[2] // 7) + 1
    ways = futures(totals, ahead, plays, rng)
    payday = Payday(world.minimum, world.cap, world.firsts)
    return play(_members(world), payday, chances, ways, rng, weeks=WEEKS)


def _week(at: float) -> int:
    return int(-at // 7) if -at % 7 else int(-at // 7) - 1


def _members(world: World) -> list[Member]:
    own: dict[int, list[Purchase]] = {}
    for one in world.purchases:
        own.setdefault(one.member, []).append(one)
    found = []
    for person in world.people:
        if not person.is_paid:
            continue
        purchases = own.get(person.id, [])
        recent = [one for one in purchases if one.at > -WEEKS * 7]
        found.append(
            Member(
                world.worth(person),
                person.saving,
                [
                    Waiting(one.shop.id, one.amount, -one.at, one.shop.hold, one.shop.silence)
                    for one in purchases
                    if world.known_as_of_today(one) is None
                ],
                [
                    Bought(
                        one.shop.id,
                        one.amount,
                        _week(one.at),
                        one.at + 7 * (_week(one.at) + 1),
                        one.shop.hold,
                        one.shop.silence,
                    )
                    for one in recent
                ],
                [
                    Stirred(amount, _week(at), at + 7 * (_week(at) + 1))
                    for one in purchases
                    for at, amount in one.moves()
                    if amount < 0 and -WEEKS * 7 < at <= 0
                ],
            )
        )
    return found


def families(world: World) -> tuple[Family, Family]:
    word: dict[int, dict[tuple[int, Ending], list[int]]] = {}
    staff: dict[tuple[int, Ending], float] = {}
    for one in world.purchases:
        if one.at < -HISTORY * 7:
            continue
        age, ending = -one.at, Ending.WAITING
        if one.word[0] < min(age, one.shop.hold):
            age, ending = one.word[0], Ending.CONFIRMED if one.word[1] else Ending.REJECTED
        elif age >= one.shop.hold:
            if one.shop.silence is None:
                since = min(age - one.shop.hold, one.decided[0])
                said = Ending.CONFIRMED if one.decided[1] else Ending.REJECTED
                key = (int(since), said if one.decided[0] <= since else Ending.WAITING)
                staff[key] = staff.get(key, 0) + 1
            age, ending = one.shop.hold, Ending.HELD
        word.setdefault(one.shop.id, {}).setdefault((int(age), ending), []).append(one.amount)
    ends = {shop: _weighed(exits) for shop, exits in word.items()}
    sections = {shop.id: shop.section for shop in world.shops}
    return Family(ends, sections), Family({0: ends_of(staff)}, {})


def _weighed(exits: dict[tuple[int, Ending], list[int]]) -> Ends:
    amounts = [amount for some in exits.values() for amount in some]
    unit = sum(amount**2 for amount in amounts) / sum(amounts)
    return ends_of({key: sum(some) / unit for key, some in exits.items()})
