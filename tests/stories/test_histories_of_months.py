"""Random months: what is paid and what stays is what was confirmed, and every bridge adds up."""

from dataclasses import dataclass, field
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.colleagues import BORIS
from tests.stories.months import FIRST
from tests.stories.operators import Operator, wait, work
from tests.world import Shop, World, confirmed, created, day
from tracker.goals.queries import open_goals_of
from tracker.goals.service import change, create, drop
from tracker.kit.database import unit_of_work
from tracker.members.rules import normal_phone
from tracker.purchases.service import Programme
from tracker.relatives.rules import SharesExceedAll
from tracker.relatives.service import Wish, add, confirm
from tracker.settlement.lists.bridge import bridge_of
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.lists.steps import Step, misses
from tracker.settlement.ports import Outcome
from tracker.settlement.service import approve, start

MEMBERS = 3


@dataclass(frozen=True, slots=True)
class Earns:
    """A purchase is confirmed; the member has so many kopecks more."""

    member: int
    kopecks: int


@dataclass(frozen=True, slots=True)
class SentBack:
    """Of a purchase before, by its number, only so many hundredths stay."""

    purchase: int
    stays: int


@dataclass(frozen=True, slots=True)
class Shares:
    """The member adds a relative: kopecks each month, or basis points."""

    member: int
    fixed: int | None
    share_bp: int | None


@dataclass(frozen=True, slots=True)
class Wants:
    """The member turns auto-payment on or off."""

    member: int
    payment: bool


@dataclass(frozen=True, slots=True)
class Saves:
    """The member makes a goal of so many kopecks."""

    member: int
    target: int


@dataclass(frozen=True, slots=True)
class Drops:
    """The member gives the first goal up, or pauses it."""

    member: int
    for_good: bool


@dataclass(frozen=True, slots=True)
class Payday:
    """A month is drawn up; ``between`` happens before it is sent; then the operator says so."""

    cap: int | None
    between: tuple["Earns | SentBack | Wants | Saves | Drops", ...]
    says: Outcome
    acts: bool


Step_: TypeAlias = Earns | SentBack | Shares | Wants | Saves | Drops | Payday

who = st.integers(0, MEMBERS - 1)
earns = st.builds(Earns, who, st.integers(1, 30_000))
sent_back = st.builds(SentBack, st.integers(0, 9), st.integers(0, 100))
wants = st.builds(Wants, who, st.booleans())
shares = st.builds(Shares, who, st.integers(1, 20_000), st.none()) | st.builds(
    Shares, who, st.none(), st.integers(1, 10_000)
)
saves = st.builds(Saves, who, st.integers(1, 40_000))
drops = st.builds(Drops, who, st.booleans())
outcomes = st.sampled_from(
    [(Outcome.PAID, True), (Outcome.PAID, True), (Outcome.FAILED, False), (Outcome.UNKNOWN, True)]
)
paydays = st.builds(
    lambda cap, between, outcome: Payday(cap, tuple(between), *outcome),
    st.none() | st.integers(100, 15_000),
    st.lists(earns | sent_back | wants | saves | drops, max_size=2),
    outcomes,
)
steps = earns | earns | sent_back | shares | wants | saves | drops | paydays
histories = st.lists(steps, min_size=3, max_size=12)


