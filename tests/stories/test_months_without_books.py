"""One old date among the books: the months between it and the others bar nobody's closing."""

from datetime import datetime

import pytest

from partners.receivables import payments
from tests.stories.closing import LATER, check, close, documents, run_closed
from tests.stories.months import FIRST, approved, earns
from tests.world import Shop, World, confirmed, created, day
from tracker.kit.clock import MOSCOW
from tracker.kit.database import unit_of_work
from tracker.periods.rules import PeriodNotFound, PeriodNotNext, PeriodNotReady

OLD = datetime(2001, 2, 14, tzinfo=MOSCOW)


def mistaken_for_years_ago(world: World, what: str) -> None:
    """2001 instead of 2011, by somebody of the staff or by a shop."""
    shop, member = world.shop(f"{what}-shop"), world.member()
    click = world.click(member, shop)
    match what:
        case "paid":
            line = payments.Paid("1", 100, OLD.date(), "", "", shop.id)
            with unit_of_work(world.tools.engine) as session:
                payments.take(session, line, "anna", LATER)
        case "confirmed":
            world.tell(shop, created("A-1", click, 1000, at=OLD))
            world.tell(shop, confirmed("A-1", at=OLD))
        case "ordered":
            world.tell(shop, created("A-1", click, 1000, at=day(1), ordered_at=OLD))


def buys(world: World, shop: Shop, on: float) -> None:
    """Somebody buys, and the shop confirms it at once."""
    click = world.click(world.member(), shop, day(on))
    world.tell(shop, created(f"order-{on}", click, 1000, at=day(on)))
    world.tell(shop, confirmed(f"order-{on}", at=day(on)))


@pytest.mark.parametrize("what", ["paid", "confirmed", "ordered"])
def test_an_old_date_is_a_month_of_its_own_and_december_is_next(world: World, what: str) -> None:
    mistaken_for_years_ago(world, what)
    earns(world, world.shop("tea"), world.member(), 300)
    world.end_holds(FIRST)
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2001-02")
    assert check(world, "2010-12").holds
    with pytest.raises(PeriodNotNext, match="2010-12 is next"):
        close(world, "2011-01")
    close(world, "2010-12")
    close(world, "2011-01")
    shut = world.query("SELECT period FROM closed_periods ORDER BY period")
    assert [row.period for row in shut] == ["2001-02", "2010-12", "2011-01"]
    assert world.differences() == []


def test_what_comes_late_for_a_month_that_was_passed_over_stands_in_the_next(world: World) -> None:
    mistaken_for_years_ago(world, "paid")
    shop = world.shop("tea")
    earns(world, shop, world.member(), 300)
    close(world, "2001-02")
    close(world, "2010-12")
    before = documents(world, "2010-12")
    buys(world, shop, -6)
    (late,) = world.query(
        "SELECT DISTINCT period FROM ledger_transactions WHERE effective_at = :at", at=day(-6)
    )
    assert late.period == "2011-01"
    assert documents(world, "2010-12") == before
    with pytest.raises(PeriodNotFound, match="no books of 2010-10"):
        close(world, "2010-10")


def test_a_quiet_month_may_be_closed_and_may_be_passed_over(world: World) -> None:
    shop = world.shop("tea")
    earns(world, shop, world.member(), 300)
    buys(world, shop, 65)
    close(world, "2010-12")
    close(world, "2011-01")
    close(world, "2011-02", day(95))
    assert documents(world, "2011-01")["movements"].count(b"\n") == 1


def test_a_run_of_a_month_that_is_passed_over_has_to_be_closed(world: World) -> None:
    """A list that was drawn up and never begun has posted nothing yet."""
    shop = world.shop("tea")
    earns(world, shop, world.member(), 300)
    approved(world)
    buys(world, shop, 65)
    close(world, "2010-12")
    found = check(world, "2011-02", day(95)).obstacles or {}
    assert found["settlement"] == [
        "the run of 2011-01 is approved, not closed",
        "the run of 2011-02 was never prepared",
    ]


def test_from_the_first_run_on_each_month_needs_its_own(world: World) -> None:
    shop = world.shop("tea")
    earns(world, shop, world.member(), 300)
    buys(world, shop, 65)
    world.settle("2011-01", FIRST)
    run_closed(world, "2011-01")
    close(world, "2010-12")
    close(world, "2011-01")
    with pytest.raises(PeriodNotReady, match="the run of 2011-02 was never prepared"):
        close(world, "2011-02", day(95))
