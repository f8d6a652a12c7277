"""Delivery when time runs out: an operator that hangs, a worker that is held up, old keys."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.stories.months import earns, started
from tests.stories.operators import (
    CONDUCT,
    KEY_MEMORY,
    Operator,
    numbers_are_known,
    states,
    wait,
    work,
)
from tests.world import Shop, World
from tracker.kit.database import unit_of_work
from tracker.settlement.delivery.claims import LEASE_SECONDS
from tracker.settlement.delivery.questions import take_back_expired
from tracker.settlement.jobs import deliver
from tracker.settlement.ports import Answer, Outcome, TopUp

TIMEOUT = 10


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


def on_the_list(world: World, shop: Shop, members: int, period: str = "2011-01") -> None:
    """So many members have a payout of a month that was begun."""
    for member in world.members(members):
        earns(world, shop, member, 10)
    started(world, period)


def unknown(world: World, shop: Shop, members: int) -> dict[str, TopUp]:
    """So many payouts were made without our hearing of it, and may be asked about."""
    on_the_list(world, shop, members)
    operator = Operator(says=Outcome.UNKNOWN)
    work(world, operator)
    wait(world, 60)
    return operator.paid


@dataclass(slots=True)
class Hanging(Operator):
    """Lets every question run into its time-out."""

    seconds: float = 0
    """Spent so far in waiting for it."""

    def query(self, top_up: TopUp) -> Answer:
        self.seconds += TIMEOUT
        Operator.query(self, top_up)
        return Answer(top_up.key, Outcome.UNKNOWN, reason="timeout")


def test_questions_that_hang_hold_up_nothing(world: World, shop: Shop) -> None:
    unknown(world, shop, 20)
    on_the_list(world, shop, 2, "2010-12")
    numbers_are_known(world)
    operator = Hanging()
    world.watch(operator)
    assert deliver(world.tools.engine, world.tools.settings.keys, operator, CONDUCT)
    assert operator.seconds < LEASE_SECONDS
    assert states(world, "2010-12") == ["paid", "paid"]
    (asked,) = world.query("SELECT count(*) AS count FROM payouts WHERE asked = 1")
    assert asked.count == len(operator.asked) == 1
    assert world.differences() == []


@dataclass(slots=True)
class Deadly(Operator):
    """The worker that asks it a second question is stopped."""

    def query(self, top_up: TopUp) -> Answer:
        answer = Operator.query(self, top_up)
        if len(self.asked) == 2:
            raise SystemExit
        return answer


def test_each_answer_is_written_down_before_the_next_question(world: World, shop: Shop) -> None:
    operator = Deadly(paid=unknown(world, shop, 3))
    with pytest.raises(SystemExit):
        work(world, operator)
    assert states(world) == ["paid", "unknown", "unknown"]
    assert world.differences() == []


@pytest.mark.parametrize(("left", "again"), [(310, True), (290, False), (0, False)])
def test_nothing_is_sent_again_shortly_before_the_key_is_forgotten(
    world: World, shop: Shop, left: int, *, again: bool
) -> None:
    on_the_list(world, shop, 1)
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    wait(world, KEY_MEMORY - left)
    deliver(world.tools.engine, world.tools.settings.keys, operator, CONDUCT)
    assert operator.asked == ["payout:1"]
    assert len(operator.sent) == (2 if again else 1)


@dataclass(slots=True)
class Stopwatch:
    """Each look at it finds so many seconds passed."""

    step: float
    now: float = 0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_a_worker_held_up_before_the_call_does_not_make_it(world: World, shop: Shop) -> None:
    on_the_list(world, shop, 1)
    numbers_are_known(world)
    operator = Operator()
    engine = world.tools.engine
    world.watch(operator)
    assert deliver(
        engine,
        world.tools.settings.keys,
        operator,
        CONDUCT,
        stopwatch=Stopwatch(LEASE_SECONDS),
    )
    assert (operator.sent, states(world)) == ([], ["claimed"])

    wait(world, LEASE_SECONDS + 1)
    with unit_of_work(engine) as session:
        assert take_back_expired(session) == 1
    assert deliver(
        engine,
        world.tools.settings.keys,
        operator,
        CONDUCT,
        stopwatch=Stopwatch(LEASE_SECONDS),
    )
    assert (operator.asked, operator.sent, states(world)) == (["payout:1"], [], ["unknown"])

    wait(world, CONDUCT.lag)
    work(world, operator)
    assert (operator.sent, states(world)) == (["payout:1"], ["paid"])
    assert world.differences() == []


@dataclass(slots=True)
class Watched(Operator):
    """Knows what it was sent, not only under which key."""

    phones: tuple[str, ...] = ()

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        self.phones += tuple(one.phone for one in batch)
        return Operator.submit(self, batch)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE numbers SET ended_at = now(), end_reason = 'changed' WHERE member_id = :id",
        "UPDATE members SET closed_at = now() WHERE id = :id",
        "UPDATE members SET auto_payment = false WHERE id = :id",
    ],
)
def test_what_was_sealed_for_a_member_who_changed_is_withheld(
    world: World, shop: Shop, change: str
) -> None:
    on_the_list(world, shop, 2)
    changed, same = world.query("SELECT member_id FROM payouts ORDER BY id")
    before = world.balance(changed.member_id)
    world.change(change, id=changed.member_id)
    operator = Watched()
    work(world, operator)
    assert operator.phones == (world.phone(same.member_id),)
    assert states(world) == ["withheld", "paid"]
    reasons = world.query("SELECT reason FROM payouts WHERE state = 'withheld'")
    assert [row.reason for row in reasons] == ["member_changed"]
    assert world.balance(changed.member_id) == before
    assert world.differences() == []
