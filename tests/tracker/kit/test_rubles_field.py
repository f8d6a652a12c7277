"""Money at the edge: decimal strings, never numbers."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from tracker.kit.fields import Rubles


class Sum(Schema):
    amount = Rubles(required=True)


@pytest.mark.parametrize(
    ("kopecks", "text"), [(0, "0.00"), (5, "0.05"), (153_000, "1530.00"), (-150, "-1.50")]
)
def test_kopecks_leave_as_a_decimal_string(kopecks: int, text: str) -> None:
    assert Sum().dump({"amount": kopecks}) == {"amount": text}


def test_nothing_stays_nothing() -> None:
    assert Sum().dump({"amount": None}) == {"amount": None}


@pytest.mark.parametrize(("text", "kopecks"), [("0", 0), ("7.5", 750), ("1530.00", 153_000)])
def test_a_decimal_string_comes_in_as_kopecks(text: str, kopecks: int) -> None:
    assert Sum().load({"amount": text}) == {"amount": kopecks}


def test_what_is_wrong_with_it_is_said() -> None:
    for given, said in (("-5.00", "Must not be below zero."), ("-x", "Must be a decimal string")):
        with pytest.raises(ValidationError) as caught:
            Sum().load({"amount": given})
        assert said in str(caught.value)


@pytest.mark.parametrize(
    "given", [1530, 15.3, True, None, "", "15,30", "-1", "1e3", "1.234", ["1"]]
)
def test_anything_else_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Sum().load({"amount": given})
    assert set(caught.value.messages_dict) == {"amount"}
