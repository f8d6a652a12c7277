"""Answers that are none yet: accepted for later, not found for now, half of what was asked."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.stories.months import earns, started
from tests.stories.operators import CONDUCT, Operator, states, wait, work
from tests.world import Shop, World, rubles
from tracker.ledger.service import Balance
from tracker.settlement.ports import Answer, Outcome, TopUp
from tracker.settlement.rules import STANDS_STILL

DUE = rubles(10)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member with 10.00, and a welcome bonus, on the list of January that was begun."""
    member = world.member()
    earns(world, shop, member, 10)
    started(world)
    return member


def test_what_is_accepted_is_in_flight_until_the_operator_tells(world: World, member: int) -> None:
    operator = Operator(says=Outcome.ACCEPTED, tells=Outcome.ACCEPTED)
    work(world, operator)
    assert states(world) == ["submitted"]
    assert world.balance(member).available == 0
    wait(world, 60)
    work(world, operator)
    assert (operator.asked, states(world)) == (["payout:1"], ["submitted"])
    operator.tells = None
    wait(world, 240)
    work(world, operator)
    assert (operator.sent, states(world)) == (["payout:1"], ["paid"])
    assert world.balance(member) == Balance(0, 0, 0)
    assert world.differences() == []


def test_what_stays_accepted_for_five_days_is_left_to_staff(world: World, member: int) -> None:
    operator = Operator(says=Outcome.ACCEPTED, tells=Outcome.ACCEPTED)
    work(world, operator)
    wait(world, 5 * 86_400)
    work(world, operator)
    assert (operator.sent, states(world)) == (["payout:1"], ["with_staff"])
    assert world.balance(member).in_flight > 0
    assert world.differences() == []


def test_not_found_is_believed_once_the_operators_lag_is_over(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    wait(world, 60)
    work(world, operator)
    assert (len(operator.asked), operator.sent) == (1, ["payout:1"])
    wait(world, CONDUCT.lag - 60)
    work(world, operator)
    assert (len(operator.asked), operator.sent) == (2, ["payout:1"] * 2)


def test_what_was_sent_again_has_its_own_lag(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert operator.sent == ["payout:1"] * 2
    wait(world, CONDUCT.lag - 1)
    world.change("UPDATE payouts SET ask_at = clock_timestamp()")
    work(world, operator)
    assert operator.sent == ["payout:1"] * 2
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert operator.sent == ["payout:1"] * 3
    assert world.differences() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE numbers SET ended_at = now(), end_reason = 'changed' WHERE member_id = :id",
        "UPDATE members SET closed_at = now() WHERE id = :id",
        "UPDATE members SET auto_payment = false WHERE id = :id",
    ],
)
def test_what_never_came_goes_back_when_the_member_has_changed(
    world: World, member: int, change: str
) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    due = world.balance(member).in_flight
    world.change(change, id=member)
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert states(world) == ["unknown"], "who was to send it may only stand still"
    wait(world, STANDS_STILL)
    world.change("UPDATE payouts SET ask_at = clock_timestamp()")
    work(world, operator)
    (payout,) = world.query("SELECT state, reason FROM payouts")
    assert (operator.sent, tuple(payout)) == (["payout:1"], ("failed", "member_changed"))
    assert world.balance(member) == Balance(0, due, 0)
    assert world.differences() == []


def test_what_may_have_come_does_not_go_back_when_the_member_has_changed(
    world: World, member: int
) -> None:
    """Past its memory the operator finds nothing that it may have paid."""
    operator = Operator(acts=True, says=Outcome.UNKNOWN, tells=Outcome.NOT_FOUND)
    work(world, operator)
    world.change("UPDATE members SET auto_payment = false WHERE id = :id", id=member)
    wait(world, CONDUCT.key_memory)
    work(world, operator)
    assert (operator.sent, states(world)) == (["payout:1"], ["unknown"])
    wait(world, 5 * 86_400)
    work(world, operator)
    assert states(world) == ["with_staff"]
    assert world.differences() == []


@dataclass(slots=True)
class Curt(Operator):
    """Answers for fewer than it was asked."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        return Operator.submit(self, batch)[:-1]


def test_half_an_answer_is_none(world: World, member: int) -> None:
    with pytest.raises(ValueError, match="shorter"):
        work(world, Curt())
    assert states(world) == ["claimed"]
    assert world.differences() == []


@dataclass(slots=True)
class Resting(Operator):
    """Its circuit is open."""

    def ready(self) -> bool:
        return False


def test_an_operator_that_rests_uses_up_no_question(world: World, member: int) -> None:
    work(world, Operator(acts=False, says=Outcome.UNKNOWN))
    wait(world, 3_600)
    resting = Resting()
    work(world, resting)
    assert (resting.asked, states(world)) == ([], ["unknown"])
    assert [row.asked for row in world.query("SELECT asked FROM payouts")] == [0]
    awake = Operator(tells=Outcome.PAID)
    work(world, awake)
    assert (awake.asked, states(world)) == (["payout:1"], ["paid"])


def test_one_that_never_comes_back_leaves_payouts_to_staff(world: World, member: int) -> None:
    work(world, Operator(says=Outcome.UNKNOWN))
    wait(world, CONDUCT.ask_after[-1])
    work(world, Resting(tells=Outcome.UNKNOWN))
    assert states(world) == ["with_staff"]
