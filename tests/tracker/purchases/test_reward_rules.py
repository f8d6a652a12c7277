"""Where a referral reward belongs, and who comes in first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ledger.rules import Kind
from tracker.purchases.bonus import REWARD, Carrier, movements
from tracker.purchases.rewards import (
    PLACED,
    Decision,
    RewardState,
    Standing,
    Waiting,
    admitted,
    as_gift,
    wanted,
)
from tracker.purchases.rules import Status

NOW = datetime(2011, 1, 1, tzinfo=UTC)
NONE = Standing(RewardState.NONE)
CONFIRMED = Standing(RewardState.CONFIRMED, 2)
FIRST = Carrier(1, Status.PENDING)
FIRST_REJECTED = Carrier(1, Status.REJECTED)
SECOND_CONFIRMED = Carrier(2, Status.CONFIRMED)


@pytest.mark.parametrize(
    ("before", "first", "present", "expected"),
    [
        (NONE, None, None, NONE),
        (NONE, FIRST, None, Standing(RewardState.PENDING, 1)),
        (NONE, Carrier(1, Status.AWAITING_STAFF), None, Standing(RewardState.PENDING, 1)),
        (NONE, Carrier(1, Status.CONFIRMED), None, Standing(RewardState.CONFIRMED, 1)),
        (NONE, FIRST_REJECTED, None, Standing(RewardState.REJECTED, 1)),
        (CONFIRMED, FIRST, SECOND_CONFIRMED, CONFIRMED),
        (CONFIRMED, FIRST_REJECTED, SECOND_CONFIRMED, Standing(RewardState.REJECTED, 1)),
        (CONFIRMED, FIRST, None, Standing(RewardState.PENDING, 1)),
        (CONFIRMED, None, None, NONE),
        (
            Standing(RewardState.PENDING, 2),
            FIRST,
            Carrier(2, Status.PENDING),
            Standing(RewardState.PENDING, 1),
        ),
        (
            Standing(RewardState.REVIEW, 2),
            FIRST,
            SECOND_CONFIRMED,
            Standing(RewardState.PENDING, 1),
        ),
    ],
    ids=[
        "nothing bought",
        "pending with the first",
        "pending while staff are awaited",
        "confirmed with it",
        "rejected with it",
        "what is confirmed stays when an older one turns up",
        "until that one is rejected",
        "or the later one is live no more",
        "the purchase was somebody else's after all",
        "an older one turns up",
        "what is held is not confirmed",
    ],
)
def test_where_the_reward_belongs(
    before: Standing, first: Carrier | None, present: Carrier | None, expected: Standing
) -> None:
    assert wanted(before, first, present) == expected


def test_what_staff_refused_is_refused_for_good() -> None:
    first = Carrier(1, Status.CONFIRMED)
    assert wanted(NONE, first, None, decision=Decision.REFUSE).state is RewardState.REJECTED
    assert wanted(NONE, None, None, decision=Decision.REFUSE).state is RewardState.REJECTED
    assert wanted(NONE, first, None, decision=Decision.APPROVE).state is RewardState.CONFIRMED


def test_an_inviter_who_had_left_gets_nothing() -> None:
    assert wanted(NONE, FIRST, None, was_left=True).state is RewardState.REJECTED


standings = st.sampled_from(RewardState)


@given(standings, standings)
def test_the_movements_take_the_money_where_it_belongs(
    before: RewardState, after: RewardState
) -> None:
    pending, available = _money(before)
    then, now = (as_gift(one, amount=1, friend_id=7) for one in (before, after))
    for kind in movements(then, now, REWARD):
        to_pending, to_available = {
            Kind.REWARD_TRACKED: (1, 0),
            Kind.REWARD_REJECTED: (-1, 0),
            Kind.REWARD_CONFIRMED: (-1, 1),
            Kind.REWARD_CLAWED_BACK: (0, -1),
        }[kind]
        pending, available = pending + to_pending, available + to_available
        assert pending in (0, 1)
        assert available in (0, 1)
    assert (pending, available) == _money(after)


def _money(state: RewardState) -> tuple[int, int]:
    if state is RewardState.CONFIRMED:
        return 0, 1
    return (1, 0) if state in PLACED else (0, 0)


waiting = st.builds(
    Waiting,
    st.integers(0, 3).map(lambda days: NOW + timedelta(days=days)),
    st.integers(1, 50),
    st.integers(0, 30_000),
)


@given(st.lists(waiting, unique_by=lambda one: one.friend_id), st.integers(-1_000, 100_000))
def test_the_queue_fills_the_room_and_never_more(queue: list[Waiting], room: int) -> None:
    comes = list(admitted(queue, room))
    assert sum(one.amount for one in comes) <= max(room, 0)
    in_order = sorted(queue, key=lambda one: one.place)
    assert comes == in_order[: len(comes)]
    behind = in_order[len(comes) :]
    assert not behind or sum(one.amount for one in comes) + behind[0].amount > room
    assert list(admitted(reversed(queue), room)) == comes
