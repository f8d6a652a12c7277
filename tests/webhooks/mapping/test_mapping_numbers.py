"""Sums and quantities as shops write them, there and back, and what could be read in two ways."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.formats.numbers import DECIMALS, THOUSANDS, NumberFormat, Unit
from tracker.kit.money import MAX_KOPECKS

KOPECKS = st.integers(0, MAX_KOPECKS)
FORMATS = st.builds(
    NumberFormat,
    st.sampled_from(Unit),
    st.sampled_from(DECIMALS),
    st.sets(st.sampled_from(THOUSANDS)).map(lambda found: tuple(sorted(found))),
    st.booleans(),
).filter(lambda one: one.decimal not in one.thousands)


def written(format_: NumberFormat, kopecks: int, gap: str = "") -> str:
    """A sum as the format writes it, with or without gaps."""
    whole, cents = divmod(kopecks, 100)
    if format_.unit is Unit.KOPECKS:
        return f"{kopecks:,}".replace(",", gap)
    return f"{whole:,}".replace(",", gap) + f"{format_.decimal}{cents:02d}"


@given(FORMATS, KOPECKS)
def test_what_is_written_plainly_is_read_back(format_: NumberFormat, kopecks: int) -> None:
    assert format_.kopecks(written(format_, kopecks)) == kopecks


@given(FORMATS, KOPECKS, st.data())
def test_what_is_written_with_gaps_is_read_back(
    format_: NumberFormat, kopecks: int, data: st.DataObject
) -> None:
    gap = data.draw(st.sampled_from(["", *format_.thousands]))
    assert format_.kopecks(written(format_, kopecks, gap)) == kopecks


@given(FORMATS, KOPECKS)
def test_a_json_number_is_read_back_where_it_is_allowed(
    format_: NumberFormat, kopecks: int
) -> None:
    number = kopecks if format_.unit is Unit.KOPECKS else Decimal(kopecks) / 100
    if format_.json_numbers:
        assert format_.kopecks(number) == kopecks
    else:
        with pytest.raises(ValueError, match="string"):
            format_.kopecks(number)


@given(FORMATS, st.text(alphabet="0123456789.,' \u00a0-+eE", max_size=12))
def test_nothing_is_read_in_two_ways(format_: NumberFormat, text: str) -> None:
    """Whatever is read is the number that its digits write, with two decimals at most."""
    try:
        kopecks = format_.kopecks(text)
    except ValueError:
        return
    whole, _, cents = text.partition(format_.decimal)
    digits = "".join(char for char in whole if char.isdigit())
    assert len(cents) <= 2
    expected = Decimal(f"{digits}.{cents or 0}")
    assert kopecks == expected * (1 if format_.unit is Unit.KOPECKS else 100)


@given(FORMATS, st.integers(1, 10**9))
def test_a_quantity_is_read_back(format_: NumberFormat, count: int) -> None:
    for shown in (count, str(count), f"{count}{format_.decimal}000", Decimal(f"{count}.0")):
        assert format_.count(shown) == count


RUSSIAN = NumberFormat(Unit.RUBLES, ",", (" ", "\u00a0"))
ENGLISH = NumberFormat(Unit.RUBLES, ".", (",",), json_numbers=True)
PLAIN_KOPECKS = NumberFormat(Unit.KOPECKS, json_numbers=True)


@pytest.mark.parametrize(
    ("format_", "shown", "kopecks"),
    [
        (RUSSIAN, "1 530,00", 153_000),
        (RUSSIAN, "1\u00a0530,5", 153_050),
        (RUSSIAN, "1530", 153_000),
        (RUSSIAN, "0,01", 1),
        (ENGLISH, "1,530.00", 153_000),
        (ENGLISH, "1,530", 153_000),
        (ENGLISH, Decimal("1530.50"), 153_050),
        (ENGLISH, 1530, 153_000),
        (PLAIN_KOPECKS, 153_000, 153_000),
        (PLAIN_KOPECKS, "153000", 153_000),
    ],
)
def test_sums_as_they_are_written(format_: NumberFormat, shown: Any, kopecks: int) -> None:
    assert format_.kopecks(shown) == kopecks


@pytest.mark.parametrize(
    ("format_", "shown"),
    [
        (RUSSIAN, "1.530,00"),
        (RUSSIAN, "1530.00"),
        (RUSSIAN, "1 530\u00a0000,00"),
        (RUSSIAN, "15 30,00"),
        (RUSSIAN, "1 5300,00"),
        (RUSSIAN, " 1530,00"),
        (RUSSIAN, "1530,"),
        (RUSSIAN, ",50"),
        (RUSSIAN, "1530,001"),
        (RUSSIAN, "007,00"),
        (RUSSIAN, "-1,00"),
        (RUSSIAN, "+1,00"),
        (RUSSIAN, "1 530,00 ₽"),
        (RUSSIAN, "١٢"),
        (RUSSIAN, ""),
        (RUSSIAN, 1530),
        (ENGLISH, "1,53"),
        (ENGLISH, Decimal("30.299999999999997")),
        (ENGLISH, Decimal("1E+3")),
        (ENGLISH, Decimal("1E+999999999")),
        (ENGLISH, Decimal("1E-999999999")),
        (ENGLISH, Decimal("-0.0")),
        (ENGLISH, -1),
        (ENGLISH, True),
        (ENGLISH, None),
        (ENGLISH, ["1.00"]),
        (ENGLISH, "1000000000000.01"),
        (ENGLISH, "9" * 400),
        (PLAIN_KOPECKS, "1530.00"),
        (PLAIN_KOPECKS, Decimal("1530.0")),
    ],
    ids=repr,
)
def test_sums_that_would_have_to_be_guessed_at(format_: NumberFormat, shown: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        format_.kopecks(shown)


@pytest.mark.parametrize("shown", ["", "1,5", "x", Decimal("1.5"), True, None, "-2", 10**15])
def test_quantities_that_are_none(shown: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        RUSSIAN.count(shown)


@pytest.mark.parametrize("format_", [RUSSIAN, ENGLISH, PLAIN_KOPECKS], ids=["ru", "en", "kopecks"])
def test_the_example_in_a_refusal_is_itself_right(format_: NumberFormat) -> None:
    assert format_.kopecks(format_.expected.rpartition("such as ")[2].strip('"')) == 153_000
