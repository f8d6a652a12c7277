"""By when members may expect what is pending: rather too late than too early."""

from datetime import date, timedelta
from random import Random

from tests.forecast_sweep.foretelling import families
from tests.forecast_sweep.worlds import make
from tests.world import day
from tracker.forecast.curves import OLDEST
from tracker.forecast.rules import MILLION, next_firsts, usually_by

QUICK = [0, *[MILLION * 9 // 10] * OLDEST]
"""Nine in ten are confirmed on their first day."""
NEVER = [0] * (OLDEST + 1)


def expected(confirmed: list[int], now: float, hold: int = 30) -> date:
    return usually_by(confirmed, NEVER, ordered_at=day(0), hold_ends_at=day(hold), now=day(now))


def test_it_is_the_day_by_which_four_in_five_were_confirmed() -> None:
    assert expected(QUICK, now=0) == day(1).date()
    slow = [min(MILLION, age * MILLION // 20) for age in range(OLDEST + 1)]
    assert expected(slow, now=0) == day(16).date()
    assert expected(slow, now=10) == day(18).date()


def test_it_is_never_after_the_hold_and_never_in_the_past() -> None:
    assert expected(NEVER, now=3) == day(30).date()
    assert expected(QUICK, now=3) == day(30).date()
    assert expected(QUICK, now=0.5) >= day(0.5).date()
    assert expected(QUICK, now=0, hold=0) == day(0).date()
    assert expected(NEVER, now=400, hold=90) == day(90).date()


def test_half_of_the_rest_may_have_to_wait_for_the_hold() -> None:
    half = [MILLION // 2 if age >= 2 else 0 for age in range(OLDEST + 1)]
    assert expected(half, now=0) == day(30).date()


def test_of_generated_purchases_four_in_five_keep_to_it() -> None:
    kept = told = 0
    for seed in range(4):
        world = make(seed, people=150)
        word, _ = families(world)
        rng = Random(seed)
        for one in world.purchases:
            if world.known_as_of_today(one) is None and one.shop.silence:
                curve = word.curve(one.shop.id)
                by = usually_by(
                    [int(chance * MILLION) for chance in curve.confirmed],
                    [int(chance * MILLION) for chance in curve.rejected],
                    ordered_at=day(300 + one.at),
                    hold_ends_at=day(300 + one.at + one.shop.hold),
                    now=day(300),
                )
                later = world.anew(rng, one)
                age, confirmed = later.ends
                if confirmed:
                    told += 1
                    kept += day(300 + one.at + age).date() <= by
    assert told > 400
    assert kept / told >= 0.8


def test_the_next_three_1sts_are_moscows() -> None:
    assert next_firsts(day(30.95)) == (date(2011, 1, 1), date(2011, 2, 1), date(2011, 3, 1))
    assert next_firsts(day(31)) == (date(2011, 2, 1), date(2011, 3, 1), date(2011, 4, 1))
    assert next_firsts(day(31) - timedelta(microseconds=1))[0] == date(2011, 1, 1)
