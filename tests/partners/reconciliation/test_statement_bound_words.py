"""What was decided is booked as it was seen, or asked about again."""

import time
from datetime import date
from threading import Thread

from partners.reconciliation.rules import Decision, Kind, days
from tests.partners.reconciliation.conftest import Desk
from tests.world import confirmed, created, day, returned, updated
from tracker.kit.database import unit_of_work
from tracker.purchases.contracts import PurchaseReturned, RejectReason, ReturnLine
from tracker.purchases.service import book

D1 = "2010-12-01"


def states(desk: Desk) -> list[tuple[str, str, str | None]]:
    rows = desk.world.query("SELECT * FROM partner_findings ORDER BY id")
    return [(row.kind, row.state, row.outcome) for row in rows]


def test_another_click_of_a_later_file_gets_nothing_by_a_decision_for_the_first(desk: Desk) -> None:
    honest, thief = desk.world.members(2)
    first = desk.world.click(honest, desk.shop, day(0))
    second = desk.world.click(thief, desk.shop, day(0))
    statement = desk.sends(("B-1", D1, "1000", "confirmed", "", first))
    assert desk.decides(statement, Decision.THEIRS).findings == 1
    desk.sends(("B-1", D1, "1000", "confirmed", "", second))
    assert states(desk) == [("missing_with_us", "open", "changed")]
    assert not desk.world.query("SELECT FROM purchases WHERE order_id = 'B-1'")
    desk.sends(("B-1", D1, "1000.0", "confirmed", "", first))
    desk.decides(desk.statement(3), Decision.THEIRS)
    desk.works()
    assert desk.purchase("B-1").member_id == honest


def test_the_same_word_of_a_later_file_needs_no_other_decision(desk: Desk) -> None:
    statement = desk.sends(("B-1", D1, "1000", "confirmed", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.sends(("B-1", D1, "1000.0", "confirmed", "", ""))
    assert states(desk) == [("missing_with_us", "booked", "booked")]


def test_a_corrected_file_is_heard_before_the_first_one_is_booked(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    first = desk.sends(("A-1", D1, "1000", "returned", "", ""))
    desk.decides(first, Decision.THEIRS)
    desk.sends(("A-1", D1, "1000", "open", "", ""))
    assert states(desk) == [("status", "gone", None)]
    assert desk.purchase("A-1").status == "pending"


def test_a_file_of_a_few_days_is_heard_of_the_orders_that_it_names(desk: Desk) -> None:
    for order in ("A-1", "A-2"):
        desk.buys(order, 1000)
    rows = [(order, D1, "1000", "returned", "", "") for order in ("A-1", "A-2")]
    statement = desk.sends(*rows)
    desk.decides(statement, Decision.THEIRS)
    few = days(date(2010, 12, 1), date(2010, 12, 2))
    desk.sends(("A-1", D1, "1000", "open", "", ""), ("A-2", D1, "1000", "returned", "", ""), at=few)
    assert desk.purchase("A-1").status == "pending"
    assert desk.purchase("A-2").status == "rejected"


def test_a_file_that_waits_to_be_read_is_heard_first(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    first = desk.sends(("A-1", D1, "1000", "returned", "", ""))
    desk.decides(first, Decision.THEIRS)
    desk.world.change(
        "UPDATE shop_statements SET state = 'read', lease_until = now() + interval '1 hour'"
    )
    desk.works()
    assert states(desk) == [("status", "accepted", None)], "another worker has a file in hand"


def test_a_signed_word_that_came_since_stands_against_an_older_file(desk: Desk) -> None:
    member = desk.world.member()
    desk.buys("A-1", 1000, member=member)
    statement = desk.sends(("Z", D1, "1", "returned", "", ""))
    desk.world.tell(desk.shop, confirmed("A-1", at=day(35)))
    had = desk.world.balance(member).available
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert desk.world.balance(member).available == had
    assert states(desk) == [("missing_with_them", "open", "changed")]
    desk.matches_again(statement)
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert desk.purchase("A-1").status == "rejected", "who decides now has seen it"


def test_an_order_that_became_another_is_not_confirmed_as_it_was(desk: Desk) -> None:
    click = desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "1000", "confirmed", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.world.tell(desk.shop, updated("A-1", click, 90_000, at=day(41)))
    desk.works()
    assert states(desk) == [("status", "open", "changed")]
    assert desk.purchase("A-1").confirmed_cashback == 0


def test_an_order_that_came_since_is_not_stated_over(desk: Desk) -> None:
    click = desk.world.click(desk.world.member(), desk.shop, day(0))
    statement = desk.sends(("A-1", D1, "1000", "open", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.world.tell(desk.shop, created("A-1", click, 70, at=day(0)))
    desk.works()
    assert states(desk) == [("missing_with_us", "open", "changed")]
    assert desk.purchase("A-1").pending_cashback == 700


def test_one_order_is_decided_in_two_steps(desk: Desk) -> None:
    """What we book ourselves for the one finding is no news to the other."""
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "700", "confirmed", "", ""))
    for kind in (Kind.AMOUNT, Kind.STATUS):
        assert desk.decides(statement, Decision.THEIRS, kind).findings == 1
        desk.works()
    assert {state for _, state, _ in states(desk)} == {"booked"}
    assert desk.purchase("A-1").confirmed_cashback == 7000


def test_a_return_that_comes_just_then_is_seen(desk: Desk) -> None:
    """The worker waits for it, and looks only then: it would count twice."""
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "900", "open", "", ""))
    desk.decides(statement, Decision.THEIRS)
    late = PurchaseReturned(
        desk.shop.id,
        "A-1",
        day(2),
        "message",
        "R-1",
        (ReturnLine("1", 1, 10_000),),
        reject_reason=RejectReason.OTHER,
    )
    worker = Thread(target=desk.works)
    with unit_of_work(desk.world.tools.engine) as session:
        assert not book(session, [late], desk.world.programme)
        worker.start()
        waits_for_a_lock(desk)
    worker.join(30)
    assert desk.purchase("A-1").pending_cashback == 9000
    assert states(desk) == [("amount", "settled", "nothing_to_book")]
    desk.world.tell(desk.shop, returned("A-1", "R-2", {"1": 100}, at=day(3)))
    assert desk.purchase("A-1").pending_cashback == 8000


def waits_for_a_lock(desk: Desk) -> None:
    for _ in range(500):
        waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        if desk.world.query(waiting):
            return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
