"""Where the welcome bonus belongs, and how it gets there."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ledger.rules import Account, Kind, Leg
from tracker.purchases.bonus import Bonus, Carrier, bonus_posting, movements, place
from tracker.purchases.rules import Status

AMOUNT = 20_000
NOWHERE = Bonus(AMOUNT)
PENDING = Carrier(1, Status.PENDING)
WAITING = Carrier(1, Status.AWAITING_STAFF)
CONFIRMED = Carrier(1, Status.CONFIRMED)
NEXT = Carrier(2, Status.PENDING)
NEXT_CONFIRMED = Carrier(2, Status.CONFIRMED)


@pytest.mark.parametrize(
    ("bonus", "first", "present", "expected"),
    [
        (NOWHERE, None, None, NOWHERE),
        (NOWHERE, PENDING, None, Bonus(AMOUNT, 1)),
        (NOWHERE, CONFIRMED, None, Bonus(AMOUNT, 1, True)),
        (Bonus(AMOUNT, 1), WAITING, WAITING, Bonus(AMOUNT, 1)),
        (Bonus(AMOUNT, 1), CONFIRMED, CONFIRMED, Bonus(AMOUNT, 1, True)),
        (Bonus(AMOUNT, 1), NEXT, None, Bonus(AMOUNT, 2)),
        (Bonus(AMOUNT, 1), None, None, NOWHERE),
        (Bonus(AMOUNT, 2), PENDING, NEXT, Bonus(AMOUNT, 1)),
        (Bonus(AMOUNT, 2, True), PENDING, NEXT_CONFIRMED, Bonus(AMOUNT, 2, True)),
        (Bonus(AMOUNT, 1, True), NEXT_CONFIRMED, None, Bonus(AMOUNT, 2, True)),
        (Bonus(AMOUNT, 1, True), None, None, NOWHERE),
        (Bonus(AMOUNT, 2, True), PENDING, NEXT, Bonus(AMOUNT, 1)),
    ],
    ids=[
        "no purchase",
        "with the first",
        "with the first, confirmed at once",
        "stays while staff are awaited",
        "confirmed with its purchase",
        "moves to the next",
        "none left",
        "an older purchase turns up",
        "what is confirmed stays confirmed",
        "taken back and given again",
        "taken back",
        "no longer confirmed, so with the first again",
    ],
)
def test_where_the_bonus_belongs(
    bonus: Bonus, first: Carrier | None, present: Carrier | None, expected: Bonus
) -> None:
    assert place(bonus, first, present) == expected


bonuses = st.one_of(
    st.just(NOWHERE),
    st.builds(Bonus, st.just(AMOUNT), st.sampled_from([1, 2]), st.booleans()),
)


@given(bonuses, bonuses)
def test_the_movements_take_the_bonus_where_it_belongs(before: Bonus, after: Bonus) -> None:
    pending, available = _money(before)
    for kind in movements(before, after):
        made = bonus_posting(kind, member_id=1, amount=AMOUNT, reference="x", effective_at=NOW)
        assert made is not None
        moved = {leg.account: -leg.amount for leg in made.legs}
        pending += moved.get(Account.MEMBER_PENDING, 0)
        available += moved.get(Account.MEMBER_AVAILABLE, 0)
    assert (pending, available) == _money(after)


NOW = datetime(2011, 1, 1, tzinfo=UTC)


def _money(bonus: Bonus) -> tuple[int, int]:
    if bonus.carried_by is None:
        return 0, 0
    return (0, bonus.amount) if bonus.confirmed else (bonus.amount, 0)


@given(bonuses)
def test_a_bonus_that_stays_does_not_move(bonus: Bonus) -> None:
    assert list(movements(bonus, bonus)) == []


def test_the_house_pays_for_it() -> None:
    made = bonus_posting(
        Kind.BONUS_TRACKED, member_id=5, amount=AMOUNT, reference="x", effective_at=NOW
    )
    assert made is not None
    assert made.legs == (
        Leg(Account.MARKETING_EXPENSE, 0, AMOUNT),
        Leg(Account.MEMBER_PENDING, 5, -AMOUNT),
    )


def test_a_bonus_of_nothing_is_no_posting() -> None:
    kind = Kind.BONUS_TRACKED
    assert bonus_posting(kind, member_id=5, amount=0, reference="x", effective_at=NOW) is None
