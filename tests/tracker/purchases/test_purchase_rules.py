"""What a purchase comes to, and the steps that take the ledger there."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.ledger.rules import Account, Kind
from tracker.purchases.rules import (
    NOTHING,
    Earned,
    Facts,
    Standing,
    Status,
    Step,
    earned_on,
    evaluate,
    step_posting,
    steps,
)

TEN_PERCENT = Terms(1_000, 1_200, 30, OnHoldEnd.CONFIRM)
MEMBER = 7
NOW = datetime(2011, 1, 1, tzinfo=UTC)


def facts(
    amounts: dict[str, int] | None = None,
    returned: dict[str, int] | None = None,
    *,
    whole: bool = False,
    by_shop: bool = False,
    hold: OnHoldEnd | None = None,
) -> Facts:
    """A purchase of 100.00 and 50.00, of which nothing came back, unless told otherwise."""
    return Facts(amounts or {"1": 10_000, "2": 5_000}, returned or {}, whole, by_shop, hold)


def capped(ceiling: int, **told: Any) -> Facts:
    return replace(facts(**told), ceiling=ceiling)


def unproved(staff: OnHoldEnd | None = None, **told: Any) -> Facts:
    return replace(facts(**told), trusted=False, staff_outcome=staff)


def suspected(staff: OnHoldEnd | None = None, **told: Any) -> Facts:
    return replace(facts(**told), suspected=True, staff_outcome=staff)


def staff_said(outcome: OnHoldEnd, **told: Any) -> Facts:
    waited = OnHoldEnd.WAIT_FOR_STAFF
    return replace(facts(hold=waited, **told), staff_outcome=outcome)


def standing(told: Facts) -> Standing:
    return evaluate(told, TEN_PERCENT, MEMBER)


@pytest.mark.parametrize(
    ("told", "status", "cashback"),
    [
        (facts(), Status.PENDING, 1_500),
        (facts(hold=OnHoldEnd.CONFIRM), Status.CONFIRMED, 1_500),
        (facts(hold=OnHoldEnd.REJECT), Status.REJECTED, 0),
        (facts(hold=OnHoldEnd.WAIT_FOR_STAFF), Status.AWAITING_STAFF, 1_500),
        (facts(by_shop=True), Status.CONFIRMED, 1_500),
        (facts(by_shop=True, hold=OnHoldEnd.REJECT), Status.CONFIRMED, 1_500),
        (facts(by_shop=True, hold=OnHoldEnd.WAIT_FOR_STAFF), Status.CONFIRMED, 1_500),
        (facts(whole=True), Status.REJECTED, 0),
        (facts(whole=True, by_shop=True), Status.REJECTED, 0),
        (facts(returned={"2": 5_000}), Status.PENDING, 1_000),
        (facts(returned={"2": 4_999}), Status.PENDING, 1_000),
        (facts(returned={"2": 4_995}), Status.PENDING, 1_001),
        (facts(returned={"1": 99_999}), Status.PENDING, 500),
        (facts(returned={"1": 10_000, "2": 5_000}), Status.REJECTED, 0),
        (facts(returned={"9": 5_000}), Status.PENDING, 1_500),
        (capped(15_000), Status.PENDING, 1_500),
        (capped(12_000), Status.PENDING, 1_200),
        (capped(8_000, by_shop=True), Status.CONFIRMED, 800),
        (capped(0, hold=OnHoldEnd.CONFIRM), Status.REJECTED, 0),
        (capped(12_000, returned={"2": 4_000}), Status.PENDING, 1_100),
        (unproved(by_shop=True), Status.PENDING, 1_500),
        (unproved(by_shop=True, hold=OnHoldEnd.REJECT), Status.CONFIRMED, 1_500),
        (unproved(hold=OnHoldEnd.REJECT), Status.REJECTED, 0),
        (unproved(hold=OnHoldEnd.CONFIRM), Status.CONFIRMED, 1_500),
        (unproved(staff=OnHoldEnd.CONFIRM), Status.CONFIRMED, 1_500),
        (unproved(staff=OnHoldEnd.REJECT, by_shop=True), Status.REJECTED, 0),
        (suspected(by_shop=True), Status.AWAITING_STAFF, 1_500),
        (suspected(hold=OnHoldEnd.CONFIRM), Status.AWAITING_STAFF, 1_500),
        (suspected(hold=OnHoldEnd.REJECT), Status.AWAITING_STAFF, 1_500),
        (suspected(staff=OnHoldEnd.CONFIRM), Status.CONFIRMED, 1_500),
        (suspected(staff=OnHoldEnd.REJECT, by_shop=True), Status.REJECTED, 0),
        (suspected(whole=True), Status.REJECTED, 0),
        (staff_said(OnHoldEnd.REJECT), Status.REJECTED, 0),
        (staff_said(OnHoldEnd.CONFIRM), Status.CONFIRMED, 1_500),
        (staff_said(OnHoldEnd.REJECT, by_shop=True), Status.CONFIRMED, 1_500),
        (facts({"1": 0}), Status.PENDING, 0),
        (facts({"1": 0}, hold=OnHoldEnd.CONFIRM), Status.CONFIRMED, 0),
        (facts({"1": 0, "2": 100}, {"2": 100}), Status.REJECTED, 0),
    ],
)
def test_what_a_purchase_comes_to(told: Facts, status: Status, cashback: int) -> None:
    found = standing(told)
    assert found.status is status
    assert found.pending.cashback + found.confirmed.cashback == cashback
    assert found.member_id == MEMBER


def test_every_line_is_rounded_by_itself() -> None:
    three_halves = facts({"1": 5, "2": 5, "3": 5})
    assert standing(three_halves).pending.cashback == 3


kopecks = st.integers(0, 10**9)
rates = st.integers(0, 5_000)
line_ids = st.sampled_from(["1", "2", "3"])
sums = st.dictionaries(line_ids, kopecks, min_size=1)
some_facts = st.builds(
    Facts,
    sums,
    st.dictionaries(line_ids, kopecks),
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from(OnHoldEnd),
    st.none() | st.sampled_from([OnHoldEnd.CONFIRM, OnHoldEnd.REJECT]),
    st.booleans(),
    st.booleans(),
    st.none() | kopecks,
)
some_terms = st.builds(
    Terms, rates, st.integers(0, 10_000), st.just(30), st.sampled_from(OnHoldEnd)
)


@given(some_facts, some_terms)
def test_nothing_earns_more_than_was_promised(told: Facts, terms: Terms) -> None:
    found = evaluate(told, terms, MEMBER)
    promised = earned_on(told.amounts.values(), terms)
    for part in (found.pending, found.confirmed):
        assert 0 <= part.cashback <= promised.cashback
        assert 0 <= part.commission <= promised.commission
    assert NOTHING in (found.pending, found.confirmed)


@given(some_facts, some_terms, line_ids, kopecks)
def test_what_comes_back_never_adds(told: Facts, terms: Terms, line: str, more: int) -> None:
    returned = {**told.returned, line: told.returned.get(line, 0) + more}
    further = replace(told, returned=returned)
    before, after = evaluate(told, terms, MEMBER), evaluate(further, terms, MEMBER)
    assert (after.pending + after.confirmed).cashback <= (
        before.pending + before.confirmed
    ).cashback


@given(some_facts, some_terms)
def test_all_parts_back_is_all_of_it_back(told: Facts, terms: Terms) -> None:
    in_parts = Facts(told.amounts, told.amounts, False, told.confirmed_by_shop, None)
    if any(told.amounts.values()):
        assert evaluate(in_parts, terms, MEMBER) == Standing(Status.REJECTED, MEMBER)


earned = st.builds(Earned, kopecks, kopecks)
nobodys = st.sampled_from([Standing(Status.UNMATCHED), Standing(Status.UNATTRIBUTED)])
somebodys = st.one_of(
    st.builds(Standing, st.just(Status.PENDING), st.sampled_from([1, 2]), earned),
    st.builds(Standing, st.just(Status.REJECTED), st.sampled_from([1, 2])),
    st.builds(
        Standing, st.just(Status.CONFIRMED), st.sampled_from([1, 2]), st.just(NOTHING), earned
    ),
)
standings = nobodys | somebodys


@given(standings, standings, earned)
def test_the_steps_take_what_is_booked_to_where_it_ought_to_be(
    booked: Standing, target: Standing, sold: Earned
) -> None:
    pending: defaultdict[int | None, Earned] = defaultdict(Earned)
    confirmed: defaultdict[int | None, Earned] = defaultdict(Earned)
    pending[booked.member_id] += booked.pending
    confirmed[booked.member_id] += booked.confirmed
    for step in steps(booked, target, sold):
        _apply(step, pending, confirmed)
    for member in (1, 2):
        mine = target if target.member_id == member else Standing(Status.REJECTED)
        assert pending[member] == mine.pending
        assert confirmed[member] == mine.confirmed


def _apply(
    step: Step,
    pending: defaultdict[int | None, Earned],
    confirmed: defaultdict[int | None, Earned],
) -> None:
    match step.kind:
        case Kind.TRACKED:
            pending[step.member_id] += step.moved
        case Kind.REJECTED:
            pending[step.member_id] -= step.moved
        case Kind.CONFIRMED:
            pending[step.member_id] -= step.moved
            confirmed[step.member_id] += step.moved
        case _:
            assert step.kind is Kind.CLAWED_BACK
            confirmed[step.member_id] -= step.moved


@given(standings, earned)
def test_nothing_moves_when_all_is_where_it_ought_to_be(booked: Standing, sold: Earned) -> None:
    assert list(steps(booked, booked, sold)) == []


@given(some_facts, some_terms)
def test_a_first_report_leaves_the_trail_of_what_was_sold(told: Facts, terms: Terms) -> None:
    sold = earned_on(told.amounts.values(), terms)
    taken = list(steps(Standing(Status.UNMATCHED), evaluate(told, terms, MEMBER), sold))
    moved = {step.kind: step.moved for step in taken}
    assert moved.get(Kind.TRACKED, NOTHING) == sold
    left = evaluate(told, terms, MEMBER)
    assert moved.get(Kind.REJECTED, NOTHING) + left.pending + left.confirmed == sold


@given(standings, standings, earned)
def test_every_step_is_a_sound_posting_for_its_member_and_shop(
    booked: Standing, target: Standing, sold: Earned
) -> None:
    for step in steps(booked, target, sold):
        made = step_posting(step, shop_id=3, reference="x", effective_at=NOW, corrects=None)
        assert made is not None
        owners = {leg.account: leg.owner for leg in made.legs}
        for account, owner in owners.items():
            if account in (Account.MEMBER_PENDING, Account.MEMBER_AVAILABLE):
                assert owner == step.member_id
            elif account in (Account.SHOP_PENDING_COMMISSION, Account.SHOP_RECEIVABLE):
                assert owner == 3
            else:
                assert owner == 0


def test_a_step_of_nothing_is_no_posting() -> None:
    step = Step(Kind.CONFIRMED, MEMBER, NOTHING)
    assert step_posting(step, shop_id=3, reference="x", effective_at=NOW, corrects=None) is None


@pytest.mark.parametrize(
    ("booked", "target", "kinds"),
    [
        (
            Standing(Status.UNMATCHED),
            Standing(Status.CONFIRMED, 1, confirmed=Earned(10, 12)),
            [Kind.TRACKED, Kind.CONFIRMED],
        ),
        (
            Standing(Status.PENDING, 1, Earned(10, 12)),
            Standing(Status.CONFIRMED, 1, confirmed=Earned(4, 5)),
            [Kind.REJECTED, Kind.CONFIRMED],
        ),
        (
            Standing(Status.CONFIRMED, 1, confirmed=Earned(10, 12)),
            Standing(Status.CONFIRMED, 1, confirmed=Earned(4, 5)),
            [Kind.CLAWED_BACK],
        ),
        (
            Standing(Status.CONFIRMED, 1, confirmed=Earned(4, 5)),
            Standing(Status.CONFIRMED, 1, confirmed=Earned(10, 12)),
            [Kind.TRACKED, Kind.CONFIRMED],
        ),
        (
            Standing(Status.CONFIRMED, 1, confirmed=Earned(10, 12)),
            Standing(Status.PENDING, 2, Earned(10, 12)),
            [Kind.CLAWED_BACK, Kind.TRACKED],
        ),
        (
            Standing(Status.PENDING, 1, Earned(10, 12)),
            Standing(Status.UNATTRIBUTED),
            [Kind.REJECTED],
        ),
    ],
    ids=["confirmed at once", "less confirmed", "taken back", "more", "moved", "nobody's"],
)
def test_the_kinds_of_steps(booked: Standing, target: Standing, kinds: list[Kind]) -> None:
    sold = target.pending + target.confirmed
    assert [step.kind for step in steps(booked, target, sold)] == kinds
