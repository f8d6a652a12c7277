"""Order numbers that look alike have one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.purchases.keys import key_apart, order_key


@pytest.mark.parametrize(
    "order_id",
    [
        "ao-1001",
        "AO-1001",
        "#ao1001",
        " ao 1001 ",
        "ao__1001",
        "ao/1001",
        "00ao1001",
        "ＡＯ１００１",  # full-width
        "АО-1001",  # Cyrillic
        "аО1001",
        "ao\u00a01001",
        "ao–1001",
        "№ao1001",
    ],
)
def test_spellings_of_one_number(order_id: str) -> None:
    assert order_key(order_id) == "ao1001"


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("A-1", "A-2"),
        ("10", "1"),
        ("1001", "10001"),
        ("A1", "1A"),
        ("0", "00"),
        ("-", "--"),
        ("12-3", "1-23"),
    ],
)
def test_numbers_that_differ(one: str, another: str) -> None:
    assert order_key(one) != order_key(another)


@pytest.mark.parametrize("order_id", ["0", "000", "-", "#/.", "№"])
def test_of_what_would_have_nothing_left_all_is_left(order_id: str) -> None:
    assert order_key(order_id) == order_id


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_a_key_of_its_own_is_nobody_elses(order_id: str, other: str) -> None:
    assert key_apart(order_id) != order_key(other)
    assert order_key(order_id)
