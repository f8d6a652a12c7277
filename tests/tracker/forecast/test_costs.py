"""What the 1sts will cost: by hand where it is certain, and against generated truth."""

from random import Random

import pytest

from tests.forecast_sweep.sweep import cases, summaries
from tracker.forecast.curves import Ending, Family, ends_of
from tracker.forecast.futures import Future, futures
from tracker.forecast.quantiles import quantile, scaled
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

SILENT = Family({1: ends_of({(30, Ending.HELD): 100})}, {})
"""A shop that never says a word before the hold is over."""
STAFF = Family({0: ends_of({(2, Ending.CONFIRMED): 10})}, {}).curve(0)
PAYDAY = Payday(minimum=100, cap=10**14, firsts=(10.0, 40.0, 71.0))


def played(member: Member, *ways: Future, payday: Payday = PAYDAY) -> Costs:
    chances = [Chances(SILENT.curve, STAFF)]
    return play([member], payday, chances, ways or [Future((), ())], Random(1), weeks=4)


def certain(member: Member, payday: Payday = PAYDAY) -> tuple[int, ...]:
    (costs,) = set(played(member, payday=payday).bought)
    return costs


def waiting(amount: int, age: float, silence: bool | None = True) -> Waiting:
    return Waiting(1, amount, age, 30.0, silence)


def test_what_is_there_is_paid_and_what_a_hold_ends_follows() -> None:
    member = Member(5_000, 0, [waiting(700, 25), waiting(40, 20), waiting(11_000, 1)])
    assert certain(member) == (5_740, 11_000, 0)


def test_silence_means_what_was_promised_at_the_click() -> None:
    assert certain(Member(0, 0, [waiting(700, 25, silence=False)])) == (0, 0, 0)
    assert certain(Member(0, 0, [waiting(700, 25, silence=None)])) == (700, 0, 0)
    assert certain(Member(0, 0, [waiting(700, 31, silence=None)])) == (700, 0, 0)


def test_minimum_cap_goals_and_debts() -> None:
    assert certain(Member(99, 0, [waiting(1, 1)])) == (0, 100, 0)
    capped = Payday(100, 1_500, PAYDAY.firsts)
    assert certain(Member(2_000, 0, [waiting(1_000, 1)]), capped) == (1_500, 1_500, 0)
    assert certain(Member(2_000, 2_500, [waiting(1_000, 1)])) == (0, 500, 0)
    assert certain(Member(-300, 0, [waiting(1_000, 1)])) == (0, 700, 0)


def test_what_will_be_bought_is_a_week_of_the_past_again() -> None:
    """The last week comes again first: bought on its third day, confirmed thirty days later."""
    member = Member(0, 0, bought=[Bought(1, 800, 0, 2.5, 30.0, silence=True)])
    told = played(member, Future((0, 1), (1.0, 1.0)), Future((1, 0), (1.0, 2.0)))
    assert told.bought == [(0, 0, 0)] * 2
    assert told.everything == [(0, 800, 0), (0, 1_600, 0)]


def test_what_was_taken_back_or_spent_comes_again_as_well() -> None:
    member = Member(1_000, 0, stirred=[Stirred(-400, 1, 3.0)])
    told = played(member, Future((1,), (1.0,)), Future((0,), (1.0,)))
    assert told.everything == [(600, 0, 0), (1_000, 0, 0)]


def test_growth_counts_when_it_stands_out() -> None:
    steady = [1_000 + 30 * (week % 3) for week in range(26)]
    growing = [round(steady[week] * 1.03**-week) for week in range(26)]
    hidden = [way.grown[0] for way in futures(steady, 5, 200, Random(1))]
    assert sum(hidden) / len(hidden) == pytest.approx(1, abs=0.005)
    assert {one.grown for one in futures(steady[:7], 5, 20, Random(1))} == {(1.0,) * 5}
    grown = [way.grown[0] for way in futures(growing, 5, 200, Random(1)) if way.like[0] == 0]
    assert sum(grown) / len(grown) == pytest.approx(1.03, abs=0.005)


def test_quantiles_are_whole_kopecks_of_the_sorted() -> None:
    assert [quantile([30, 10, 20, 40, 50], percent) for percent in (0, 10, 50, 90)] == [
        10,
        14,
        30,
        46,
    ]
    assert quantile([7], 90) == 7


def test_a_sample_of_members_stands_for_all_and_their_own_chances_even_out() -> None:
    rng = Random(3)
    groups = [rng.gauss(1_000, 100) for _ in range(400)]
    sample = [(round(group + rng.gauss(0, 50)),) for group in groups for _ in range(5)]
    told = [one for (one,) in scaled(sample, 100, 5)]
    mean = sum(told) / len(told)
    spread = (sum((one - mean) ** 2 for one in told) / len(told)) ** 0.5
    assert mean == pytest.approx(100_000, rel=0.01)
    assert spread == pytest.approx(100 * 100, rel=0.1)
    assert scaled([(1, 2)], 1, 1) == [(1, 2)]


def test_the_truth_of_generated_worlds_is_where_it_is_said_to_be() -> None:
    """A short look at what `make forecast-sweep` measures: see docs/finance/forecast.md."""
    found = summaries([case for seed in range(8) for case in cases(seed, people=150)])
    for name in ("first", "second", "third", "all"):
        told = found[f"everything {name}"]
        assert abs(told.bias) <= told.off < 0.05, name
        assert 0.65 < told.covered < 0.95, name
