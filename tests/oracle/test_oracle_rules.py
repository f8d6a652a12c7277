"""The oracle against cases small enough to be worked out by hand.

Everything costs hundreds of roubles: a price of 1 is 100 roubles. Sums expected are kopecks.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.oracle.books import Payment
from tests.oracle.invoices import cashback_percent_of, crc, hold_of
from tests.oracle.model import Expected, Figures, expected_of

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
NOTHING = Figures(*[0] * 12)
QUICK = "11449"
"""Held for a day, 5 %."""
SLOW = "11367"
"""Held for 40 days, 4 %."""
LONG = "10049"
"""Held for 90 days, 22 %."""

Replay = Callable[..., Expected]


@pytest.fixture
def replay(tmp_path: Path) -> Replay:
    """Works out a file of rows written as ``invoice thing units moment price [customer]``."""

    def work_out(*rows: str) -> Expected:
        path = tmp_path / "invoices.csv"
        path.write_text("\n".join([HEADER, *(_csv_row(row) for row in rows)]))
        return expected_of(path)

    return work_out


def _csv_row(row: str) -> str:
    invoice, thing, units, moment, price, *customer = row.split()
    return f"{invoice},{thing},WHAT,{units},{moment},{price},{''.join(customer)},WHERE"


@pytest.mark.parametrize(
    ("thing", "days", "percent"), [(QUICK, 1, 5), (SLOW, 40, 4), (LONG, 90, 22)]
)
def test_the_terms_are_as_said_above(thing: str, days: int, percent: int) -> None:
    shop = crc(thing) % 660
    assert hold_of(shop) == timedelta(days=days)
    assert cashback_percent_of(shop) == percent


def test_a_purchase_is_held_confirmed_and_paid_with_the_bonus(replay: Replay) -> None:
    expected = replay(f"1 {QUICK} 2 2010-12-10T12:00 1 17850")
    assert expected.figures == replace(
        NOTHING,
        purchases=1,
        members=1,
        cashback_tracked=10_00,
        cashback_confirmed=10_00,
        welcome_bonus=200_00,
        paid_out=210_00,
    )
    assert expected.payments["2011-01"] == Payment(members=1, kopecks=210_00)
    assert list(expected.payments) == ["2011-01", "2011-02", "2011-03", "2011-04"]


@pytest.mark.parametrize(
    ("bought", "returned"),
    [("2010-12-10T12:00", "2010-12-11T23:59"), ("2010-12-10T00:00", "2010-12-10T23:59")],
)
def test_a_return_before_the_midnight_that_ends_the_hold_is_rejected(
    replay: Replay, bought: str, returned: str
) -> None:
    expected = replay(f"1 {QUICK} 2 {bought} 1 17850", f"C2 {QUICK} -2 {returned} 1 17850")
    assert expected.figures == replace(
        NOTHING, purchases=1, members=1, cashback_tracked=10_00, cashback_rejected=10_00
    )


@pytest.mark.parametrize(
    ("bought", "returned"),
    [("2010-12-10T12:00", "2010-12-12T00:00"), ("2010-12-10T00:00", "2010-12-11T00:00")],
)
def test_a_return_after_that_midnight_is_clawed_back(
    replay: Replay, bought: str, returned: str
) -> None:
    expected = replay(f"1 {QUICK} 2 {bought} 1 17850", f"C2 {QUICK} -2 {returned} 1 17850")
    assert expected.figures == replace(
        NOTHING,
        purchases=1,
        members=1,
        cashback_tracked=10_00,
        cashback_confirmed=10_00,
        clawed_back=10_00,
    )


def test_cashback_is_rounded_half_up_on_what_is_left(replay: Replay) -> None:
    """9.99 earns 0.4995, so 50 kopecks; with one of three back, 6.66 earns 0.333, so 33."""
    expected = replay(
        f"1 {QUICK} 3 2010-12-10T12:00 0.0333 17850", f"C2 {QUICK} -1 2010-12-10T13:00 0.0333 17850"
    )
    figures = expected.figures
    assert (figures.cashback_tracked, figures.cashback_rejected) == (50, 17)
    assert figures.paid_out == 200_33


def test_units_come_back_from_the_latest_purchase_at_its_own_price(replay: Replay) -> None:
    expected = replay(
        f"1 {QUICK} 2 2010-12-10T12:00 1 17850",
        f"2 {QUICK} 1 2010-12-10T13:00 2 17850",
        f"C3 {QUICK} -2 2010-12-10T14:00 7 17850",
    )
    assert expected.figures.cashback_tracked == 10_00 + 10_00
    assert expected.figures.cashback_rejected == 10_00 + 5_00


def test_the_bonus_moves_on_when_its_purchase_is_returned_after_it_was_paid(
    replay: Replay,
) -> None:
    """The debt of 210.00 meets the bonus and 8.00 of cashback, and 2.00 of it stay."""
    expected = replay(
        f"1 {QUICK} 2 2010-12-10T12:00 1 17850",
        f"2 {SLOW} 2 2010-12-10T13:00 1 17850",
        f"C3 {QUICK} -2 2011-01-02T12:00 1 17850",
    )
    assert expected.figures == replace(
        NOTHING,
        purchases=2,
        members=1,
        cashback_tracked=18_00,
        cashback_confirmed=18_00,
        welcome_bonus=200_00,
        clawed_back=10_00,
        available=-2_00,
        paid_out=210_00,
    )
    assert expected.deepest_debt == -2_00


def test_of_two_purchases_in_one_moment_the_lower_shop_has_the_bonus(replay: Replay) -> None:
    """The lower of these two holds for 90 days, so the bonus waits until March."""
    expected = replay(
        f"1 {QUICK} 2 2010-12-10T12:00 1 17850", f"1 {LONG} 1 2010-12-10T12:00 1 17850"
    )
    assert expected.payments["2011-01"] == Payment(members=1, kopecks=10_00)
    assert expected.payments["2011-04"] == Payment(members=1, kopecks=200_00 + 22_00)


def test_less_than_a_rouble_stays_where_it_is(replay: Replay) -> None:
    expected = replay(
        f"1 {QUICK} 2 2010-12-10T12:00 1 17850", f"2 {LONG} 1 2010-12-10T12:01 0.0333 17850"
    )
    assert (expected.figures.available, expected.figures.paid_out) == (73, 210_00)


def test_guests_and_things_never_bought_earn_nothing_and_are_counted(replay: Replay) -> None:
    expected = replay(
        f"1 {QUICK} 2 2010-12-10T12:00 1",
        f"C2 {QUICK} -2 2010-12-10T13:00 1 17850",
        f"C3 {QUICK} -2 2010-12-10T13:00 1",
        f"4 {QUICK} 2 2010-12-10T14:00 0 17850",
        f"5 {QUICK} -2 2010-12-10T14:00 1 17850",
    )
    assert expected.figures == replace(NOTHING, unattributed=1, unmatched_returns=1, members=1)


def test_more_than_was_bought_is_returned_as_far_as_it_goes(replay: Replay) -> None:
    expected = replay(
        f"1 {QUICK} 2 2010-12-10T12:00 1 17850", f"C2 {QUICK} -9 2010-12-10T13:00 1 17850"
    )
    assert expected.figures.cashback_rejected == 10_00
    assert expected.figures.unmatched_returns == 1
