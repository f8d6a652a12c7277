"""Moments as shops write them, there and back, and patterns that are none."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.formats.moments import ISO8601, UNIX, UNIX_MS, MomentFormat, check

MOSCOW = "Europe/Moscow"
MOMENTS = st.datetimes(
    datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2099, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
WHOLE = ["%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%d/%m/%y %H:%M:%S"]


@given(MOMENTS)
def test_iso_is_read_back(moment: datetime) -> None:
    assert MomentFormat().read(moment.isoformat()) == moment
    assert MomentFormat().read(moment.isoformat().replace("+00:00", "Z")) == moment
    local = moment.astimezone(ZoneInfo("Asia/Vladivostok"))
    assert MomentFormat(ISO8601, MOSCOW).read(local.isoformat()) == moment


@given(MOMENTS)
def test_unix_is_read_back(moment: datetime) -> None:
    seconds = int(moment.timestamp())
    assert MomentFormat(UNIX).read(seconds) == moment
    assert MomentFormat(UNIX).read(str(seconds)) == moment
    late = moment + timedelta(milliseconds=7)
    assert MomentFormat(UNIX_MS).read(seconds * 1000 + 7) == late
    assert MomentFormat(UNIX_MS).read(str(seconds * 1000 + 7)) == late


@pytest.mark.parametrize("pattern", WHOLE)
@given(moment=MOMENTS)
def test_a_pattern_is_read_back(pattern: str, moment: datetime) -> None:
    """In a zone without summer time, in which no hour comes twice."""
    local = moment.astimezone(ZoneInfo("Asia/Tokyo"))
    assert MomentFormat(pattern, "Asia/Tokyo").read(local.strftime(pattern)) == moment


@pytest.mark.parametrize(
    ("form", "shown", "expected"),
    [
        ("%d.%m.%Y %H:%M", "1.12.2010 8:05", "2010-12-01T08:05:00+03:00"),
        ("%d.%m.%Y %H:%M", "01.07.2010 08:05", "2010-07-01T08:05:00+04:00"),
        ("%d.%m.%y", "01.12.10", "2010-12-01T00:00:00+03:00"),
        ("%Y%m%d", "20101201", "2010-12-01T00:00:00+03:00"),
        (ISO8601, "2010-12-01T08:26:00", "2010-12-01T08:26:00+03:00"),
        (ISO8601, "2010-12-01T08:26:00-14:00", "2010-12-01T22:26:00+00:00"),
        (ISO8601, "2010-12-01 08:26", "2010-12-01T08:26:00+03:00"),
        (ISO8601, "2010-12-01T08:26:00.123456789Z", "2010-12-01T08:26:00.123456+00:00"),
    ],
)
def test_moments_as_they_are_written(form: str, shown: str, expected: str) -> None:
    assert MomentFormat(form, MOSCOW).read(shown) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("form", "zone", "shown"),
    [
        (ISO8601, None, "2010-12-01T08:26:00"),
        (ISO8601, None, "2010-12-01"),
        (ISO8601, None, "2010-W48-3T08:26:00Z"),
        (ISO8601, None, "2010-02-30T08:26:00Z"),
        (ISO8601, None, "1999-12-31T08:26:00Z"),
        (ISO8601, None, "2010-12-01T08:26:00+14:01"),
        (ISO8601, MOSCOW, "2010-12-01T08:26:00-23:59"),
        (ISO8601, None, 1_291_191_965),
        (UNIX, None, 1_291_191_965_000),
        (UNIX, None, "1291191965.5"),
        (UNIX, None, -1),
        (UNIX, None, True),
        (UNIX, None, 0),
        (UNIX, None, "٣"),
        (UNIX, None, 10**40),
        (UNIX_MS, None, 1_291_191_965),
        ("%d.%m.%Y", MOSCOW, "2010-12-01"),
        ("%d.%m.%Y", MOSCOW, "31.02.2010"),
        ("%d.%m.%Y", MOSCOW, "01.12.1999"),
        ("%d.%m.%Y", MOSCOW, "01.12.2010 "),
        ("%d.%m.%Y", MOSCOW, "01x12x2010"),
        ("%Y%m%d", MOSCOW, "2010121"),
        ("%d.%m.%Y", MOSCOW, None),
    ],
)
def test_moments_that_would_have_to_be_guessed_at(form: str, zone: str | None, shown: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        MomentFormat(form, zone).read(shown)


@pytest.mark.parametrize("form", [ISO8601, UNIX, UNIX_MS, *WHOLE, "%d.%m.%Y", "%Y-%m-%dT%H:%M"])
def test_the_example_in_a_refusal_is_itself_right(form: str) -> None:
    format_ = MomentFormat(form, None if form in (UNIX, UNIX_MS) else MOSCOW)
    assert check(format_.form, format_.zone) == {}
    assert format_.read(format_.expected.rpartition("such as ")[2]).year == 2010


@pytest.mark.parametrize(
    ("form", "zone", "fields"),
    [
        ("%d.%m.%Y", None, {"zone"}),
        ("%d.%m.%Y", "Moscow", {"zone"}),
        ("%d.%m.%Y", "../../etc/passwd", {"zone"}),
        (UNIX, MOSCOW, {"zone"}),
        ("%d.%m", MOSCOW, {"format"}),
        ("%d.%m.%Y %y", MOSCOW, {"format"}),
        ("%d.%d.%m.%Y", MOSCOW, {"format"}),
        ("%d.%m.%Y %H", MOSCOW, {"format"}),
        ("%d.%m.%Y %M:%S", MOSCOW, {"format"}),
        ("%d.%m.%Y %S", MOSCOW, {"format"}),
        ("%d.%m.%Y %z", MOSCOW, {"format"}),
        ("%d %B %Y", MOSCOW, {"format"}),
        ("(%d)+%m%Y", MOSCOW, {"format"}),
        ("%d%m%Y%", MOSCOW, {"format"}),
        ("", MOSCOW, {"format"}),
        ("%d.%m.%Y" + " " * 40, MOSCOW, {"format"}),
        ("nonsense", None, {"format", "zone"}),
    ],
)
def test_formats_that_are_none(form: str, zone: str | None, fields: set[str]) -> None:
    assert check(form, zone).keys() == fields
