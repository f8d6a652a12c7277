"""Curves of pending cashback, against counts done by hand and against a truth that is known."""

from random import Random

import pytest

from tracker.forecast.curves import (
    NOTHING,
    OLDEST,
    Curve,
    Ending,
    Ends,
    Family,
    Luck,
    curve_of,
    ends_of,
    hazard_of,
    together,
)


def family(*shops: Ends, sections: dict[int, str] | None = None) -> Family:
    return Family(dict(enumerate(shops, 1)), sections or {})


def alone(ends: Ends) -> Curve:
    return curve_of(hazard_of(ends, strength=0.0))


def test_exposure_and_ends_by_hand() -> None:
    ends = ends_of(
        {
            (2, Ending.CONFIRMED): 4,
            (2, Ending.REJECTED): 2,
            (1, Ending.WAITING): 2,
            (3, Ending.HELD): 4,
        }
    )
    assert ends.exposed[:5] == (12, 11, 10, 0, 0)
    assert (ends.confirmed[2], ends.rejected[2]) == (4, 2)
    assert ends.purchases == 12


def test_two_ends_that_compete_make_the_whole() -> None:
    curve = alone(ends_of({(0, Ending.CONFIRMED): 5, (1, Ending.REJECTED): 2, (9, Ending.HELD): 3}))
    assert curve.confirmed_by(1) == pytest.approx(0.5)
    assert curve.confirmed_by(0.5) == pytest.approx(0.25)
    assert curve.left_at(2) == pytest.approx(0.3)
    assert curve.left_at(1.5) == pytest.approx(0.4)
    assert curve.confirmed_by(10_000) == curve.confirmed_by(OLDEST)


def test_what_is_censored_does_not_bend_the_curve() -> None:
    """Half of the purchases are held from day 10: those after it are told by the others."""
    rng = Random(5)
    exits: dict[tuple[int, Ending], float] = {}
    for number in range(20_000):
        age, hold = rng.expovariate(1 / 12), 10 if number % 2 else 40
        ending = Ending.HELD if age >= hold else Ending.CONFIRMED
        key = (int(min(age, hold)), ending)
        exits[key] = exits.get(key, 0) + 1
    curve = alone(ends_of(exits))
    for age, truth in ((5, 0.3408), (10, 0.5654), (20, 0.8111), (30, 0.9179)):
        assert curve.confirmed_by(age) == pytest.approx(truth, abs=0.01)


def test_few_of_a_shops_own_are_drawn_towards_its_section_and_many_are_not() -> None:
    quick = ends_of({(3, Ending.CONFIRMED): 900, (20, Ending.HELD): 100})
    slow = ends_of({(15, Ending.CONFIRMED): 2})
    known = family(quick, slow, sections={1: "travel", 2: "travel"})
    assert known.curve(2).confirmed_by(5) > 0.5
    assert known.curve(1).confirmed_by(5) == pytest.approx(0.9, abs=0.01)
    assert known.curve(3).confirmed_by(5) == pytest.approx(0.9, abs=0.03)


def test_where_nothing_was_ever_seen_nothing_is_said() -> None:
    curve = Family({}, {}).curve(1)
    assert (curve.confirmed_by(90), curve.left_at(90)) == (0.0, 1.0)
    assert together([]) == NOTHING


def test_luck_is_the_less_the_more_was_seen_and_the_same_for_the_same_seed() -> None:
    def spread(times: int) -> float:
        some = family(ends_of({(4, Ending.CONFIRMED): 6 * times, (9, Ending.HELD): 4 * times}))
        drawn = [some.curve(1, Luck(Random(seed))).confirmed_by(9) for seed in range(50)]
        return max(drawn) - min(drawn)

    assert spread(1) > 3 * spread(100) > 0
    assert spread(1) == spread(1)


def test_chances_stay_chances_however_quick_a_shop_is_taken_to_be() -> None:
    hazard = hazard_of(ends_of({(0, Ending.CONFIRMED): 9, (0, Ending.REJECTED): 1}), strength=0.0)
    curve = curve_of(hazard, (3.0, 9.0))
    assert curve.left_at(1) == pytest.approx(0.0)
    assert curve.confirmed[-1] + curve.rejected[-1] == pytest.approx(1.0)