@dataclass(slots=True)
class Months:
    """One history at a time, each with members of its own; the months go on."""

    world: World
    shop: Shop
    operator: Operator = field(default_factory=Operator)
    month: int = 0
    orders: int = 0
    relatives: int = 0
    members: list[int] = field(default_factory=list)
    bought: list[tuple[str, int]] = field(default_factory=list)

    def plays(self, history: list[Step_]) -> None:
        self.members, self.bought = self.world.members(MEMBERS), []
        for step in [*history, Payday(None, (), Outcome.PAID, acts=True)]:
            self.happens(step)
            self.is_sound()

    def happens(self, step: Step_) -> None:
        match step:
            case Earns():
                self._earn(step)
            case SentBack():
                self._send_back(step)
            case Shares():
                self._share(step)
            case Wants():
                self.world.change(
                    "UPDATE members SET auto_payment = :wants WHERE id = :id",
                    wants=step.payment,
                    id=self.members[step.member],
                )
            case Saves():
                with unit_of_work(self.world.tools.engine) as session:
                    create(session, self.members[step.member], "a phone", step.target, day(5))
            case Drops():
                self._drop(step)
            case Payday():
                self._pay(step)

    def is_sound(self) -> None:
        """What was confirmed is here, on its way, or paid: by our books and by the operator's."""
        for row in self.world.query(_IDENTITY, members=self.members):
            assert row.earned == row.available + row.reserved + row.in_flight + row.paid
            assert row.available >= 0 or row.reserved == 0, "who owes has nothing put aside"
        books = self.world.query("SELECT 'payout:' || id AS key, amount, state FROM payouts")
        paid = {row.key: row.amount for row in books if row.state == "paid"}
        said = {key: top_up.amount for key, top_up in self.operator.paid.items()}
        assert paid.items() <= said.items()
        assert len(self.operator.sent) == len(set(self.operator.sent))

    def _earn(self, step: Earns) -> None:
        self.orders += 1
        order = f"order-{self.orders}"
        click = self.world.click(self.members[step.member], self.shop)
        self.world.tell(self.shop, created(order, click, step.kopecks / 10, at=day(1)))
        self.world.tell(self.shop, confirmed(order, at=day(2)))
        self.bought.append((order, step.kopecks))

    def _send_back(self, step: SentBack) -> None:
        if step.purchase < len(self.bought):
            order, kopecks = self.bought[step.purchase]
            self.orders += 1
            left = kopecks * step.stays // 100 / 10
            event = created(order, None, left, at=day(3 + self.orders / 1_000), kind="updated")
            self.world.tell(self.shop, event)

    def _share(self, step: Shares) -> None:
        self.relatives += 1
        phone = normal_phone(f"+7900001{self.relatives:04d}")
        wish = Wish(step.fixed, step.share_bp, "somebody dear")
        keys, member = self.world.tools.settings.keys, self.members[step.member]
        try:
            with unit_of_work(self.world.tools.engine) as session:
                made = add(session, keys, member, phone, wish)
                confirm(session, made.number_id, day(1))
        except SharesExceedAll:
            pass

    def _drop(self, step: Drops) -> None:
        with unit_of_work(self.world.tools.engine) as session:
            member = self.members[step.member]
            for goal in open_goals_of(session, member)[:1]:
                if step.for_good:
                    drop(session, goal.id, member, day(6))
                else:
                    change(session, goal.id, member, day(6), paused=True)

    def _pay(self, step: Payday) -> None:
        period = f"{2011 + self.month // 12}-{self.month % 12 + 1:02d}"
        self.month += 1
        engine = self.world.tools.engine
        as_of = FIRST.replace(year=2011 + (self.month - 1) // 12, month=(self.month - 1) % 12 + 1)
        run = prepare_once(engine, period, as_of, minimum=100, cap=step.cap, prepared_by="anna")
        for one in step.between:
            self.happens(one)
        with unit_of_work(engine) as session:
            lines = bridge_of(session, period).lines
            assert misses(lines) == {}
            assert {line.step: line.amount for line in lines}[Step.TOTAL] == run.total
            approve(session, period, run.sha256, BORIS)
            start(session, period)
        self.operator.says, self.operator.acts = step.says, step.acts
        work(self.world, self.operator)
        self.operator.says, self.operator.acts = Outcome.PAID, True
        wait(self.world, 3_600)
        work(self.world, self.operator)


_IDENTITY = """
    SELECT balances.available, balances.in_flight, balances.reserved,
           coalesce((SELECT sum(confirmed_cashback) FROM purchases
                     WHERE purchases.member_id = balances.member_id), 0) AS earned,
           coalesce((SELECT sum(amount) FROM payouts
                     WHERE payouts.member_id = balances.member_id AND state = 'paid'), 0) AS paid
    FROM member_balances AS balances WHERE balances.member_id = ANY (:members)
"""


@pytest.fixture
def months(world: World) -> Months:
    """A shop that promises ten percent; and no welcome bonus."""
    world.programme = Programme(welcome_bonus=0)
    return Months(world, world.shop(cashback=1000))


_SEEDED = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(_SEEDED, max_examples=6)
@given(history=histories)
def test_what_is_paid_and_what_stays_is_what_was_confirmed(
    months: Months, history: list[Step_]
) -> None:
    months.plays(history)
    assert months.world.differences() == []


@pytest.mark.slow
@settings(_SEEDED, max_examples=150, derandomize=False)
@given(history=histories)
def test_many_histories_of_months(months: Months, history: list[Step_]) -> None:
    months.plays(history)
    assert months.world.differences() == []
