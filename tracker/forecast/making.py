"""One look ahead, from the books to the figures. Long work, done with no transaction open."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby
from operator import itemgetter
from random import Random

from sqlalchemy import Engine

from tracker.forecast.curves import Curve, Family, Luck
from tracker.forecast.futures import WEEK, futures
from tracker.forecast.inputs import Seen, lately, seen
from tracker.forecast.people import MOST_LINES, People, people
from tracker.forecast.ports import Sections
from tracker.forecast.quantiles import quantile, scaled
from tracker.forecast.rules import (
    ALL_FIRSTS,
    MILLION,
    Scope,
    days_until,
    next_firsts,
    period_of,
)
from tracker.forecast.simulation import Chances, Costs, Payday, play
from tracker.forecast.unlike import WATCHED, Left, bar, granted, watch
from tracker.kit.clock import moscow_date
from tracker.kit.database import snapshot
from tracker.kit.money import MAX_KOPECKS

PLAYS = 400
"""How often the coming months are played through."""

ALIKE = 5
"""Of a sample of members: play-throughs that share all but the members' own chances."""

DRAWS = 10
"""Ways in which the curves may truly be."""

KNOWN_BY = 30
"""Purchases of its own past by which a shop can be said to be unlike itself."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class House:
    """What a forecast needs of the programme: sums in kopecks, alarms allowed in a year."""

    minimum: int
    cap: int | None
    false_alarms: int
    sections: Sections


@dataclass(frozen=True, slots=True)
class Cost:
    """What a 1st, or all three, may cost: kopecks."""

    scope: Scope
    period: str
    p10: int
    p50: int
    p90: int


@dataclass(frozen=True, slots=True)
class CurveTold:
    """A shop's curves in millionths by age, as they are kept."""

    shop_id: int
    purchases: int
    confirmed: list[int]
    rejected: list[int]
    money_confirmed: list[int]
    money_rejected: list[int]


@dataclass(frozen=True, slots=True)
class WatchTold:
    """How a shop stands against its own past."""

    shop_id: int
    rejected: int
    expected_thousandths: int
    odds: int
    bar: int
    since: date | None


@dataclass(frozen=True, slots=True)
class Made:
    """A forecast."""

    purchases: int
    members: int
    one_in: int
    costs: Sequence[Cost]
    curves: Sequence[CurveTold]
    watches: Sequence[WatchTold]


def make(
    engine: Engine, house: House, as_of: datetime, seed: int, *, most_lines: int = MOST_LINES
) -> Made:
    """Read the books as of a moment and look ahead. The same books and seed say the same."""
    with snapshot(engine) as session:
        sections = house.sections(session)
        now = seen(session, as_of)
        crowd = people(session, as_of, most_lines)
        watches = _watches(
            seen(session, as_of - WATCHED * _DAY),
            groupby(lately(session, as_of), key=itemgetter(0)),
            sections,
            house.false_alarms,
            moscow_date(as_of),
        )
    rng = Random(seed)  # noqa: S311 - it plays, and guards nothing
    chances = _chances(now, sections, rng)
    return Made(
        now.purchases,
        len(crowd.members),
        crowd.one_in,
        _costs(crowd, chances, house, as_of, rng),
        list(_curves(now, sections)),
        watches,
    )


def _chances(now: Seen, sections: Mapping[int, str], rng: Random) -> list[Chances]:
    """Ways in which shops may truly be, by what was seen of kopecks; staff are as they were."""
    word, staff = Family(now.money, sections), Family({0: now.staff}, {}).curve(0)
    return [Chances(_lucky(word, Luck(rng)), staff) for _ in range(DRAWS)]


def _costs(
    crowd: People, chances: Sequence[Chances], house: House, as_of: datetime, rng: Random
) -> list[Cost]:
    firsts = next_firsts(as_of)
    until = tuple(days_until(as_of, first) / _DAY for first in firsts)
    cap = MAX_KOPECKS if house.cap is None else house.cap
    payday = Payday(house.minimum, cap, (until[0], until[1], until[2]))
    alike = 1 if crowd.one_in == 1 else ALIKE
    ahead = int(until[2] // WEEK) + 1 if crowd.weeks else 0
    ways = [way for way in futures(crowd.totals, ahead, PLAYS // alike, rng) for _ in range(alike)]
    costs = play(crowd.members, payday, chances, ways, rng, weeks=crowd.weeks)
    return [cost for scope in Scope for cost in _quantiles(scope, costs, firsts, crowd, alike)]


def _lucky(word: Family, luck: Luck) -> Callable[[int], Curve]:
    @cache
    def curve(shop: int) -> Curve:
        return word.curve(shop, luck)

    return curve


def _quantiles(
    scope: Scope, costs: Costs, firsts: Sequence[date], crowd: People, alike: int
) -> Iterable[Cost]:
    plays = costs.bought if scope is Scope.BOUGHT else costs.everything
    whole = [(*one, sum(one)) for one in plays]
    columns = zip(*scaled(whole, crowd.one_in, alike), strict=True)
    periods = [*map(period_of, firsts), ALL_FIRSTS]
    for period, column in zip(periods, columns, strict=True):
        low, middle, high = (max(0, quantile(column, percent)) for percent in (10, 50, 90))
        yield Cost(scope, period, low, middle, high)


def _curves(now: Seen, sections: Mapping[int, str]) -> Iterable[CurveTold]:
    """Of every shop, also those of which nothing is known; and, as shop 0, of all together."""
    counted, weighed = Family(now.word, sections), Family(now.money, sections)
    for shop in (0, *sorted({*sections, *now.word})):
        one, money = counted.curve(shop), weighed.curve(shop)
        own = now.purchases if shop == 0 else counted.purchases(shop)
        yield CurveTold(
            shop,
            round(own),
            _millionths(one.confirmed),
            _millionths(one.rejected),
            _millionths(money.confirmed),
            _millionths(money.rejected),
        )


def _millionths(chances: Iterable[float]) -> list[int]:
    return [int(chance * MILLION) for chance in chances]


def _watches(
    past: Seen,
    by_shop: Iterable[tuple[int, Iterable[tuple[int, Left]]]],
    sections: Mapping[int, str],
    false_alarms: int,
    today: date,
) -> list[WatchTold]:
    family = Family(past.word, sections)
    known = {shop: ends for shop, ends in past.word.items() if ends.purchases >= KNOWN_BY}
    alarm = bar(len(known), false_alarms)
    told = []
    for shop, left in by_shop:
        if shop in known:
            chances = granted(family.hazard(shop).rejected, known[shop])
            one = watch((each for _, each in left), chances, alarm)
            since = None if one.since is None else today - one.since * _DAY
            odds = int(min(one.odds, MAX_KOPECKS))
            expected = round(one.expected * 1000)
            told.append(WatchTold(shop, one.rejected, expected, odds, int(alarm), since))
    return told
