"""What looks odd of an order beside its click: each threshold on both of its sides."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.clicks.rules import Click, OnHoldEnd, Terms, read_sub_id
from tracker.clicks.sanity import (
    CLOCKS_DIFFER,
    HASTE,
    LARGE_QUANTITY,
    LARGE_TOTAL,
    LAST_MOMENTS,
    Ordered,
    Sign,
    signs,
)

CLICKED = datetime(2010, 12, 1, tzinfo=UTC)
WINDOW = timedelta(days=30)
CLICK = Click("clk_1", 1, 3, CLICKED, CLICKED + WINDOW, Terms(1_000, 1_200, 30, OnHoldEnd.CONFIRM))
TICK = timedelta(microseconds=1)
LATER = timedelta(hours=1)


def odd(
    after: timedelta = LATER,
    *,
    total: int = 153_000,
    quantities: tuple[int, ...] = (6,),
    told_after: timedelta | None = timedelta(),
) -> set[Sign]:
    """The signs of an order so long after the click, told of so long after the order."""
    at = CLICKED + after
    told_at = None if told_after is None else at + told_after
    return set(signs(CLICK, Ordered(at, total, quantities, told_at)))


def test_an_honest_order_has_no_sign() -> None:
    assert odd() == set()


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (-CLOCKS_DIFFER - TICK, {Sign.BEFORE_CLICK}),
        (-CLOCKS_DIFFER, {Sign.TOO_SOON}),
        (timedelta(), {Sign.TOO_SOON}),
        (HASTE - TICK, {Sign.TOO_SOON}),
        (HASTE, set()),
        (WINDOW - LAST_MOMENTS - TICK, set()),
        (WINDOW - LAST_MOMENTS, {Sign.END_OF_WINDOW}),
        (WINDOW - TICK, {Sign.END_OF_WINDOW}),
    ],
)
def test_when_it_was_ordered(after: timedelta, expected: set[Sign]) -> None:
    assert odd(after) == expected


@pytest.mark.parametrize(
    ("told_after", "expected"),
    [
        (-CLOCKS_DIFFER - TICK, {Sign.DATED_AHEAD}),
        (-CLOCKS_DIFFER, set()),
        (timedelta(days=40), set()),
        (None, set()),
    ],
)
def test_when_it_was_told(told_after: timedelta | None, expected: set[Sign]) -> None:
    assert odd(told_after=told_after) == expected


def test_what_it_comes_to() -> None:
    assert odd(total=LARGE_TOTAL - 1) == set()
    assert odd(total=LARGE_TOTAL) == {Sign.LARGE_TOTAL}
    assert odd(total=0) == set()
    assert odd(quantities=()) == set()
    assert odd(quantities=(1, LARGE_QUANTITY - 1)) == set()
    assert odd(quantities=(LARGE_QUANTITY, 1)) == {Sign.LARGE_QUANTITY}


@given(
    st.timedeltas(-timedelta(days=400), timedelta(days=400)),
    st.integers(0, 10**14),
    st.lists(st.integers(1, 10**9), max_size=4).map(tuple),
)
def test_a_click_is_only_looked_at_from_one_side(
    after: timedelta, total: int, quantities: tuple[int, ...]
) -> None:
    found = odd(after, total=total, quantities=quantities)
    assert not found >= {Sign.BEFORE_CLICK, Sign.TOO_SOON}
    assert not found >= {Sign.TOO_SOON, Sign.END_OF_WINDOW}
    assert (after < HASTE) == bool(found & {Sign.BEFORE_CLICK, Sign.TOO_SOON})
    assert Sign.MANY_ORDERS not in found


@pytest.mark.parametrize("text", ["a", "home.top_1~a-B", "x" * 64, "-", "a.."])
def test_sub_ids_are_of_letters_that_mean_nothing(text: str) -> None:
    assert read_sub_id(text) == text


@pytest.mark.parametrize(
    "text", ["", ".", "..", ".a", "x" * 65, "a b", "a/b", "a%20", "a\n", "é", "٣", "a\x00", "@"]
)
def test_and_of_nothing_else(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_sub_id(text)
