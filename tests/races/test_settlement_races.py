"""A month paid by several at once, and money that goes back while it is on its way."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import pytest
from sqlalchemy import text

from tests.races.held import end_leases, lock_waiters, wait_until
from tests.races.payday import DUE, PERIOD, approved, earn, payouts
from tests.races.together import raised, together
from tests.world import ObedientBilling, World, day, returned, rubles
from tracker.kit.database import unit_of_work
from tracker.settlement.delivery.answers import record
from tracker.settlement.delivery.questions import claim_questions, take_back_expired
from tracker.settlement.delivery.sending import claim_prepared
from tracker.settlement.jobs import deliver
from tracker.settlement.models import SettlementRun
from tracker.settlement.ports import Answer, Outcome, TopUp
from tracker.settlement.rules import Conduct, RunNotPrepared
from tracker.settlement.service import approve, start
from tracker.staff.rules import Role
from tracker.staff.service import Person


@dataclass(slots=True)
class CountingBilling(ObedientBilling):
    """Counts how often it was asked to pay each key, from whatever thread."""

    asked: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        with self.lock:
            self.asked.update(one.key for one in batch)
            return ObedientBilling.submit(self, batch)


def pay(world: World, billing: ObedientBilling) -> None:
    while deliver(world.tools.engine, world.tools.settings.keys, billing, Conduct()):
        pass


def test_several_workers_pay_everybody_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.settlement.jobs.CHUNK", 3)
    _, members = earn(world, 25)
    approved(world)
    billing = CountingBilling()
    assert raised(together(*(partial(pay, world, billing) for _ in range(4)))) == []
    assert payouts(world) == {"paid": 25}
    assert set(billing.asked.values()) == {1}
    assert sum(one.amount for one in billing.paid.values()) == 25 * DUE
    assert {world.balance(member).available for member in members} == {0}
    assert world.query("SELECT state FROM settlement_runs")[0].state == "done"
    assert world.differences() == []


def test_two_that_prepare_at_once_get_one_list(world: World) -> None:
    earn(world, 5)
    runs = together(*(partial(world.prepare, PERIOD, day(31), by) for by in ("anna", "boris") * 3))
    seals = {one.sha256 for one in runs if isinstance(one, SettlementRun)}
    assert (len(seals), raised(runs)) == (1, [])
    assert payouts(world) == {"prepared": 5}


def test_two_that_approve_at_once_one_has_approved(world: World) -> None:
    earn(world, 2)
    run = world.prepare(PERIOD, day(31))

    def sign(who: str) -> str | None:
        with unit_of_work(world.tools.engine) as session:
            return approve(session, PERIOD, run.sha256, Person(who, Role.APPROVER)).approved_by

    with ThreadPoolExecutor(4) as pool, unit_of_work(world.tools.engine) as session:
        session.execute(text("SELECT FROM settlement_runs FOR UPDATE"))
        signing = [pool.submit(sign, who) for who in ("boris", "clara", "dora", "boris")]
        wait_until(lambda: lock_waiters(world) == 4)
        session.commit()
        answers = [one.exception() or one.result() for one in signing]
    names = {one for one in answers if isinstance(one, str)}
    assert len(names) == 1
    assert all(isinstance(one, RunNotPrepared) for one in raised(answers))
    assert world.query("SELECT approved_by FROM settlement_runs")[0].approved_by in names


def test_a_run_that_is_started_by_many_is_started_once(world: World) -> None:
    earn(world, 3)
    approved(world)

    def begin() -> object:
        with unit_of_work(world.tools.engine) as session:
            return start(session, PERIOD).started_at

    moments = together(*(begin for _ in range(6)))
    assert raised(moments) == []
    assert len(set(moments)) == 1


def test_a_return_while_the_month_is_paid_never_takes_what_is_not_there(world: World) -> None:
    """Either the return is first and the payout is withheld, or the payout and it leaves a debt."""
    shop, members = earn(world, 16)
    approved(world)
    for number in range(0, 16, 2):
        world.post(shop, returned(f"A-{number}", "R-1", {"1": 500}, at=day(32)))
    billing = CountingBilling()
    settle = partial(pay, world, billing)
    calls: list[Callable[[], None]] = [world.work, settle, settle, world.work]
    assert raised(together(*calls)) == []
    paid = {
        row.member_id for row in world.query("SELECT member_id FROM payouts WHERE state = 'paid'")
    }
    for number, member in enumerate(members):
        left = DUE - (rubles(50) if number % 2 == 0 else 0)
        went = DUE if member in paid else 0
        assert world.balance(member).available == left - went
        assert world.balance(member).in_flight == 0
    assert payouts(world)["paid"] + payouts(world)["withheld"] == 16
    assert set(billing.asked.values()) == {1}
    assert world.differences() == []


def test_an_answer_that_comes_after_another_took_over_is_not_written_down(world: World) -> None:
    """The late one heard that all failed, the one that holds the payouts that all are paid."""
    _, members = earn(world, 3)
    approved(world)
    with unit_of_work(world.tools.engine) as session:
        late = claim_prepared(session, world.tools.settings.keys, 10, Conduct())
    world.billing.submit([one.top_up for one in late.payouts])
    end_leases(world)
    with unit_of_work(world.tools.engine) as session:
        assert take_back_expired(session) == 3
    pay(world, world.billing)
    assert payouts(world) == {"paid": 3}
    failed = [Answer(one.top_up.key, Outcome.FAILED, reason="closed") for one in late.payouts]
    with unit_of_work(world.tools.engine) as session:
        assert record(session, late, failed, Conduct()) == 0
    assert payouts(world) == {"paid": 3}
    assert {world.balance(member).available for member in members} == {0}
    assert world.differences() == []


def test_an_answer_that_comes_while_another_is_asking_is_not_written_down(world: World) -> None:
    earn(world, 2)
    approved(world)
    with unit_of_work(world.tools.engine) as session:
        late = claim_prepared(session, world.tools.settings.keys, 10, Conduct())
    end_leases(world)
    with unit_of_work(world.tools.engine) as session:
        take_back_expired(session)
        holder = claim_questions(session, world.tools.settings.keys, 10)
    assert len(holder.payouts) == 2
    with unit_of_work(world.tools.engine) as session:
        failed = [Answer(one.top_up.key, Outcome.FAILED) for one in late.payouts]
        assert record(session, late, failed, Conduct()) == 0
    with unit_of_work(world.tools.engine) as session:
        paid = world.billing.submit([one.top_up for one in holder.payouts])
        assert record(session, holder, paid, Conduct()) == 2
    assert payouts(world) == {"paid": 2}
    assert world.differences() == []


def test_an_answer_after_the_lease_counts_while_nobody_took_over(world: World) -> None:
    earn(world, 3)
    approved(world)
    with unit_of_work(world.tools.engine) as session:
        slow = claim_prepared(session, world.tools.settings.keys, 10, Conduct())
    answers = world.billing.submit([one.top_up for one in slow.payouts])
    end_leases(world)
    with unit_of_work(world.tools.engine) as session:
        assert record(session, slow, answers, Conduct()) == 3
    assert payouts(world) == {"paid": 3}
    assert world.differences() == []
