"""Delivery: what is on the list reaches the phone once, whatever the operator does or says."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.colleagues import BORIS
from tests.stories.operators import (
    CONDUCT,
    KEY_MEMORY,
    Operator,
    numbers_are_known,
    run_state,
    states,
    wait,
    work,
)
from tests.world import BONUS, Shop, World, cancelled, confirmed, created, day, rubles
from tracker.kit.database import unit_of_work
from tracker.ledger.service import Balance
from tracker.settlement.jobs import deliver
from tracker.settlement.ports import Answer, Outcome, TopUp
from tracker.settlement.service import approve, start

DUE = rubles(100) + BONUS
A_DAY = 86_400


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member with 300.00 on the approved and started list of January."""
    member = world.member()
    earns(world, shop, member, "A-1")
    started(world, "2011-01")
    return member


def earns(world: World, shop: Shop, member: int, order: str) -> None:
    world.tell(shop, created(order, world.click(member, shop), 1000, at=day(1)))
    world.tell(shop, confirmed(order, at=day(2)))


def started(world: World, period: str) -> None:
    run = world.prepare(period, day(90))
    with unit_of_work(world.tools.engine) as session:
        approve(session, period, run.sha256, BORIS)
        start(session, period)


def test_it_is_paid_once_however_often_it_is_run(world: World, member: int) -> None:
    operator = Operator()
    for _ in range(2):
        work(world, operator)
        with unit_of_work(world.tools.engine) as session:
            assert start(session, "2011-01").state == "done"
    assert operator.sent == ["payout:1"]
    assert [(one.phone, one.amount) for one in operator.paid.values()] == [("+79000000001", DUE)]
    assert world.balance(member) == Balance(0, 0, 0)
    (payout,) = world.query("SELECT * FROM payouts")
    assert (payout.state, payout.reference) == ("paid", "ref-payout:1")
    assert world.differences() == []


def test_a_balance_that_fell_since_is_withheld(world: World, shop: Shop, member: int) -> None:
    world.tell(shop, cancelled("A-1", at=day(32)))
    operator = Operator()
    work(world, operator)
    assert operator.sent == []
    assert states(world) == ["withheld"]
    assert run_state(world, "2011-01") == "done"
    assert world.differences() == []


def test_a_chunk_of_which_nothing_may_be_sent_does_not_hold_up_the_next(
    world: World, shop: Shop, member: int
) -> None:
    world.tell(shop, cancelled("A-1", at=day(32)))
    tools = world.tools
    numbers_are_known(world)
    world.watch(Operator())
    assert deliver(tools.engine, tools.settings.keys, Operator(), CONDUCT)
    assert states(world) == ["withheld"]
    assert not deliver(tools.engine, tools.settings.keys, Operator(), CONDUCT)
    assert run_state(world, "2011-01") == "done"


def test_what_is_left_of_it_is_paid_the_month_after(world: World, shop: Shop) -> None:
    member = world.member()
    earns(world, shop, member, "A-1")
    earns(world, shop, member, "A-2")
    started(world, "2011-01")
    world.tell(shop, cancelled("A-2", at=day(32)))
    operator = Operator()
    work(world, operator)
    assert states(world) == ["withheld"]
    started(world, "2011-02")
    work(world, operator)
    assert [one.amount for one in operator.paid.values()] == [DUE]
    assert world.differences() == []


def test_what_failed_for_sure_is_available_again(world: World, member: int) -> None:
    work(world, Operator(acts=False, says=Outcome.FAILED))
    assert states(world) == ["failed"]
    assert world.balance(member) == Balance(0, DUE, 0)
    (moved,) = world.query("SELECT * FROM ledger_transactions WHERE kind = 'payout_failed'")
    assert moved.corrects == "payout:1:payout_submitted"

    operator = Operator()
    work(world, operator)
    assert operator.sent == []
    started(world, "2011-02")
    work(world, operator)
    assert operator.sent == ["payout:2"]
    assert world.balance(member) == Balance(0, 0, 0)
    assert world.differences() == []


def test_what_is_unknown_is_in_flight_and_asked_about_in_time(world: World, member: int) -> None:
    operator = Operator(acts=True, says=Outcome.UNKNOWN)
    work(world, operator)
    assert states(world) == ["unknown"]
    assert world.balance(member) == Balance(0, 0, DUE)
    assert operator.asked == []
    assert world.differences() == []

    wait(world, 59)
    work(world, operator)
    assert operator.asked == []
    wait(world, 1)
    work(world, operator)
    assert operator.asked == ["payout:1"]
    assert operator.sent == ["payout:1"]
    assert states(world) == ["paid"]
    assert run_state(world, "2011-01") == "done"
    assert world.balance(member) == Balance(0, 0, 0)
    assert world.differences() == []


