"""Who is right: decisions, many at once, and what follows from them in the books."""

import pytest

from partners.reconciliation.deciding import Expected, Say, Which, decide
from partners.reconciliation.matching import try_shop
from partners.reconciliation.rules import Decision, FindingsChanged, Kind, StatementNotReady
from tests.colleagues import BORIS
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.world import cancelled, confirmed, created, day, returned, updated
from tracker.audit.rules import ReasonMissing
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.database import unit_of_work

D1 = "2010-12-01"


def outcome(desk: Desk, order: str) -> tuple[str, str | None]:
    (row,) = desk.world.query("SELECT * FROM partner_findings WHERE order_id = :o", o=order)
    return row.state, row.outcome


def fine(desk: Desk) -> None:
    assert not desk.world.differences()


def test_what_they_lost_is_taken_back(desk: Desk) -> None:
    member = desk.world.member()
    desk.buys("A-1", 1000, member=member)
    statement = desk.sends(("Z", D1, "1", "returned", "", ""))
    assert desk.world.balance(member).pending == 10_000 + 20_000
    assert desk.decides(statement, Decision.THEIRS).findings == 1
    desk.works()
    assert outcome(desk, "A-1") == ("booked", "booked")
    assert desk.purchase("A-1").status == "rejected"
    assert desk.world.balance(member).pending == 0
    fine(desk)


