"""What is found between a statement and our books, by whom it is the same, and what it comes to."""

from datetime import date

from partners.reconciliation.rules import State, days
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.world import cancelled, confirmed, created, day, returned
from tracker.clicks.rules import OnHoldEnd

D1 = "2010-12-01"


def test_what_agrees_is_no_finding(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    desk.buys("A-2", 500, 250)
    desk.world.tell(desk.shop, returned("A-2", "R-1", {"1": 500}, at=day(2)))
    desk.buys("A-3", 70)
    desk.world.tell(desk.shop, cancelled("A-3", at=day(2)))
    desk.buys("A-4", 30)
    desk.world.tell(desk.shop, confirmed("A-4", at=day(2)))
    statement = desk.sends(
        ("A-1", D1, "1000.00", "open", "120.00", ""),
        ("A-2", D1, "250", "open", "30", ""),
        ("A-3", D1, "70", "returned", "", ""),
        ("A-4", D1, "30.00", "confirmed", "3.6", ""),
        ("A-5", D1, "30.00", "returned", "", ""),
    )
    assert statement.state == State.MATCHED, (statement.why, statement.faults)
    assert desk.found() == []
    assert statement.figures["matched"]["by_number"] == 4
    assert statement.figures["theirs"] == {"orders": 5, "amount": 128_000}
    assert statement.figures["ours"] == {"orders": 4, "amount": 128_000}
    assert not desk.world.differences()


def test_each_difference_is_found_with_its_effect(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    desk.buys("A-2", 1000)
    desk.buys("A-3", 1000)
    desk.buys("A-4", 1000)
    click = desk.world.click(desk.world.member(), desk.shop, day(0))
    desk.sends(
        ("A-1", D1, "900.00", "open", "", ""),
        ("A-2", D1, "1000.00", "returned", "", ""),
        ("A-3", D1, "1000.00", "open", "100.00", ""),
        ("B-1", D1, "77.00", "confirmed", "", click),
        ("B-2", D1, "55.00", "open", "", ""),
    )
    rows = desk.world.query("SELECT * FROM partner_findings ORDER BY order_id")
    assert [
        (row.order_id, row.kind, row.figures, row.commission_effect, row.cashback_effect)
        for row in rows
    ] == [
        ("A-1", "amount", "100000>90000", -1200, -1000),
        ("A-2", "status", "open>returned", -12000, -10000),
        ("A-3", "commission", "12000>10000", -2000, 0),
        ("A-4", "missing_with_them", "100000", -12000, -10000),
        ("B-1", "missing_with_us", "7700:confirmed", 924, 770),
        ("B-2", "missing_with_us", "5500:open", 0, 0),
    ]


def test_nobodys_orders_of_ours_are_not_asked_for(desk: Desk) -> None:
    desk.world.tell(desk.shop, created("N-1", None, 1000, at=day(0)))
    desk.sends(("Z", "2010-12-02", "1", "returned", "", ""))
    assert desk.found() == []


def test_sums_within_tolerance_are_alike(desk: Desk) -> None:
    desk.writes({**OWN, "tolerance": {"amount": "0.50", "percent": "0.10"}})
    for order, amount in (("A-1", 100), ("A-2", 100), ("A-3", 1000), ("A-4", 1000)):
        desk.buys(order, amount)
    desk.sends(
        ("A-1", D1, "99.50", "open", "", ""),
        ("A-2", D1, "99.49", "open", "", ""),
        ("A-3", D1, "1001.00", "open", "", ""),
        ("A-4", D1, "1001.01", "open", "", ""),
    )
    assert [one[1] for one in desk.found()] == ["A-2", "A-4"]


def test_a_number_written_otherwise_is_the_same_order(desk: Desk) -> None:
    desk.buys("A-1001", 1000)
    statement = desk.sends(("№ а1001", D1, "1000", "open", "", ""))
    assert desk.found() == []
    assert statement.figures["matched"]["by_likeness"] == 1


def test_without_a_number_the_day_and_the_sum_tell(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    desk.buys("A-2", 500)
    desk.buys("A-3", 500)
    statement = desk.sends(
        ("", D1, "1000", "open", "", ""),
        ("", D1, "500", "open", "", ""),
        ("", "2010-12-02", "7", "open", "", ""),
        ("", "2010-12-02", "7", "open", "", ""),
    )
    assert statement.figures["matched"]["by_day_and_sum"] == 1
    assert [(kind, order) for kind, order, *_ in desk.found()] == [
        ("missing_with_them", "A-2"),
        ("missing_with_them", "A-3"),
        ("missing_with_us", "~\u00a02010-12-01:50000:1"),
        ("missing_with_us", "~\u00a02010-12-02:700:1"),
        ("missing_with_us", "~\u00a02010-12-02:700:2"),
    ]


def test_another_number_on_the_same_day_with_the_same_sum_is_near(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    desk.sends(("X-9", D1, "1000", "open", "", ""))
    assert desk.found() == [("near", "X-9", "A-1", "open")]


def test_an_order_that_stands_twice_is_told(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    row = ("A-1", D1, "1000", "open", "", "")
    desk.sends(row, row)
    assert desk.found() == [("duplicate", "A-1", "2x200000", "open")]


def test_lines_of_an_order_are_added_up(desk: Desk) -> None:
    desk.writes({**OWN, "rows": "lines"})
    desk.buys("A-1", 1000, 300)
    desk.buys("A-2", 50)
    desk.sends(
        ("A-1", D1, "1000", "open", "100", ""),
        ("A-1", D1, "400", "open", "56", ""),
        ("A-1", D1, "-100", "open", "", ""),
        ("A-1", D1, "30", "returned", "", ""),
        ("A-2", D1, "50", "returned", "", ""),
        ("A-2", D1, "20", "confirmed", "", ""),
    )
    assert [one[:3] for one in desk.found()] == [
        ("amount", "A-2", "5000>2000"),
        ("status", "A-2", "open>confirmed"),
    ]


def test_an_order_of_another_day_is_compared_as_well(desk: Desk) -> None:
    desk.buys("A-1", 1000, on=45)
    statement = desk.sends(("A-1", D1, "1000", "open", "", ""))
    assert desk.found() == []
    assert statement.figures["ours"]["orders"] == 0


def test_what_came_back_and_what_was_refused_agree(desk: Desk) -> None:
    shop = desk.world.shop("strict", on_hold_end=OnHoldEnd.REJECT)
    desk.shop = shop
    desk.writes(OWN)
    desk.buys("A-1", 1000)
    desk.buys("A-2", 1000)
    desk.world.end_holds(day(31))
    desk.sends(
        ("A-1", D1, "1000", "returned", "", ""),
        ("A-2", D1, "1000", "confirmed", "120", ""),
    )
    rows = desk.world.query("SELECT * FROM partner_findings")
    assert [(row.order_id, row.figures) for row in rows] == [("A-2", "rejected>confirmed")]
    assert (rows[0].commission_effect, rows[0].cashback_effect) == (12_000, 10_000)


def test_matching_again_makes_no_duplicates_and_finds_what_is_gone(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    statement = desk.sends(("A-1", D1, "900", "open", "", ""), ("B-1", D1, "70", "open", "", ""))
    before = desk.world.query("SELECT id FROM partner_findings ORDER BY id")
    statement = desk.matches_again(statement)
    assert statement.matches == 2
    assert desk.world.query("SELECT id FROM partner_findings ORDER BY id") == before
    desk.world.tell(desk.shop, returned("A-1", "R-1", {"1": 100}, at=day(3)))
    desk.matches_again(statement)
    assert [one[3] for one in desk.found()] == ["gone", "open"]


def test_a_later_statement_of_the_same_days_goes_before(desk: Desk) -> None:
    desk.buys("A-1", 1000)
    first = desk.sends(("A-1", D1, "900", "open", "", ""), ("B-1", D1, "70", "open", "", ""))
    wider = days(date(2010, 12, 1), date(2011, 1, 31))
    second = desk.sends(
        ("A-1", D1, "900.00", "open", "", ""), ("B-1", D1, "70", "returned", "", ""), at=wider
    )
    assert desk.statement(first.id).state == State.SUPERSEDED
    assert second.figures["supersedes"] == [first.id]
    assert desk.found() == [
        ("amount", "A-1", "100000>90000", "open"),
        ("missing_with_us", "B-1", "7000:open", "gone"),
    ]
    (kept,) = desk.world.query("SELECT * FROM partner_findings WHERE state = 'open'")
    assert kept.statement_id == second.id


def test_the_same_file_is_the_same_statement(desk: Desk) -> None:
    row = ("A-1", D1, "900", "open", "", "")
    assert desk.sends(row).id == desk.sends(row).id
    other = desk.sends(row, at=days(date(2010, 12, 1), date(2010, 12, 30)))
    desk.writes({**OWN, "tolerance": {"amount": "1.00"}})
    again = desk.sends(row)
    assert len({desk.sends(row).id, other.id, again.id}) == 2
    assert again.id == desk.sends(row).id
