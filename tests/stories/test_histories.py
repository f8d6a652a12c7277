"""Histories drawn at random: purchases, corrections, returns, holds and settlements in any order.

The end that each must come to is told by a few lines that know nothing of how the product does it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.colleagues import BORIS
from tests.stories.operators import Operator, wait, work
from tests.world import BONUS, Shop, World, confirmed, created, day, returned
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.settlement.ports import Outcome
from tracker.settlement.rules import first_of
from tracker.settlement.service import approve, start

BUYERS = 2
RATES = {OnHoldEnd.CONFIRM: 1_000, OnHoldEnd.REJECT: 333, OnHoldEnd.WAIT_FOR_STAFF: 5_000}
"""Cashback of the shops, by what they promise for silence; basis points."""
HOLDS = {OnHoldEnd.CONFIRM: 10, OnHoldEnd.REJECT: 20, OnHoldEnd.WAIT_FOR_STAFF: 5}

Lines: TypeAlias = dict[str, int]
"""Kopecks by line."""


@dataclass(frozen=True, slots=True)
class Stated:
    """Who bought what, and on which day, as a shop says."""

    buyer: int
    on: int
    lines: Lines


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase and all that is ever told of it."""

    policy: OnHoldEnd
    first: Stated
    restated: Stated | None
    returns: tuple[Lines | None, ...]
    """Each a part, or None for all of it."""
    confirmed: bool
    staff_say: OnHoldEnd

    @property
    def final(self) -> Stated:
        return self.restated or self.first

    def cashback(self) -> int | None:
        """What it comes to in the end, in kopecks; None when it is rejected."""
        left = [self._left(line, sum_) for line, sum_ in self.final.lines.items()]
        if self._touched() and not any(left):
            return None
        if not (self.confirmed or self._in_silence() is OnHoldEnd.CONFIRM):
            return None
        rate = Decimal(RATES[self.policy]) / 10_000
        return sum(int((rate * sum_).quantize(Decimal(1), ROUND_HALF_UP)) for sum_ in left)

    def _left(self, line: str, sum_: int) -> int:
        back = [sum_ if part is None else part.get(line, 0) for part in self.returns]
        return max(0, sum_ - sum(back))

    def _in_silence(self) -> OnHoldEnd:
        return self.staff_say if self.policy is OnHoldEnd.WAIT_FOR_STAFF else self.policy

    def _touched(self) -> bool:
        parts = [part for part in self.returns if part is not None]
        named = any(part.get(line) for part in parts for line in self.final.lines)
        return named or None in self.returns


@dataclass(frozen=True, slots=True)
class Told:
    """A shop's event on the purchase of this number."""

    purchase: int
    event: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class HoldsEnd:
    on: int


@dataclass(frozen=True, slots=True)
class Payday:
    says: Outcome
    acts: bool


Step: TypeAlias = Told | HoldsEnd | Payday


@dataclass(frozen=True, slots=True)
class History:
    """Purchases, and the order in which things happen."""

    purchases: tuple[Bought, ...]
    steps: tuple[Step, ...]


