"""Which statements hold: a function of the set of them, whatever the order."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.purchases.contracts import Line, PurchaseStated
from tracker.purchases.statements import Stated, extends, hold_starts, merge, only_lowers, read

BEGIN = datetime(2010, 12, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return BEGIN + timedelta(days=number)


def told(lines: dict[str, int], source: str = "a", **options: Any) -> PurchaseStated:
    settings: dict[str, Any] = {"at": day(0), "amended": False, "click_id": "c", **options}
    return PurchaseStated(
        1,
        "A-1",
        settings.pop("at"),
        source,
        settings.pop("amended"),
        settings.pop("click_id"),
        settings.pop("ordered_at", day(0)),
        tuple(Line(line, 1, amount) for line, amount in lines.items()),
        **settings,
    )


def known(*reports: PurchaseStated) -> Stated:
    found = reduce(merge, (read(one) for one in reports), None)
    assert found is not None
    return found


days = st.integers(0, 2).map(day)
sums = st.dictionaries(st.sampled_from("123"), st.integers(0, 3), min_size=1)


@st.composite
def statements(draw: st.DrawFn) -> list[PurchaseStated]:
    """Some words of one purchase, few of their kinds, so that they meet in rank."""
    return [
        told(
            draw(sums),
            f"msg-{number}",
            at=draw(days),
            amended=draw(st.booleans()),
            click_id=draw(st.sampled_from([None, "c", "d"])),
            ordered_at=draw(days),
            whole=draw(st.booleans()),
            trusted=draw(st.booleans()),
            dated=draw(st.booleans()),
            received_at=draw(st.none() | days),
        )
        for number in range(draw(st.integers(1, 6)))
    ]


@given(statements(), st.randoms(use_true_random=False))
def test_the_order_changes_nothing_and_twice_is_once(
    reports: list[PurchaseStated], random: Any
) -> None:
    shuffled = reports + reports[:2]
    random.shuffle(shuffled)
    assert known(*shuffled) == known(*reports)


@given(statements())
def test_what_changes_nothing_is_the_very_same(reports: list[PurchaseStated]) -> None:
    found = known(*reports)
    for one in reports:
        assert merge(found, read(one)) is found


@given(statements())
def test_what_holds_is_a_plain_rule(reports: list[PurchaseStated]) -> None:
    """The best of the best kind; of pieces, each line by its own best."""
    found = known(*reports)
    kind = max((one.trusted, one.whole) for one in reports)
    best = [one for one in reports if (one.trusted, one.whole) == kind]

    def rank(one: PurchaseStated, amount: int) -> tuple[Any, ...]:
        return one.amended, one.dated, one.at if one.dated else BEGIN, -amount, one.source

    def total(one: PurchaseStated) -> int:
        return sum(line.amount for line in one.lines)

    if kind[1]:
        winner = max(best, key=lambda one: rank(one, total(one)))
        assert found.amounts == {line.line_id: line.amount for line in winner.lines}
        assert (found.click_id, found.ordered_at) == (winner.click_id, winner.ordered_at)
        return
    expected = {}
    for name in {line.line_id for one in best for line in one.lines}:
        pieces = [(one, line) for one in best for line in one.lines if line.line_id == name]
        expected[name] = max(pieces, key=lambda each: rank(each[0], each[1].amount))[1].amount
    assert found.amounts == expected
    assert found.ordered_at == min(one.ordered_at for one in best)
    naming = [one for one in best if one.click_id]
    by_rank = max(naming, key=lambda one: rank(one, 0), default=None)
    assert found.click_id == (by_rank and by_rank.click_id)


def test_a_line_that_stands_twice_counts_once_and_the_smaller_amount() -> None:
    twice = (Line("1", 1, 50), Line("1", 1, 40))
    for whole in (True, False):
        report = PurchaseStated(1, "A", day(0), "a", False, None, day(0), twice, whole)
        assert read(report).amounts == {"1": 40}
        assert read(report).total == 40


def test_pieces_that_only_add_are_told_from_those_that_replace() -> None:
    first = known(told({"1": 5}, whole=False))
    more = merge(first, read(told({"2": 5}, "b", whole=False)))
    other = merge(first, read(told({"1": 4}, "b", whole=False)))
    assert extends(first, more)
    assert not extends(first, other)
    assert not extends(None, first)
    assert not extends(known(told({"1": 5})), known(told({"1": 5}, "b")))


@pytest.mark.parametrize(
    ("fresh", "lowers"),
    [
        (told({"1": 5, "2": 5}), True),
        (told({"1": 4}), True),
        (told({"1": 5}, ordered_at=day(1)), True),
        (told({"1": 6}), False),
        (told({"3": 0}), False),
        (told({"1": 1}, click_id="d"), False),
        (told({"1": 1}, click_id=None), False),
        (told({"1": 1}, ordered_at=day(-1)), False),
    ],
)
def test_what_only_lowers(fresh: PurchaseStated, lowers: bool) -> None:
    assert only_lowers(known(told({"1": 5, "2": 5})), read(fresh)) is lowers


@pytest.mark.parametrize(
    ("options", "starts"),
    [
        ({}, 3),
        ({"ordered_at": day(4)}, 4),
        ({"received_at": day(9)}, 3),
        ({"trusted": False}, 3),
        ({"trusted": False, "ordered_at": day(4)}, 4),
        ({"trusted": False, "received_at": day(9)}, 9),
        ({"trusted": False, "received_at": day(2)}, 3),
        ({"trusted": False, "dated": False, "at": day(7)}, 7),
        ({"trusted": False, "dated": False, "at": day(7), "received_at": day(8)}, 8),
    ],
)
def test_a_hold_is_counted_from_the_order_or_from_when_we_could_know(
    options: dict[str, Any], starts: int
) -> None:
    found = known(told({"1": 5}, **{"ordered_at": day(1), **options}))
    assert hold_starts(found, clicked_at=day(3)) == day(starts)
