import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.money import format_rubles, parse_rubles, share

kopecks = st.integers(0, 10**14)


@given(kopecks)
def test_what_is_written_reads_back(amount: int) -> None:
    assert parse_rubles(format_rubles(amount)) == amount


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0), ("7.5", 750), ("1530.00", 153_000), ("0.01", 1)]
)
def test_sums_are_read(text: str, expected: int) -> None:
    assert parse_rubles(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.234", "1e3", " 1", "1 ", "1,5", "NaN", "01", ".5", "1.", "٣", "9" * 14],
)
def test_what_has_to_be_guessed_at_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a sum of money"):
        parse_rubles(text)


@pytest.mark.parametrize(
    ("amount", "rate", "expected"), [(10_000, 700, 700), (50, 100, 1), (49, 100, 0), (1, 5000, 1)]
)
def test_a_share_is_rounded_half_up(amount: int, rate: int, expected: int) -> None:
    assert share(amount, rate) == expected


@given(kopecks, st.integers(0, 5000))
def test_a_share_is_within_half_a_kopeck(amount: int, rate: int) -> None:
    assert abs(share(amount, rate) * 10_000 - amount * rate) <= 5_000