line_ids = st.sampled_from(["1", "2", "3"])
sums = st.dictionaries(line_ids, st.integers(0, 100_000), min_size=1, max_size=3)
stated = st.builds(Stated, st.integers(0, BUYERS - 1), st.integers(0, 20), sums)
purchases = st.builds(
    Bought,
    st.sampled_from(OnHoldEnd),
    stated,
    st.none() | stated,
    st.lists(st.none() | sums | sums, max_size=2).map(tuple),
    st.booleans(),
    st.sampled_from([OnHoldEnd.CONFIRM, OnHoldEnd.REJECT]),
)
paydays = st.sampled_from(
    [
        Payday(Outcome.PAID, acts=True),
        Payday(Outcome.FAILED, acts=False),
        Payday(Outcome.UNKNOWN, acts=True),
        Payday(Outcome.UNKNOWN, acts=False),
    ]
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    bought = draw(st.lists(purchases, min_size=1, max_size=4).map(tuple))
    told = [step for number, one in enumerate(bought) for step in _events(number, one)]
    again = draw(st.lists(st.sampled_from(told), max_size=3))
    calendar = draw(st.lists(st.builds(HoldsEnd, st.integers(0, 60)) | paydays, max_size=4))
    return History(bought, tuple(draw(st.permutations([*told, *again, *calendar]))))


def _events(number: int, one: Bought) -> Iterator[Told]:
    yield Told(number, "created")
    if one.restated:
        yield Told(number, "updated")
    for place in range(len(one.returns)):
        yield Told(number, "returned", place)
    if one.confirmed:
        yield Told(number, "confirmed")


@dataclass(slots=True)
class Stage:
    """One history at a time, each with members and orders of its own."""

    world: World
    shops: dict[OnHoldEnd, Shop]
    operator: Operator = field(default_factory=Operator)
    events: int = 0
    examples: int = 0
    months: int = 0
    buyers: list[int] = field(default_factory=list)
    clicks: dict[tuple[OnHoldEnd, int], str] = field(default_factory=dict)

    def opens(self) -> None:
        self.examples += 1
        self.buyers = self.world.members(BUYERS)
        for policy, shop in self.shops.items():
            for buyer, click in enumerate(self.world.clicks(self.buyers, shop, day(-1))):
                self.clicks[policy, buyer] = click

    def plays(self, history: History) -> None:
        for step in history.steps:
            match step:
                case Told():
                    self._tell(history.purchases[step.purchase], step)
                case HoldsEnd():
                    self.world.end_holds(day(step.on))
                case Payday():
                    self._pay(step)
            self.is_sound()

    def closes(self, history: History) -> None:
        """All holds are over, staff have decided, the operator has told."""
        self.world.end_holds(day(90))
        for number, one in enumerate(history.purchases):
            rows = self.world.query(
                "SELECT FROM purchases WHERE order_id = :order AND status = 'awaiting_staff'",
                order=self._order(number),
            )
            if rows:
                order, shop = self._order(number), self.shops[one.policy]
                self.world.decide(shop, order, one.staff_say, day(91))
        wait(self.world, 3_600)
        work(self.world, self.operator)
        self.is_sound()

    def is_sound(self) -> None:
        """What was confirmed is here, on its way, or paid; nothing else is."""
        for row in self.world.query(_IDENTITY, buyers=self.buyers):
            assert row.earned == row.available + row.in_flight + row.paid

    def _order(self, number: int) -> str:
        return f"{self.examples}-{number}"

    def _tell(self, one: Bought, step: Told) -> None:
        self.events += 1
        event = self._event(one, step)
        self.world.tell_all(self.shops[one.policy], {f"event-{self.events}": event})

    def _event(self, one: Bought, step: Told) -> dict[str, Any]:
        order = self._order(step.purchase)
        if step.event == "confirmed":
            return confirmed(order, at=day(29))
        if step.event == "returned":
            part = one.returns[step.number]
            in_rubles = {line: sum_ / 100 for line, sum_ in part.items()} if part else None
            return returned(order, f"R-{step.number}", in_rubles, at=day(25))
        said = one.final if step.event == "updated" else one.first
        at = day(21) if step.event == "updated" else day(20)
        click = self.clicks[one.policy, said.buyer]
        event = created(order, click, *([1.0] * len(said.lines)), at=at, kind=step.event)
        event["data"]["ordered_at"] = day(said.on).isoformat()
        for line, (name, sum_) in zip(event["data"]["lines"], said.lines.items(), strict=True):
            line |= {"line_id": name, "amount": f"{sum_ // 100}.{sum_ % 100:02d}"}
        return event

    def _pay(self, payday: Payday) -> None:
        self.months += 1
        year, month = divmod(self.months, 12)
        period = f"{2011 + year}-{month + 1:02d}"
        run = self.world.prepare(period, first_of(period))
        with unit_of_work(self.world.tools.engine) as session:
            approve(session, period, run.sha256, BORIS)
            start(session, period)
        self.operator.says, self.operator.acts = payday.says, payday.acts
        work(self.world, self.operator)
        self.operator.says, self.operator.acts = Outcome.PAID, True


_IDENTITY = """
    SELECT balances.available, balances.in_flight,
           coalesce((SELECT sum(confirmed_cashback) FROM purchases
                     WHERE purchases.member_id = balances.member_id), 0)
         + coalesce((SELECT amount FROM welcome_bonuses AS bonus
                     WHERE bonus.member_id = balances.member_id AND confirmed), 0) AS earned,
           coalesce((SELECT sum(amount) FROM payouts
                     WHERE payouts.member_id = balances.member_id AND state = 'paid'), 0) AS paid
    FROM member_balances AS balances WHERE balances.member_id = ANY (:buyers)
"""


@pytest.fixture
def stage(world: World) -> Stage:
    """Three shops, one for each promise."""
    return Stage(
        world,
        {
            policy: world.shop(
                policy.value.replace("_", "-"),
                cashback=RATES[policy],
                commission=RATES[policy] + 200,
                hold_days=HOLDS[policy],
                on_hold_end=policy,
            )
            for policy in OnHoldEnd
        },
    )


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories())
def test_every_history_comes_to_the_end_that_its_facts_tell(stage: Stage, history: History) -> None:
    stage.opens()
    stage.plays(history)
    stage.closes(history)
    for buyer, member in enumerate(stage.buyers):
        mine = [one for one in history.purchases if one.final.buyer == buyer]
        kept = [one for one in mine if one.cashback() is not None]
        # A bonus goes with a purchase for which something was paid.
        paid_for = any(any(one.final.lines.values()) for one in kept)
        expected = sum(one.cashback() or 0 for one in kept) + (BONUS if paid_for else 0)
        balance = stage.world.balance(member)
        paid = sum(
            top_up.amount
            for top_up in stage.operator.paid.values()
            if top_up.phone == stage.world.phone(member)
        )
        assert balance == Balance(0, expected - paid, 0)
    assert stage.world.differences() == []
