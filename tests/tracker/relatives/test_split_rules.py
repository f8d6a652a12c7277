"""How what a member is due goes to relatives and to the own number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.relatives.rules import (
    Direction,
    Part,
    SharesExceedAll,
    see_that_shares_fit,
    split,
)

OWN = 1
GRAN, SON, AUNT = 2, 3, 4


def parts(due: int, *directions: Direction, own: int | None = OWN) -> list[tuple[int, int]]:
    return [(one.number_id, one.amount) for one in split(due, directions, own, minimum=100)]


def test_all_goes_to_the_own_number_without_relatives() -> None:
    assert parts(5_000) == [(OWN, 5_000)]


def test_fixed_amounts_go_first_and_the_rest_to_the_own_number() -> None:
    gran, son = Direction(GRAN, fixed=1_000), Direction(SON, fixed=2_000)
    assert parts(5_000, gran, son) == [(GRAN, 1_000), (SON, 2_000), (OWN, 2_000)]


def test_fixed_amounts_are_paid_in_order_as_far_as_the_money_goes() -> None:
    gran, son = Direction(GRAN, fixed=1_000), Direction(SON, fixed=2_000)
    assert parts(2_500, gran, son) == [(GRAN, 1_000), (SON, 1_500)]
    assert parts(1_000, gran, son) == [(GRAN, 1_000)]


def test_shares_are_of_what_fixed_amounts_leave() -> None:
    directions = [
        Direction(SON, share_bp=2_500),
        Direction(GRAN, fixed=1_000),
        Direction(AUNT, share_bp=5_000),
    ]
    expected = [(GRAN, 1_000), (SON, 1_000), (AUNT, 2_000), (OWN, 1_000)]
    assert parts(5_000, *directions) == expected


def test_a_kopeck_that_cannot_be_shared_goes_to_the_own_number() -> None:
    thirds = [Direction(GRAN, share_bp=3_333), Direction(SON, share_bp=3_333)]
    assert parts(1_000, *thirds) == [(GRAN, 333), (SON, 333), (OWN, 334)]


def test_nothing_below_the_minimum_is_paid() -> None:
    assert parts(1_000, Direction(GRAN, share_bp=500)) == [(OWN, 1_000)]
    assert parts(1_050, Direction(GRAN, fixed=1_000)) == [(GRAN, 1_000)]
    assert parts(1_000, Direction(GRAN, fixed=50)) == [(OWN, 1_000)]


def test_without_an_own_number_the_rest_stays() -> None:
    assert parts(1_000, Direction(GRAN, fixed=300), own=None) == [(GRAN, 300)]


def test_all_of_it_may_be_shared() -> None:
    assert parts(1_000, Direction(GRAN, share_bp=10_000)) == [(GRAN, 1_000)]


directions = st.lists(
    st.one_of(
        st.builds(lambda fixed: (fixed, None), st.integers(1, 10**6)),
        st.builds(lambda share: (None, share), st.integers(1, 1_000)),
    ),
    max_size=10,
).map(lambda found: [Direction(place + 2, *one) for place, one in enumerate(found)])


@given(st.integers(0, 10**8), directions, st.integers(1, 10_000), st.booleans())
def test_nothing_is_paid_that_is_not_there_and_little_stays(
    due: int, wanted: list[Direction], minimum: int, own: bool
) -> None:
    made = list(split(due, wanted, OWN if own else None, minimum=minimum))
    paid = sum(one.amount for one in made)
    assert paid <= due
    assert all(one.amount >= minimum for one in made)
    assert len({one.number_id for one in made}) == len(made)
    if own:
        assert due - paid < minimum
    by_number = {one.number_id: one.amount for one in made}
    for one in wanted:
        assert by_number.get(one.number_id, 0) <= (one.fixed or due)


@given(directions, st.integers(0, 10**8))
def test_the_split_is_the_same_each_time(wanted: list[Direction], due: int) -> None:
    def once() -> list[Part]:
        return list(split(due, wanted, OWN, minimum=100))

    assert once() == once()


def test_shares_never_exceed_all() -> None:
    see_that_shares_fit([5_000, 5_000])
    with pytest.raises(SharesExceedAll):
        see_that_shares_fit([5_000, 5_001])
