"""What is put aside for which goal: by examples, and for anything that may come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.goals.rules import GoalUnsound, Move, Pot, check_name, rearrange


def pot(number: int, target: int, reserved: int = 0, *, fills: bool = True) -> Pot:
    return Pot(number, target, reserved, fills)


def test_what_is_available_goes_to_the_first_and_on() -> None:
    assert rearrange(150, [pot(1, 100), pot(2, 100)]) == [Move(1, 100), Move(2, 50)]


def test_what_is_left_stays_available() -> None:
    assert rearrange(250, [pot(1, 100)]) == [Move(1, 100)]


def test_a_paused_goal_gets_nothing_and_keeps_what_it_has() -> None:
    assert rearrange(70, [pot(1, 100, 30, fills=False), pot(2, 50)]) == [Move(2, 50)]


def test_a_debt_takes_from_the_last_first_and_from_paused_ones_too() -> None:
    pots = [pot(1, 100, 100), pot(2, 100, 40, fills=False), pot(3, 100, 30)]
    assert rearrange(-90, pots) == [Move(1, -20), Move(2, -40), Move(3, -30)]


def test_a_debt_greater_than_all_leaves_nothing_aside() -> None:
    assert rearrange(-500, [pot(1, 100, 100)]) == [Move(1, -100)]


def test_what_is_too_much_for_a_lower_target_goes_to_the_next() -> None:
    assert rearrange(0, [pot(1, 60, 100), pot(2, 100)]) == [Move(1, -40), Move(2, 40)]


@st.composite
def _pots(draw: st.DrawFn) -> list[Pot]:
    made = []
    for number in range(draw(st.integers(0, 6))):
        target = draw(st.integers(0, 1_000))
        made.append(Pot(number, target, draw(st.integers(0, 1_200)), draw(st.booleans())))
    return made


@given(st.integers(-2_000, 5_000), _pots())
def test_no_kopeck_comes_or_goes(available: int, pots: list[Pot]) -> None:
    moves = {one.pot: one.amount for one in rearrange(available, pots)}
    after = {one.id: one.reserved + moves.get(one.id, 0) for one in pots}
    left = available - sum(moves.values())
    assert all(0 <= after[one.id] <= one.target for one in pots)
    # Nobody saves while they owe, and nothing lies about that an earlier goal still asks for.
    if left < 0:
        assert not any(after.values())
    if left > 0:
        assert all(after[one.id] == one.target for one in pots if one.fills)
    assert (
        rearrange(left, [Pot(one.id, one.target, after[one.id], one.fills) for one in pots]) == []
    )


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "a\u202eb"])
def test_a_name_can_be_read(name: str) -> None:
    with pytest.raises(GoalUnsound):
        check_name(name)


def test_a_name_is_kept_without_needless_space() -> None:
    assert check_name("  a  new \n phone ") == "a new phone"
