"""What members are told of a purchase, from how it stood and how it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import day
from tracker.notifications.contracts import Notice
from tracker.notifications.rules import check
from tracker.purchases.dossiers import Dossier
from tracker.purchases.notices import cashback_notices
from tracker.purchases.rules import Earned, Standing, Status

ANNA, BORIS = 1, 2
NOBODYS = Standing(Status.UNATTRIBUTED)
SOLD = 100


def pending(amount: int, member: int = ANNA) -> Standing:
    return Standing(Status.PENDING, member, pending=Earned(amount, amount))


def confirmed(amount: int, member: int = ANNA) -> Standing:
    return Standing(Status.CONFIRMED, member, confirmed=Earned(amount, amount))


def rejected(member: int = ANNA) -> Standing:
    return Standing(Status.REJECTED, member)


def notices(then: Standing, now: Standing) -> list[Notice]:
    one = Dossier(17, 7, "A-1", standing=now, hold_ends_at=day(30), revision=3)
    one.sold = Earned(SOLD, SOLD)
    found = list(cashback_notices([one], {17: then}))
    for notice in found:
        check(notice)
    return found


def told(then: Standing, now: Standing) -> list[tuple[int, str, int]]:
    return [
        (one.member_id, one.kind.removeprefix("cashback_"), int(one.values["amount"]))
        for one in notices(then, now)
    ]


@pytest.mark.parametrize(
    ("then", "now", "what"),
    [
        (NOBODYS, pending(100), [(ANNA, "tracked", 100)]),
        (NOBODYS, pending(70), [(ANNA, "tracked", 70)]),
        (NOBODYS, confirmed(100), [(ANNA, "confirmed", 100)]),
        (NOBODYS, confirmed(70), [(ANNA, "confirmed", 70), (ANNA, "rejected", 30)]),
        (NOBODYS, rejected(), [(ANNA, "rejected", 100)]),
        (NOBODYS, pending(0), [(ANNA, "rejected", 100)]),
        (pending(100), pending(100), []),
        (pending(100), confirmed(100), [(ANNA, "confirmed", 100)]),
        (pending(100), confirmed(70), [(ANNA, "confirmed", 70), (ANNA, "rejected", 30)]),
        (pending(100), pending(70), [(ANNA, "rejected", 30)]),
        (pending(100), rejected(), [(ANNA, "rejected", 100)]),
        (pending(70), pending(100), []),
        (confirmed(100), confirmed(60), [(ANNA, "taken_back", 40)]),
        (confirmed(100), rejected(), [(ANNA, "taken_back", 100)]),
        (confirmed(60), confirmed(100), [(ANNA, "confirmed", 40)]),
        (confirmed(100), pending(100), []),
        (rejected(), confirmed(100), [(ANNA, "confirmed", 100)]),
        (pending(100), NOBODYS, [(ANNA, "rejected", 100)]),
        (NOBODYS, NOBODYS, []),
        (pending(100), pending(90, BORIS), [(ANNA, "rejected", 100), (BORIS, "tracked", 90)]),
        (
            confirmed(100),
            confirmed(100, BORIS),
            [(ANNA, "taken_back", 100), (BORIS, "confirmed", 100)],
        ),
    ],
)
def test_what_has_changed_is_told(
    then: Standing, now: Standing, what: list[tuple[int, str, int]]
) -> None:
    assert told(then, now) == what


def test_that_a_purchase_was_seen_is_told_a_member_once_however_often_it_moves() -> None:
    (first,) = notices(NOBODYS, pending(100))
    again = notices(pending(100, BORIS), pending(100))
    assert first.key in [one.key for one in again]


standings = st.one_of(
    st.just(NOBODYS),
    st.builds(pending, st.integers(0, SOLD), st.sampled_from([ANNA, BORIS])),
    st.builds(confirmed, st.integers(0, SOLD), st.sampled_from([ANNA, BORIS])),
    st.builds(rejected, st.sampled_from([ANNA, BORIS])),
)


@given(standings, standings)
def test_no_two_have_one_key_and_no_member_hears_more_than_two_things(
    then: Standing, now: Standing
) -> None:
    found = notices(then, now)
    assert len({one.key for one in found}) == len(found)
    for member in (ANNA, BORIS):
        assert len([one for one in found if one.member_id == member]) <= 2
    assert all(int(one.values["amount"]) > 0 for one in found)