def test_the_answer_may_be_that_it_failed(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN, tells=Outcome.FAILED)
    work(world, operator)
    wait(world, 60)
    work(world, operator)
    assert states(world) == ["failed"]
    assert world.balance(member) == Balance(0, DUE, 0)
    assert world.differences() == []


def test_what_the_operator_never_heard_of_is_sent_again_under_the_same_key(
    world: World, member: int
) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    operator.acts, operator.says = True, Outcome.PAID
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert operator.sent == ["payout:1", "payout:1"]
    assert operator.total == DUE
    assert states(world) == ["paid"]
    assert world.differences() == []


def test_what_is_not_found_and_turns_up_later_is_paid_once(world: World, member: int) -> None:
    """The first sending reaches the operator after the question."""
    operator = Operator(acts=True, says=Outcome.UNKNOWN, tells=Outcome.NOT_FOUND)
    work(world, operator)
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert operator.sent == ["payout:1", "payout:1"]
    operator.tells = None
    wait(world, 300)
    work(world, operator)
    assert operator.total == DUE
    assert states(world) == ["paid"]
    assert world.differences() == []


def test_past_the_operators_memory_nothing_is_sent_again(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    wait(world, KEY_MEMORY + 1)
    for _ in range(20):
        work(world, operator)
        wait(world, A_DAY)
    assert operator.sent == ["payout:1"]
    assert len(operator.asked) == 5  # those of the first hour and day came too late
    assert states(world) == ["with_staff"]
    assert run_state(world, "2011-01") == "done"
    assert world.balance(member) == Balance(0, 0, DUE)
    assert world.differences() == []


def test_an_operator_that_never_tells_leaves_it_to_staff(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN, tells=Outcome.UNKNOWN)
    work(world, operator)
    for _ in range(20):
        wait(world, A_DAY)
        work(world, operator)
    assert operator.sent == ["payout:1"]
    assert states(world) == ["with_staff"]
    started(world, "2011-02")
    work(world, operator)
    assert states(world, "2011-02") == []
    assert world.balance(member).in_flight == DUE
    assert world.differences() == []


def test_a_debt_that_came_while_it_was_on_its_way(world: World, shop: Shop, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN, tells=Outcome.FAILED)
    work(world, operator)
    world.tell(shop, cancelled("A-1", at=day(32)))
    assert world.balance(member) == Balance(0, -DUE, DUE)
    wait(world, 60)
    work(world, operator)
    assert world.balance(member) == Balance(0, 0, 0)
    assert world.differences() == []


@dataclass(slots=True)
class Mortal(Operator):
    """The worker that talks to it dies before it hears the answer."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        Operator.submit(self, batch)
        raise SystemExit


@pytest.mark.parametrize("acts", [True, False])
def test_a_worker_that_dies_in_the_call_loses_nothing(
    world: World, member: int, *, acts: bool
) -> None:
    fatal = Mortal(acts=acts)
    with pytest.raises(SystemExit):
        work(world, fatal)
    assert states(world) == ["claimed"]
    assert world.balance(member) == Balance(0, 0, DUE)
    assert world.differences() == []

    operator = Operator(paid=fatal.paid)
    work(world, operator)
    assert operator.asked == []
    wait(world, 31)
    work(world, operator)
    assert operator.asked == ["payout:1"]
    assert operator.sent == []
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert operator.sent == ([] if acts else ["payout:1"])
    assert operator.total == DUE
    assert states(world) == ["paid"]
    assert world.differences() == []


@dataclass(slots=True)
class Slow(Operator):
    """Answers after the lease is over and another worker has done the work."""

    world: World | None = None

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        answers = Operator.submit(self, batch)
        assert self.world is not None
        wait(self.world, 31)
        work(self.world, Operator(paid=self.paid))
        return [Answer(one.key, Outcome.FAILED) for one in answers]


def test_a_worker_that_wakes_up_late_writes_nothing(world: World, member: int) -> None:
    operator = Slow(world=world)
    work(world, operator)
    assert states(world) == ["paid"]
    assert world.balance(member) == Balance(0, 0, 0)
    assert world.differences() == []


def test_one_of_many_that_fails_harms_no_other(world: World, shop: Shop) -> None:
    members = world.members(5)
    for member in members:
        earns(world, shop, member, f"B-{member}")
    started(world, "2011-01")

    @dataclass(slots=True)
    class Choosy(Operator):
        def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
            answers = Operator.submit(self, batch[1:])
            return [Answer(batch[0].key, Outcome.FAILED), *answers]

    work(world, Choosy())
    assert states(world) == ["failed", "paid", "paid", "paid", "paid"]
    assert [world.balance(member).available for member in members] == [DUE, 0, 0, 0, 0]
    assert world.differences() == []
