"""Periods, seals, the schedule of questions, and a payout's postings."""

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.kit.clock import MOSCOW
from tracker.kit.money import MAX_KOPECKS
from tracker.ledger.rules import HOUSE, Account, Kind
from tracker.settlement.calendar import period_of
from tracker.settlement.rules import (
    ENDED,
    IN_FLIGHT,
    Conduct,
    PayoutState,
    PeriodInvalid,
    SealedLine,
    first_of,
    gateway_key,
    payout_posting,
    seal,
    until_next_question,
)

NOW = datetime(2011, 1, 1, tzinfo=UTC)
A_DAY = 86_400


def test_a_period_begins_on_its_first_at_midnight_in_moscow() -> None:
    assert first_of("2011-01") == datetime(2011, 1, 1, tzinfo=MOSCOW)
    assert first_of("2011-01") == datetime(2010, 12, 31, 21, tzinfo=UTC)
    assert first_of("2012-07") == datetime(2012, 6, 30, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2011-1",
        "2011-13",
        "2011-00",
        "1999-01",
        "2011-01-01",
        " 2011-01",
        "2011-01\n",
        "",
        "٢٠١١-٠١",
    ],
)
def test_a_period_is_written_in_one_way(text: str) -> None:
    with pytest.raises(PeriodInvalid):
        first_of(text)


@given(st.integers(1_294_000_000, 4_070_000_000))
def test_the_latest_period_is_the_one_that_began_last(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    period = period_of(moment)
    assert first_of(period) <= moment
    year, month = map(int, period.split("-"))
    following = f"{year + month // 12}-{month % 12 + 1:02d}"
    assert moment < first_of(following)


lines = st.lists(
    st.builds(
        SealedLine,
        st.integers(1, 10**6),
        st.integers(1, 10**7 - 1),
        st.integers(1, MAX_KOPECKS),
    ),
    max_size=5,
)


def test_a_seal_can_be_computed_by_anybody() -> None:
    told = b"settlement 2011-01\n7 17 15000\n9 19 100\n"
    sealed = [SealedLine(7, 17, 15_000), SealedLine(9, 19, 100)]
    assert seal("2011-01", sealed) == hashlib.sha256(told).hexdigest()


@given(lines, lines)
def test_lists_that_differ_have_seals_that_differ(
    one: list[SealedLine], other: list[SealedLine]
) -> None:
    assert (seal("2011-01", one) == seal("2011-01", other)) == (one == other)
    assert seal("2011-01", one) != seal("2011-02", one)


def test_the_operator_is_asked_ever_more_rarely_and_then_staff_are() -> None:
    conduct, age, asked = Conduct(), 0, []
    while (wait := until_next_question(age, conduct)) is not None:
        age += wait
        asked.append(age)
    assert asked == [60, 300, 3_600, A_DAY, 2 * A_DAY, 3 * A_DAY, 4 * A_DAY, 5 * A_DAY]


def test_money_is_in_flight_from_the_sending_until_it_is_known() -> None:
    before = {PayoutState.PREPARED}
    without = {PayoutState.PAID, PayoutState.FAILED, PayoutState.WITHHELD}
    assert set(PayoutState) - before - without == IN_FLIGHT
    assert set(PayoutState) - before - IN_FLIGHT | {PayoutState.WITH_STAFF} == ENDED


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "corrects"),
    [
        (Kind.PAYOUT_SUBMITTED, Account.MEMBER_AVAILABLE, Account.MEMBER_IN_FLIGHT, None),
        (Kind.PAYOUT_PAID, Account.MEMBER_IN_FLIGHT, Account.OWED_TO_OPERATOR, None),
        (
            Kind.PAYOUT_FAILED,
            Account.MEMBER_IN_FLIGHT,
            Account.MEMBER_AVAILABLE,
            "payout:7:payout_submitted",
        ),
    ],
)
def test_the_postings_of_a_payout(
    kind: Kind, debit: Account, credit: Account, corrects: str | None
) -> None:
    made = payout_posting(kind, payout_id=7, member_id=5, amount=100, effective_at=NOW)
    assert [(leg.account, leg.amount) for leg in made.legs] == [(debit, 100), (credit, -100)]
    assert {leg.owner for leg in made.legs} <= {5, HOUSE}
    assert made.reference == f"payout:7:{kind}"
    assert made.corrects == corrects


def test_the_operator_hears_of_a_payout_under_one_key() -> None:
    assert gateway_key(7) == "payout:7"
