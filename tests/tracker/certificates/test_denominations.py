"""Exactly 163 sums, the nearest two of any other, and the fewest certificates for a larger one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import rubles
from tracker.certificates.denominations import (
    DENOMINATIONS,
    LARGEST,
    MOST_PARTS,
    CannotBeSplit,
    NotADenomination,
    is_denomination,
    nearest,
    parts_of,
)

STATED = {*map(rubles, (100, 250, 500, 750, 1_000, 1_500, 2_000, 2_500))} | {
    rubles(amount) for amount in range(3_000, 80_001, 500)
}
"""As the programme has them."""

FIFTY = rubles(50)
"""All of them are multiples of it."""


def test_every_sum_from_nothing_to_a_hundred_thousand() -> None:
    passed = set()
    for amount in range(0, rubles(100_000) + 1, rubles(1)):
        try:
            assert parts_of(amount) == [amount]
            passed.add(amount)
        except NotADenomination:
            assert not is_denomination(amount)
    assert passed == STATED == set(DENOMINATIONS)
    assert len(passed) == 163


@pytest.mark.parametrize("amount", [rubles(100) + 1, rubles(100) - 1, rubles(80_000) + 1, 1])
def test_a_kopeck_more_or_less_is_none(amount: int) -> None:
    assert not is_denomination(amount)
    with pytest.raises(NotADenomination):
        parts_of(amount)


@pytest.mark.parametrize(
    ("amount", "found"),
    [
        (0, (100, 250)),
        (99, (100, 250)),
        (101, (100, 250)),
        (499, (250, 500)),
        (2_999, (2_500, 3_000)),
        (79_999, (79_500, 80_000)),
        (80_001, (79_500, 80_000)),
        (1_000_000, (79_500, 80_000)),
    ],
)
def test_the_nearest_are_those_on_both_sides(amount: int, found: tuple[int, int]) -> None:
    assert nearest(rubles(amount)) == (rubles(found[0]), rubles(found[1]))
    with pytest.raises(NotADenomination) as refused:
        parts_of(rubles(amount))
    named = f"{found[0]}.00 and {found[1]}.00"
    assert named in refused.value.detail
    assert named in refused.value.fields["amount"]


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        (200, [100, 100]),
        (350, [250, 100]),
        (400, [100] * 4),
        (1_250, [1_000, 250]),
        (80_100, [80_000, 100]),
        (85_000, [80_000, 5_000]),
        (160_000, [80_000, 80_000]),
        (240_750, [80_000, 80_000, 80_000, 750]),
    ],
)
def test_a_sum_is_split(amount: int, parts: list[int]) -> None:
    assert parts_of(rubles(amount), split=True) == [rubles(one) for one in parts]


def test_what_is_one_certificate_is_not_split() -> None:
    for amount in DENOMINATIONS:
        assert parts_of(amount, split=True) == [amount]


@pytest.mark.parametrize("amount", [0, 50, 150, 300.5, 99_999, 80_000 * MOST_PARTS + 500, 10**12])
def test_what_no_certificates_come_to(amount: float) -> None:
    with pytest.raises(CannotBeSplit):
        parts_of(rubles(amount), split=True)


def test_the_most_there_may_be() -> None:
    assert parts_of(LARGEST * MOST_PARTS, split=True) == [LARGEST] * MOST_PARTS


def test_no_way_is_shorter() -> None:
    """Against the table of all sums: the fewest coins that come to each, by the book."""
    most = rubles(165_000) // FIFTY
    units = [one // FIFTY for one in DENOMINATIONS]
    fewest = [0] + [most + 1] * most
    for total in range(1, most + 1):
        usable = (one for one in units if one <= total)
        fewest[total] = 1 + min((fewest[total - one] for one in usable), default=most)
    for total in range(1, most + 1):
        try:
            parts = parts_of(total * FIFTY, split=True)
        except CannotBeSplit:
            assert fewest[total] > most
            continue
        assert sum(parts) == total * FIFTY
        assert all(map(is_denomination, parts))
        assert parts == sorted(parts, reverse=True)
        assert len(parts) == fewest[total], total * 50


@given(st.integers(0, 10**12))
def test_whatever_is_asked_for(amount: int) -> None:
    try:
        parts = parts_of(amount, split=True)
    except CannotBeSplit:
        return
    assert sum(parts) == amount
    assert len(parts) <= MOST_PARTS
    assert all(map(is_denomination, parts))
