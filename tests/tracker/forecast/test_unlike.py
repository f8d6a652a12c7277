"""The alarm for a shop that rejects unlike itself: how seldom it errs, how soon it sees."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from tracker.forecast.curves import OLDEST, Ending, Family, ends_of
from tracker.forecast.unlike import WATCHED, Left, bar, granted, watch

NO = 0.01
"""The chance of a no on each day until the hold ends on the fourteenth."""
HOLD = 14
CHANCES = (NO,) * OLDEST


def shop(rng: Random, a_day: int, since: int | None = None, factor: float = 1.0) -> Iterator[Left]:
    """A shop with so many orders a day, whose noes come more often ``since`` so many days ago."""
    left: Counter[tuple[int, int, Ending]] = Counter()
    for ordered in range(WATCHED + HOLD):
        for _ in range(a_day):
            left[_end(rng, ordered, since, factor)] += 1
    for (ago, age, ending), count in left.items():
        if ago < WATCHED:
            yield Left(ago, age, ending, count)


def _end(rng: Random, ordered: int, since: int | None, factor: float) -> tuple[int, int, Ending]:
    for age in range(HOLD):
        ago = ordered - age
        if ago < 0:
            return 0, age, Ending.WAITING
        chance = NO * factor if since is not None and ago < since else NO
        if rng.random() < chance:
            return ago, age, Ending.REJECTED
    return ordered - HOLD, HOLD, Ending.HELD


def test_shops_that_are_as_they_were_are_left_alone() -> None:
    """One false alarm in 1,000 days of a shop at most: 200 times 56 days bring eleven at most, in
    the mean."""
    alarms = [watch(shop(Random(seed), 20), CHANCES, 1_000).since for seed in range(200)]
    assert sum(since is not None for since in alarms) <= 11


@pytest.mark.parametrize("purchases", [40, 400, 4_000])
def test_chances_that_are_an_estimate_raise_no_more_alarms(purchases: int) -> None:
    """The same, where the chances are told by so many purchases of the shop's own past."""
    alarms = 0
    for seed in range(100):
        rng = Random(f"{purchases} {seed}")
        past: Counter[tuple[int, Ending]] = Counter()
        for _ in range(purchases):
            _, age, ending = _end(rng, 1_000, None, 1.0)
            past[age, ending] += 1
        ends = ends_of(past)
        chances = granted(Family({1: ends}, {}).hazard(1).rejected, ends)
        alarms += watch(shop(rng, 10), chances, 1_000).since is not None
    assert alarms <= 6


@pytest.mark.parametrize(("factor", "within"), [(2.0, 14), (4.0, 5)])
def test_a_shop_that_turns_is_seen_within_days(factor: float, within: int) -> None:
    alarm = bar(660, 4)
    seen = 0
    for seed in range(20):
        told = watch(shop(Random(seed), 40, since=within, factor=factor), CHANCES, alarm)
        seen += told.since is not None
    assert seen >= 18


def test_what_was_seen_and_expected_is_told() -> None:
    told = watch(shop(Random(1), 30), CHANCES, 1_000)
    assert told.expected == pytest.approx(told.rejected, rel=0.15)
    assert told.since is None


def test_the_bar_is_days_of_all_shops_by_alarms_allowed() -> None:
    assert bar(660, 4) == 660 * 365 / 4
    assert bar(0, 4) == 1


def test_a_shop_without_purchases_or_without_a_past_is_quiet() -> None:
    assert watch([], CHANCES, 1_000).since is None
    assert watch(shop(Random(1), 5), (0.0,) * OLDEST, 1e9).odds > 1
