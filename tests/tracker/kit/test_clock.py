"""Business time: passed in, in Moscow's dates, as fast as a demonstration wants it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from time_machine import travel

from tracker.kit.clock import (
    FixedClock,
    ScaledClock,
    SystemClock,
    clock_from,
    moscow_date,
    moscow_midnight,
)


def test_no_words_mean_real_time() -> None:
    clock = clock_from("")
    assert isinstance(clock, SystemClock)
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)


def test_a_day_a_second() -> None:
    clock = clock_from("2010-12-20T00:00:00+03:00 x86400 @1732270000.5")
    with travel(1732270000.5 + 12, tick=False):
        assert clock.now() == datetime(2010, 12, 31, 21, tzinfo=UTC)
        assert clock.at(datetime.now(UTC)) == clock.now()
        assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "2010-12-20T00:00:00 x1 @0",
        "2010-12-20T00:00:00+03:00",
        "2010-12-20T00:00:00+03:00 x-1 @0",
        "2010-12-20T00:00:00+03:00 x1.5 @0",
        "2010-13-20T00:00:00+03:00 x1 @0",
        " 2010-12-20T00:00:00+03:00 x1 @0",
    ],
)
def test_a_clock_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clock_from(text)


def test_a_clock_reads_as_it_is_written() -> None:
    clock = ScaledClock(datetime(2010, 12, 1, tzinfo=UTC), 60, 1_000.25)
    assert clock_from(str(clock)) == clock


def test_a_fixed_clock_stands_still_in_utc() -> None:
    moment = datetime.fromisoformat("2011-01-01T00:00:00+03:00")
    clock = FixedClock(moment)
    assert clock.now() == clock.now() == moment
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2010-12-31T20:59:59Z", date(2010, 12, 31)),
        ("2010-12-31T21:00:00Z", date(2011, 1, 1)),
        ("2012-02-28T21:00:00Z", date(2012, 2, 29)),
        ("2013-06-30T19:59:59Z", date(2013, 6, 30)),
        ("2013-06-30T20:00:00Z", date(2013, 7, 1)),
    ],
)
def test_a_business_date_is_moscows_of_that_year(moment: str, expected: date) -> None:
    """UTC+3 in winter 2010, UTC+4 for good from 2011 to 2014, UTC+3 since."""
    assert moscow_date(datetime.fromisoformat(moment)) == expected


@pytest.mark.parametrize("day", [date(2010, 12, 1), date(2011, 3, 27), date(2012, 2, 29)])
def test_a_business_date_begins_at_its_midnight(day: date) -> None:
    midnight = moscow_midnight(day)
    assert moscow_date(midnight) == day
    assert moscow_date(midnight - timedelta(microseconds=1)) == day - timedelta(days=1)
