"""What an attacker, or bad luck, tried on payouts that are on their way."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.races.held import lock_waiters, wait_until
from tests.stories.bookkeeping import Bookkeeper, compare, three_due
from tests.stories.months import earns, started
from tests.stories.operators import (
    CONDUCT,
    Operator,
    numbers_are_known,
    run_state,
    states,
    wait,
    work,
)
from tests.world import Shop, World
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.privacy.erasure import erase, what_is_lost
from tracker.reconciliation.rules import NotProved
from tracker.reconciliation.service import resolve
from tracker.reconciliation.watching import compare_day
from tracker.settlement.jobs import deliver
from tracker.settlement.ports import Outcome, StatementLine
from tracker.settlement.rules import STANDS_STILL, PayoutState
from tracker.settlement.service import pause, resume


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop that promises ten percent."""
    return world.shop(cashback=1000)


@pytest.fixture
def member(world: World, shop: Shop) -> int:
    """A member with 210.00 on the list of January that was begun."""
    member = world.member()
    earns(world, shop, member, 10)
    started(world)
    return member


def test_a_paused_run_sends_nothing_again_either(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    with unit_of_work(world.tools.engine) as session:
        pause(session, "2011-01", "anna", "stop everything")
    operator.acts, operator.says = True, Outcome.PAID
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert (operator.sent, states(world)) == (["payout:1"], ["unknown"])
    with unit_of_work(world.tools.engine) as session:
        resume(session, "2011-01", "anna", "go on")
    wait(world, 300)
    work(world, operator)
    assert (operator.sent, states(world)) == (["payout:1"] * 2, ["paid"])
    assert world.differences() == []


def test_a_key_is_never_sent_with_another_content(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.UNKNOWN)
    work(world, operator)
    world.change_as_owner("UPDATE payouts SET amount = amount * 10")
    operator.acts, operator.says = True, Outcome.PAID
    wait(world, CONDUCT.lag)
    work(world, operator)
    assert (operator.sent, run_state(world, "2011-01")) == (["payout:1"], "paused")


def test_who_is_erased_while_the_claim_waits_is_not_paid(world: World, member: int) -> None:
    numbers_are_known(world)
    operator = Operator()
    world.watch(operator)
    keys = world.tools.settings.keys
    with Session(world.tools.engine) as session, session.begin():
        erase(session, member, what_is_lost(session, member), datetime.now(UTC))
        claim = threading.Thread(
            target=lambda: deliver(world.tools.engine, keys, operator, CONDUCT)
        )
        claim.start()
        wait_until(lambda: lock_waiters(world) == 1)
    claim.join(30)
    assert (operator.sent, states(world)) == ([], ["withheld"])
    assert world.differences() == []


def test_what_was_accepted_is_not_proved_unpaid(world: World, member: int) -> None:
    """The operator may pay it on any day since."""
    operator = Operator(acts=False, says=Outcome.ACCEPTED, tells=Outcome.UNKNOWN)
    work(world, operator)
    wait(world, 86_400)
    work(world, operator)
    assert states(world) == ["unknown"]
    compare_day(world.watch_of(operator), moscow_date(datetime.now(UTC) - timedelta(days=1)))
    with unit_of_work(world.tools.engine) as session, pytest.raises(NotProved):
        resolve(
            session, world.tools.clock, 120, 1, PayoutState.FAILED, who="boris", reason="not there"
        )


def test_what_was_accepted_does_not_go_back_when_it_is_not_found(world: World, member: int) -> None:
    operator = Operator(acts=False, says=Outcome.ACCEPTED, tells=Outcome.NOT_FOUND)
    work(world, operator)
    world.change("UPDATE members SET auto_payment = false WHERE id = :id", id=member)
    wait(world, STANDS_STILL)
    work(world, operator)
    assert states(world) == ["unknown"]


def test_what_was_paid_and_is_made_new_by_force_is_not_claimed(world: World, member: int) -> None:
    operator = Operator()
    work(world, operator)
    world.change("UPDATE payouts SET state = 'prepared'")
    world.change("UPDATE settlement_runs SET state = 'running'")
    deliver(world.tools.engine, world.tools.settings.keys, operator, CONDUCT)
    assert (operator.sent, states(world)) == (["payout:1"], ["prepared"])
    assert world.differences() != []


def test_an_unexplained_payment_of_any_day_keeps_the_gate_shut(world: World) -> None:
    operator: Bookkeeper = three_due(world)
    then = datetime.now(UTC) - timedelta(days=4)
    operator.added = [StatementLine("payout:77", "+79000009999", 500, "ref-77", then)]
    compare(world, operator, moscow_date(then))
    work(world, operator)
    assert operator.sent == []
    held = world.query("SELECT held_by FROM settlement_watch")[0].held_by
    assert held == "1 findings are to be explained"
