"""Sums as networks write them: exact to the hundredth, or refused."""

from decimal import Decimal
from typing import Any

import pytest

from tracker.kit.money import MAX_KOPECKS
from tracker.kit.strict_json import decode
from webhooks.wire.numbers import hundredths


@pytest.mark.parametrize(
    ("value", "kopecks"),
    [
        (0, 0),
        (1083, 108300),
        (Decimal("1083.29"), 108329),
        (Decimal("1083.290"), 108329),
        (Decimal("1e2"), 10000),
        (Decimal("-0.01"), -1),
        (Decimal("-0.00"), 0),
        (Decimal("0e-999999"), 0),
        ("1083.29", 108329),
        ("7.5", 750),
        ("99.9000", 9990),
        ("-300.00", -30000),
        ("1000000000000.00", MAX_KOPECKS),
        (-(10**12), -MAX_KOPECKS),
    ],
)
def test_it_is_exact(value: Any, kopecks: int) -> None:
    assert hundredths(value) == kopecks


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        [],
        {},
        "",
        " 1",
        "1 ",
        "+1",
        "01",
        ".5",
        "1.",
        "1,5",
        "1e2",
        "١",
        "NaN",
        "--1",
        "1" * 40,
        "0." + "0" * 30,
        "1.005",
        Decimal("1.005"),
        Decimal("0.000000000000000000000000000000000001"),
        Decimal("1e400"),
        Decimal("1e-400"),
        Decimal("NaN"),
        Decimal("Infinity"),
        10**13,
        Decimal("1000000000000.01"),
        Decimal("1083.2900000000000000000000000000000001"),
    ],
)
def test_what_would_be_rounded_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        hundredths(value)


def test_numbers_of_json_never_pass_through_floating_point() -> None:
    assert hundredths(decode(b"999999999999.99")) == 99_999_999_999_999
