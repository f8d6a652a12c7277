"""Histories drawn at random of words that are proved or not, whole or in pieces, with verdicts.

The end that each must come to is told by a few lines that know nothing of how the product does it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stories.reports import THE_END, book_all
from tests.world import BONUS, Shop, World, day
from tracker.clicks.rules import OnHoldEnd
from tracker.ledger.service import Balance
from tracker.purchases.contracts import (
    CANCELLATION,
    Line,
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
    ReturnLine,
)

BUYERS = 2
Lines: TypeAlias = Mapping[str, int]
"""Kopecks by line."""


@dataclass(frozen=True, slots=True)
class Told:
    """One word of a shop, without the shop, the order and the click's own id."""

    kind: str
    lines: Lines
    trusted: bool
    on: int
    buyer: int | None = None
    ordered_on: int = 0
    whole: bool = True
    dated: bool = True
    amended: bool = False
    total: int | None = None


@dataclass(frozen=True, slots=True)
class HoldsEnd:
    on: int


Step: TypeAlias = Told | HoldsEnd
sums = st.dictionaries(st.sampled_from("123"), st.integers(0, 500), min_size=1)
days = st.integers(0, 3)
statements = st.builds(
    Told,
    st.just("stated"),
    sums,
    st.booleans(),
    days,
    st.sampled_from([None, 0, 0, 1]),
    days,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
confirmations = st.builds(
    Told,
    st.just("confirmed"),
    st.just({}),
    st.booleans(),
    days,
    total=st.none() | st.integers(0, 900),
)
returns = st.builds(Told, st.just("returned"), sums, st.booleans(), days)
cancellations = st.builds(Told, st.just("cancelled"), st.just({}), st.booleans(), days)
steps = st.lists(
    st.one_of(
        statements,
        statements,
        statements,
        confirmations,
        returns,
        st.builds(HoldsEnd, st.integers(0, 40)),
        cancellations,
    ),
    min_size=1,
    max_size=8,
)


@dataclass(slots=True)
class Stage:
    """One purchase at a time, with members of its own."""

    world: World
    shops: dict[OnHoldEnd, Shop]
    shop: Shop
    examples: int = 0
    buyers: list[int] = field(default_factory=list)
    clicks: list[str] = field(default_factory=list)
    known: list[tuple[int, Told]] = field(default_factory=list)

    def opens(self, policy: OnHoldEnd) -> None:
        self.examples += 1
        self.shop = self.shops[policy]
        self.buyers = self.world.members(BUYERS)
        self.clicks = self.world.clicks(self.buyers, self.shop, day(0))
        self.known = []

    def plays(self, history: Sequence[Step]) -> None:
        for number, step in enumerate(history):
            before = self._confirmed()
            if isinstance(step, HoldsEnd):
                self.world.end_holds(day(step.on))
                continue
            refused = book_all(self.world, self._report(number, step))
            if refused:
                # Staff see it; nothing else is ever refused here.
                assert (refused, step.trusted) == (["amount_not_proven"], False)
            else:
                self.known.append((number, step))
            if not step.trusted:
                # A line that is cut at a ceiling is rounded anew, and so may be its neighbours.
                slack = 2 if step.kind == "stated" else 0
                for was, now in zip(before, self._confirmed(), strict=True):
                    assert now <= was + slack

    def _confirmed(self) -> list[int]:
        """What each buyer has for good, the bonus apart."""
        rows = self.world.query(
            "SELECT member_id, confirmed_cashback FROM purchases WHERE member_id = ANY (:buyers)",
            buyers=self.buyers,
        )
        found = {row.member_id: int(row.confirmed_cashback) for row in rows}
        return [found.get(buyer, 0) for buyer in self.buyers]

    def _report(self, number: int, told: Told) -> PurchaseReport:
        shop, order = self.shop.id, f"order {self.examples}"
        at, source = day(told.on), f"msg-{number}"
        way: dict[str, Any] = {"trusted": told.trusted, "dated": told.dated}
        if told.kind == "confirmed":
            return PurchaseConfirmed(shop, order, at, source, told.total, **way)
        if told.kind == "cancelled":
            return PurchaseReturned(shop, order, at, source, CANCELLATION, None, **way)
        if told.kind == "returned":
            back = tuple(ReturnLine(line, 1, sum_) for line, sum_ in told.lines.items())
            return PurchaseReturned(shop, order, at, source, source, back, **way)
        lines = tuple(Line(line, 1, sum_) for line, sum_ in told.lines.items())
        click = None if told.buyer is None else self.clicks[told.buyer]
        ordered_at = day(told.ordered_on)
        amended, whole = told.amended, told.whole
        return PurchaseStated(
            shop, order, at, source, amended, click, ordered_at, lines, whole, **way
        )


@dataclass(frozen=True, slots=True)
class End:
    """What all that was taken comes to: whose, and how many kopecks by line."""

    buyer: int | None
    lines: Lines


Word: TypeAlias = tuple[int, Told]
"""A word, and which it was."""


def rank(word: Word, amount: int) -> tuple[Any, ...]:
    """Which word of one kind holds."""
    number, told = word
    return told.amended, told.dated, told.on if told.dated else 0, -amount, f"msg-{number}"


def stated(known: Sequence[Word]) -> End | None:
    """What the shop's statements come to."""
    words = [(number, told) for number, told in known if told.kind == "stated"]
    if not words:
        return None
    kind = max((told.trusted, told.whole) for _, told in words)
    best = [(number, told) for number, told in words if (told.trusted, told.whole) == kind]
    if kind[1]:
        _, told = max(best, key=lambda one: rank(one, sum(one[1].lines.values())))
        return End(told.buyer, told.lines)
    lines = {}
    for line in {line for _, told in best for line in told.lines}:
        pieces = [(number, told) for number, told in best if line in told.lines]
        best_piece = max(rank(one, one[1].lines[line]) for one in pieces)
        lines[line] = -best_piece[3]
    naming = [one for one in best if one[1].buyer is not None]
    header = max(naming, key=lambda one: rank(one, 0), default=None)
    return End(header[1].buyer if header else None, lines)


def left(end: End, known: Sequence[Word]) -> Lines:
    """What is left of it after returns, by line."""
    told = [one for _, one in known]
    if any(one.kind == "cancelled" for one in told):
        return dict.fromkeys(end.lines, 0)
    back = [one.lines for one in told if one.kind == "returned"]
    return {
        line: max(0, sum_ - sum(one.get(line, 0) for one in back))
        for line, sum_ in end.lines.items()
    }


def confirmable(end: End, known: Sequence[Word]) -> Lines:
    """What the verdicts leave of what was stated: the first lines, up to the least total."""
    totals = [one.total for _, one in known if one.kind == "confirmed" and one.total is not None]
    room = min(totals, default=10**9)
    found = {}
    for line in sorted(end.lines):
        found[line] = min(room, end.lines[line])
        room -= found[line]
    return found


def is_touched(end: End, known: Sequence[Word]) -> bool:
    """Whether anything was taken from it."""
    told = [one for _, one in known]
    named = any(one.lines.get(line) for one in told if one.kind == "returned" for line in end.lines)
    is_off = any(one.kind == "cancelled" for one in told)
    return named or is_off or confirmable(end, known) != end.lines


def cashback(lines: Lines) -> int:
    """Ten percent of each line, half up."""
    return sum(
        int((Decimal(sum_) / 10).quantize(Decimal(1), ROUND_HALF_UP)) for sum_ in lines.values()
    )


def expected(policy: OnHoldEnd, known: Sequence[Word]) -> list[Balance]:
    """What each buyer has when every hold is over."""
    balances = [Balance(0, 0, 0)] * BUYERS
    end = stated(known)
    if end is None or end.buyer is None:
        return balances
    kept, limit = left(end, known), confirmable(end, known)
    if is_touched(end, known) and not (any(kept.values()) and any(limit.values())):
        return balances
    is_confirmed = any(one.kind == "confirmed" and one.trusted for _, one in known)
    verdict = OnHoldEnd.CONFIRM if is_confirmed else policy
    bonus = BONUS if any(end.lines.values()) else 0
    sum_ = min(cashback(kept), cashback(limit)) + bonus
    balances[end.buyer] = {
        OnHoldEnd.CONFIRM: Balance(0, sum_, 0),
        OnHoldEnd.REJECT: Balance(0, 0, 0),
        OnHoldEnd.WAIT_FOR_STAFF: Balance(sum_, 0, 0),
    }[verdict]
    return balances


@pytest.fixture
def stage(world: World) -> Stage:
    """Three shops, one for each promise."""
    shops = {
        policy: world.shop(policy.value.replace("_", "-"), hold_days=10, on_hold_end=policy)
        for policy in OnHoldEnd
    }
    return Stage(world, shops, shops[OnHoldEnd.CONFIRM])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=steps, policy=st.sampled_from(OnHoldEnd))
def test_every_history_comes_to_the_end_that_its_facts_tell(
    stage: Stage, history: list[Step], policy: OnHoldEnd
) -> None:
    stage.opens(policy)
    stage.plays(history)
    stage.world.end_holds(THE_END)
    balances = [stage.world.balance(buyer) for buyer in stage.buyers]
    assert balances == expected(policy, stage.known)
    assert stage.world.differences() == []
