"""Months that are closed, and what comes late: closed months stay as they are, to the byte."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from tests.stories.closing import LATER, check, close, documents, run_closed
from tests.stories.months import FIRST, earns
from tests.world import Shop, World, confirmed, created, day, returned, updated
from tracker.kit.database import unit_of_work
from tracker.periods import service
from tracker.periods.rules import PeriodNotNext, PeriodNotOver, PeriodNotReady


@dataclass(frozen=True, slots=True)
class December:
    """Who is in it."""

    shop: Shop
    paid: int
    click: str


def december(world: World) -> December:
    """Two members; one has something pending, the other was paid on the 1st."""
    shop, paid, waits = world.shop(cashback=1000, hold_days=80), world.member(), world.member()
    earns(world, shop, paid, 300)
    click = world.click(waits, shop)
    world.tell(shop, created("P-1", click, 1000, 500, at=day(2)))
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    return December(shop, paid, click)


def told(world: World) -> dict[str, str]:
    """In which month's books each posting stands."""
    return {row.reference: row.period for row in world.query("SELECT * FROM ledger_transactions")}


def test_what_comes_late_leaves_a_closed_month_as_it_is(world: World) -> None:
    scene = december(world)
    close(world, "2010-12")
    before, known = documents(world, "2010-12"), told(world)
    shop, paid = scene.shop, scene.paid
    # Each of them counts in December, and is heard of in February.
    world.tell(shop, returned(f"order-{paid}-1-300", "R-1", at=day(20)))
    world.tell(shop, updated("P-1", scene.click, 900, 500, at=day(21)))
    world.tell(shop, confirmed("P-1", at=day(22)))
    world.tell(shop, returned("P-1", "R-2", {"2": 100}, at=day(23)))
    world.tell(shop, created("P-2", world.click(world.member(), shop), 700, at=day(24)))
    assert documents(world, "2010-12") == before
    late = told(world).keys() - known.keys()
    assert len(late) >= 5
    assert {told(world)[one] for one in late} == {"2011-01"}
    moments = world.query(
        "SELECT * FROM ledger_transactions WHERE reference = ANY(:late)", late=[*late]
    )
    assert all(row.effective_at < FIRST for row in moments), "their own moments are kept"
    close(world, "2011-01")
    assert documents(world, "2010-12") == before
    assert world.differences() == []


def test_the_documents_are_sealed_and_come_out_the_same(world: World) -> None:
    december(world)
    close(world, "2010-12")
    made = documents(world, "2010-12")
    sealed = {
        row.name: row
        for row in world.query("SELECT * FROM period_documents WHERE period = '2010-12'")
    }
    assert sealed.keys() == made.keys()
    for name, kept in sealed.items():
        assert bytes(kept.sha256) == hashlib.sha256(made[name]).digest()
        assert (kept.size, kept.lines) == (len(made[name]), made[name].count(b"\n") - 1)


def test_the_trial_balance_balances_and_goes_on_from_the_last(world: World) -> None:
    december(world)
    close(world, "2010-12")
    close(world, "2011-01")
    december_, january = (_trial(world, period) for period in ("2010-12", "2011-01"))
    for balance in (december_, january):
        assert all(sum(row[column] for row in balance.values()) == 0 for column in (0, 3))
        assert sum(row[1] for row in balance.values()) == sum(row[2] for row in balance.values())
    assert {name: row[0] for name, row in january.items() if row[0]} == {
        name: row[3] for name, row in december_.items() if row[3]
    }
    assert december_["member_pending"][0] == 0
    assert december_["member_pending"][3] == -35_000, "15 % of nothing, 150.00 and a bonus"


def _trial(world: World, period: str) -> dict[str, tuple[int, int, int, int]]:
    lines = documents(world, period)["trial-balance"].decode().splitlines()[1:]
    found = {}
    for line in lines:
        name, *sums = line.split(",")
        opening, debit, credit, closing = (round(float(one) * 100) for one in sums)
        found[name] = (opening, debit, credit, closing)
    return found


def test_a_month_is_not_closed_before_it_is_over_nor_out_of_turn(world: World) -> None:
    december(world)
    with unit_of_work(world.tools.engine) as session:
        with pytest.raises(PeriodNotOver):
            service.ask_for_check(session, "2010-12", "anna", day(30))
        with pytest.raises(PeriodNotNext, match="2010-12 is next"):
            service.ask_for_check(session, "2011-01", "anna", LATER)
    close(world, "2010-12")
    with pytest.raises(PeriodNotNext, match="it is closed"):
        close(world, "2010-12")


def test_what_stands_in_the_way_is_said(world: World) -> None:
    shop = december(world).shop
    world.change("UPDATE settlement_runs SET state = 'done', closed_at = NULL")
    close(world, "2010-12")
    world.store(shop, {"waits": b"{}"})
    assert not (check(world, "2011-01").obstacles or {})["inbox"], "a front door is always busy"
    waited = "UPDATE inbox_events SET received_at = received_at - interval '61 s'"
    world.change_as_owner(waited + " WHERE webhook_id = 'waits'")
    found = check(world, "2011-01").obstacles or {}
    assert found == {
        "proof": [],
        "settlement": ["the run of 2011-01 is done, not closed"],
        "holds": [],
        "inbox": ["1 event has waited for more than a minute to be handled"],
    }
    with pytest.raises(PeriodNotReady, match=r"1 event has waited.*the run of 2011-01 is done"):
        close(world, "2011-01")


def test_holds_that_were_not_ended_stand_in_the_way(world: World) -> None:
    shop = world.shop(hold_days=3)
    world.tell(shop, created("P-1", world.click(world.member(), shop), 1000, at=day(2)))
    (said,) = (check(world, "2010-12").obstacles or {})["holds"]
    assert "have not been ended" in said


def test_books_that_do_not_add_up_are_not_closed(world: World) -> None:
    december(world)
    world.change_as_owner("""
        UPDATE member_balances SET pending = pending + 1;
    """)
    assert any(
        "ledger: member" in one for one in (check(world, "2010-12").obstacles or {})["proof"]
    )
    with pytest.raises(PeriodNotReady):
        close(world, "2010-12")


def test_a_check_is_good_for_some_hours(world: World) -> None:
    december(world)
    check(world, "2010-12")
    world.change("UPDATE period_checks SET finished_at = now() - interval '25 hours'")
    with (
        unit_of_work(world.tools.engine) as session,
        pytest.raises(PeriodNotReady, match="too long ago"),
    ):
        service.ready(session, "2010-12", LATER, timedelta(hours=24))


def test_a_closed_month_changed_by_sql_is_found(world: World) -> None:
    december(world)
    close(world, "2010-12")
    world.change_as_owner("""
        ALTER TABLE ledger_transactions DISABLE TRIGGER ledger_transactions_append_only;
        UPDATE ledger_transactions SET effective_at = effective_at + interval '1 hour'
        WHERE reference LIKE 'purchase:%:tracked:1';
        ALTER TABLE ledger_transactions ENABLE TRIGGER ledger_transactions_append_only;
    """)
    assert "document journal of 2010-12" in {one.what for one in world.differences()}


def test_the_seals_are_never_changed(world: World) -> None:
    december(world)
    close(world, "2010-12")
    with pytest.raises(IntegrityError, match="never changed"):
        world.change_as_owner("UPDATE period_documents SET lines = 0")
