"""Moments that members and staff tell."""

from datetime import UTC, datetime, timedelta

import pytest
from marshmallow import Schema, ValidationError

from tracker.kit.fields import Moment


class Told(Schema):
    at = Moment(required=True)


@pytest.mark.parametrize(
    "text",
    [
        "2010-12-01T08:26:00+03:00",
        "2010-12-01T05:26:00Z",
        "2010-12-01t05:26:00.000000z",
        "2010-12-01T19:26:00+14:00",
    ],
)
def test_a_moment_is_told_with_its_offset(text: str) -> None:
    moment: datetime = Told().load({"at": text})["at"]
    assert moment == datetime(2010, 12, 1, 5, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        "0001-01-01T00:00:00+14:00",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "2010-12-01T05:26:00",
        "2010-12-01T05:26:00+15:00",
        "2010-12-01T05:26:00+14:01",
        "2010-12-01T05:26:00+00:00:30",
        "2010-02-29T05:26:00Z",
        "2010-12-01T24:26:00Z",
        "2010-12-01T05:26:60Z",
        "2010-12-01 05:26:00Z",
        "2010-W48-3T05:26:00Z",
        "20101201T052600Z",
        "2010-12-01",
        "٢٠١٠-12-01T05:26:00Z",
        "",
        1291181160,
        None,
    ],
)
def test_what_is_none_is_refused(told: object) -> None:
    with pytest.raises(ValidationError):
        Told().load({"at": told})


def test_a_plus_that_an_address_has_made_a_blank_is_told_of() -> None:
    with pytest.raises(ValidationError, match="a plus is written %2B"):
        Told().load({"at": "2011-02-01T00:00:00 03:00"})
    with pytest.raises(ValidationError) as caught:
        Told().load({"at": "2011-02-01"})
    assert "%2B" not in str(caught.value)


def test_a_year_can_be_added_to_the_last_of_them() -> None:
    last: datetime = Told().load({"at": "2099-12-31T23:59:59-14:00"})["at"]
    assert (last + timedelta(days=366)).astimezone(UTC).year == 2101