def test_what_they_confirm_is_confirmed_before_its_hold_is_over(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "1000", "confirmed", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert desk.purchase("A-1").status == "confirmed"
    desk.matches_again(statement)
    assert outcome(desk, "A-1") == ("booked", "booked")
    fine(desk)


def test_what_ended_without_their_word_comes_back_by_it(desk: Desk) -> None:
    desk.shop = desk.world.shop("strict", on_hold_end=OnHoldEnd.REJECT)
    desk.writes(OWN)
    desk.buys("A-1", 1000)
    desk.world.end_holds(day(31))
    statement = desk.sends(("A-1", D1, "1000", "confirmed", "", ""))
    assert desk.decides(statement, Decision.THEIRS).cashback_effect == 10_000
    desk.works()
    assert desk.purchase("A-1").confirmed_cashback == 10_000
    fine(desk)


@pytest.mark.parametrize(("theirs", "cashback"), [("700", 7000), ("1250.5", 12_505), ("50", 500)])
def test_their_sum_becomes_ours(desk: Desk, theirs: str, cashback: int) -> None:
    desk.buys("A-1", 600, 400)
    statement = desk.sends(("A-1", D1, theirs, "open", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert outcome(desk, "A-1") == ("booked", "booked")
    assert desk.purchase("A-1").pending_cashback == cashback
    desk.matches_again(statement)
    assert desk.found()[0][3] == "booked"
    fine(desk)


def test_their_sum_becomes_ours_after_returns_and_a_confirmation(desk: Desk) -> None:
    desk.buys("A-1", 600, 400)
    desk.world.tell(desk.shop, returned("A-1", "R-1", {"1": 600, "2": 100}, at=day(2)))
    desk.world.tell(desk.shop, confirmed("A-1", at=day(3)))
    statement = desk.sends(("A-1", D1, "800", "confirmed", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert desk.purchase("A-1").confirmed_cashback == 8000
    fine(desk)


def test_what_they_have_and_we_do_not_is_opened(desk: Desk) -> None:
    member = desk.world.member()
    click = desk.world.click(member, desk.shop, day(0))
    statement = desk.sends(
        ("B-1", D1, "100", "confirmed", "", click),
        ("B-2", D1, "100", "open", "", ""),
        ("B-3", "", "100", "open", "", ""),
    )
    assert desk.decides(statement, Decision.THEIRS).cashback_effect == 1000
    desk.works()
    assert outcome(desk, "B-1") == ("booked", "booked")
    assert outcome(desk, "B-2") == ("booked", "booked")
    assert outcome(desk, "B-3") == ("refused", "no_day")
    assert desk.purchase("B-1").confirmed_cashback == 1000
    assert desk.purchase("B-2").status == "unattributed"
    desk.matches_again(statement)
    assert [one[3] for one in desk.found()] == ["booked", "booked", "refused"]
    fine(desk)


def test_what_the_shop_sends_later_goes_on_as_ever(desk: Desk) -> None:
    click = desk.world.click(desk.world.member(), desk.shop, day(0))
    statement = desk.sends(("B-1", D1, "100", "open", "", click))
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    desk.world.tell(desk.shop, updated("B-1", click, 90, 20, at=day(41)))
    assert desk.purchase("B-1").pending_cashback == 1100
    desk.world.tell(desk.shop, cancelled("B-1", at=day(42)))
    assert desk.purchase("B-1").status == "rejected"
    fine(desk)


def test_facts_are_for_good(desk: Desk) -> None:
    for order in ("A-1", "A-2", "A-3"):
        desk.buys(order, 1000)
    desk.world.tell(desk.shop, cancelled("A-1", at=day(2)))
    desk.world.tell(desk.shop, confirmed("A-2", at=day(2)))
    statement = desk.sends(
        ("A-1", D1, "1000", "confirmed", "", ""),
        ("A-2", D1, "1000", "open", "", ""),
        ("A-3", D1, "1000", "open", "7", ""),
    )
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert outcome(desk, "A-1") == ("refused", "cannot_be_taken_back")
    assert outcome(desk, "A-2") == ("refused", "cannot_be_taken_back")
    assert outcome(desk, "A-3") == ("refused", "terms_stand")
    assert desk.decides(statement, Decision.CLAIM).findings == 3
    assert outcome(desk, "A-1") == ("settled", None)
    fine(desk)


def test_a_purchase_in_pieces_only_becomes_less(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    desk.world.change("UPDATE purchases SET stated_whole = false")
    desk.world.change_as_owner("UPDATE purchase_lines SET stated_source = 'x', stated_at = now()")
    statement = desk.sends(("A-1", D1, "1100", "open", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert outcome(desk, "A-1") == ("refused", "told_in_pieces")


def test_a_number_that_looks_like_another_is_not_opened(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "1000", "open", "", ""), ("A1", D1, "50", "open", "", ""))
    assert [one[:2] for one in desk.found()] == [("missing_with_us", "A1")]
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert outcome(desk, "A1") == ("refused", "looks_like_another")


def test_two_findings_of_one_order_are_booked_one_after_the_other(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "700", "confirmed", "", ""))
    assert desk.decides(statement, Decision.THEIRS).findings == 2
    desk.works()
    assert [one[3] for one in desk.found()] == ["booked", "booked"]
    assert desk.purchase("A-1").confirmed_cashback == 7000
    fine(desk)


def test_a_near_match_is_one_order_or_two(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    desk.buys("A-2", 2000)
    rows = [("X-1", D1, "1000", "open", "", ""), ("X-2", D1, "2000", "open", "", "")]
    statement = desk.sends(*rows)
    same, other = desk.world.query("SELECT id FROM partner_findings ORDER BY order_id")
    ids = {"same": [same.id], "other": [other.id]}
    for which, decision in (("same", Decision.THEIRS), ("other", Decision.OURS)):
        with unit_of_work(desk.world.tools.engine) as session:
            say = Say(decision, "asked them", BORIS, day(40))
            decide(session, desk.shop.id, statement.id, Which(ids=ids[which]), say)
    statement = desk.matches_again(statement)
    assert statement.figures["matched"]["by_staff"] == 1
    assert [one[:2] for one in desk.found() if one[3] == "open"] == [
        ("missing_with_them", "A-2"),
        ("missing_with_us", "X-2"),
    ]
    again = desk.sends(*rows, ("Z", D1, "1", "returned", "", ""))
    assert again.figures["matched"]["by_staff"] == 1


def test_a_decision_is_asked_for_once(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    first = desk.sends(("A-1", D1, "900", "open", "", ""))
    assert desk.decides(first, Decision.OURS).findings == 1
    assert desk.decides(first, Decision.OURS).findings == 0
    second = desk.sends(("A-1", D1, "900.0", "open", "", ""))
    assert second.figures["findings"]["amount"]["open"] == 0
    third = desk.sends(("A-1", D1, "899", "open", "", ""))
    assert third.figures["findings"]["amount"]["open"] == 1


def test_what_was_booked_and_is_undone_is_asked_about_anew(desk: Desk) -> None:
    click = desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "1100", "open", "", ""))
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    desk.world.tell(desk.shop, updated("A-1", click, 1000, at=day(50)))
    desk.matches_again(statement)
    assert desk.found() == [("amount", "A-1", "100000>110000", "open")]


def test_a_decision_is_for_as_many_as_it_says(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "900", "open", "", ""))
    with pytest.raises(FindingsChanged):
        desk.decides(statement, Decision.THEIRS, expected=Expected(2))
    assert desk.found()[0][3] == "open"
    assert desk.decides(statement, Decision.THEIRS, Kind.STATUS).findings == 0
    assert desk.decides(statement, Decision.THEIRS, Kind.AMOUNT, expected=Expected(1)).findings == 1


@pytest.mark.parametrize(
    "expected",
    [Expected(commission=-1199), Expected(cashback=1000), Expected(1, -1200, -999)],
)
def test_a_decision_is_for_the_money_that_it_says(desk: Desk, expected: Expected) -> None:
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "900", "open", "", ""))
    with pytest.raises(FindingsChanged):
        desk.decides(statement, Decision.THEIRS, expected=expected)
    assert desk.found()[0][3] == "open"
    made = desk.decides(statement, Decision.THEIRS, expected=Expected(1, -1200, -1000))
    assert (made.commission_effect, made.cashback_effect) == (-1200, -1000)


def test_a_decision_needs_a_reason_and_the_findings_for_itself(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "900", "open", "", ""))
    with unit_of_work(desk.world.tools.engine) as session:
        assert try_shop(session, desk.shop.id)
        with pytest.raises(StatementNotReady):
            desk.decides(statement, Decision.OURS)
    say = Say(Decision.OURS, "  ", BORIS, day(40))
    with unit_of_work(desk.world.tools.engine) as session, pytest.raises(ReasonMissing):
        decide(session, desk.shop.id, statement.id, Which(), say)


def test_many_are_booked_in_chunks(desk: Desk) -> None:
    member = desk.world.member()
    click = desk.world.click(member, desk.shop, day(0))
    orders = [f"B-{number:03d}" for number in range(450)]
    statement = desk.sends(*((order, D1, "10", "confirmed", "", click) for order in orders))
    assert desk.decides(statement, Decision.THEIRS).findings == 450
    desk.works()
    assert {one[3] for one in desk.found()} == {"booked"}
    assert desk.world.balance(member).available == 450 * 100 + 20_000
    fine(desk)


def test_an_order_never_stated_is_stated_by_it(desk: Desk) -> None:
    desk.world.tell(desk.shop, confirmed("B-1", at=day(1)))
    click = desk.world.click(desk.world.member(), desk.shop, day(0))
    statement = desk.sends(("B-1", D1, "10", "confirmed", "", click))
    assert [one[:2] for one in desk.found()] == [("missing_with_us", "B-1")]
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert desk.purchase("B-1").confirmed_cashback == 100
    fine(desk)


def test_the_proof_sees_what_was_changed_behind_its_back(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    desk.world.tell(desk.shop, created("A-2", None, 5, at=day(1)))
    desk.sends(("A-1", D1, "900", "open", "", ""))
    desk.world.change_as_owner("UPDATE shop_statement_lines SET amount = 1")
    desk.world.change(
        "UPDATE partner_findings SET state = 'booked', decision = 'theirs', reason = 'x',"
        " decided_by = 'y'"
    )
    assert [one.what for one in desk.world.differences()] == [
        "lines of statement 1",
        "amount of order 'A-1', finding 1",
    ]
