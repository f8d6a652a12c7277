"""Quiet hours, over midnight and within a day."""

from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.clock import MOSCOW
from tracker.kit.quiet import QuietHours, quiet_hours_from

NIGHT = QuietHours(time(22), time(9))
SIESTA = QuietHours(time(13), time(15, 30))
moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)


@given(moments)
def test_what_counts_is_moscows_clock_whoever_tells_the_moment(moment: datetime) -> None:
    told = moment.astimezone(MOSCOW)
    assert (moment in NIGHT) == (told.hour >= 22 or told.hour < 9)
    assert (moment in SIESTA) == (time(13) <= told.time() < time(15, 30))
    assert (moment in NIGHT) == (moment.astimezone(UTC) in NIGHT)


@given(moments, st.times(), st.times())
def test_one_stretch_and_the_other_make_the_day(moment: datetime, begins: time, ends: time) -> None:
    if begins != ends:
        assert (moment in QuietHours(begins, ends)) != (moment in QuietHours(ends, begins))


def test_the_first_moment_counts_and_the_last_does_not() -> None:
    midnight = datetime(2010, 12, 1, tzinfo=MOSCOW)
    for hour, quiet in ((22, True), (9, False), (0, True)):
        assert (midnight.replace(hour=hour) in NIGHT) is quiet
    assert midnight.replace(hour=8, minute=59, second=59) in NIGHT
    assert midnight.replace(hour=21, minute=59, second=59) not in NIGHT


def test_it_is_read_from_a_setting() -> None:
    assert quiet_hours_from("22:00-09:00") == NIGHT
    assert quiet_hours_from("13:00-15:30") == SIESTA
    assert quiet_hours_from("") is None


@pytest.mark.parametrize("text", ["22-9", "24:00-09:00", "22:00-22:00", "22:00–09:00", "x"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        quiet_hours_from(text)
