"""Orders to which a shop gives no numbers: found again once they are booked, and mixed up with
nothing that it numbers."""

import pytest

from partners.reconciliation.rules import Decision
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.world import day

D1 = "2010-12-01"


def booked(desk: Desk, *clicks: str) -> None:
    """Lines of one day and sum, agreed to."""
    rows = [("", D1, "100", "open", "", click) for click in clicks]
    statement = desk.sends(*rows)
    desk.decides(statement, Decision.THEIRS)
    desk.works()


@pytest.mark.parametrize("rows", ["orders", "lines"])
def test_they_are_found_again_and_not_taken_back(desk: Desk, rows: str) -> None:
    desk.writes({**OWN, "rows": rows})
    member = desk.world.member()
    click = desk.world.click(member, desk.shop, day(0))
    booked(desk, click, click)
    before = desk.world.balance(member).pending
    assert before > 0
    statement = desk.matches_again(desk.statement(1))
    assert statement.figures["matched"]["by_day_and_sum"] == 2
    assert {one[3] for one in desk.found()} == {"booked"}
    assert desk.decides(statement, Decision.THEIRS).findings == 0
    desk.works()
    assert desk.world.balance(member).pending == before
    assert not desk.world.differences()


def test_of_two_alike_each_stays_its_members(desk: Desk) -> None:
    first, second = desk.world.members(2)
    clicks = [desk.world.click(one, desk.shop, day(0)) for one in (first, second)]
    booked(desk, *clicks)
    statement = desk.sends(
        ("", D1, "100", "confirmed", "", clicks[1]), ("", D1, "100", "open", "", clicks[0])
    )
    assert desk.decides(statement, Decision.THEIRS).findings == 1
    desk.works()
    assert desk.world.balance(first).available == 0
    assert desk.world.balance(second).available > 0


def test_what_came_back_of_them_is_found(desk: Desk) -> None:
    booked(desk, "")
    statement = desk.sends(("", D1, "100", "returned", "", ""))
    assert statement.figures["findings"]["status"]["open"] == 1


@pytest.mark.parametrize("number", [f"~{D1}:10000:1", f"~ {D1}:10000:1"])
def test_a_number_that_looks_like_a_made_up_one_spoils_no_statement(
    desk: Desk, number: str
) -> None:
    statement = desk.sends(("", D1, "100", "open", "", ""), (number, D1, "100", "open", "", ""))
    assert statement.state == "matched"
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert sorted(one[3] for one in desk.found()) == ["booked", "refused"]


def test_nobody_can_write_such_a_number(desk: Desk) -> None:
    statement = desk.sends((f"~\u00a0{D1}:10000:1", D1, "100", "open", "", ""))
    assert list(statement.faults) == ["line 2, order"]


def test_a_number_that_staff_took_for_two_orders_spoils_no_statement(desk: Desk) -> None:
    """X-1 was near one order once, and near another one later."""
    desk.buys("A-1", 1000)
    desk.decides(desk.sends(("X-1", D1, "1000", "open", "", "")), Decision.THEIRS)
    desk.buys("A-2", 1000)
    lines = [(order, D1, "1000", "open", "", "") for order in ("A-1", "X-1")]
    desk.decides(desk.sends(*lines), Decision.THEIRS)
    statement = desk.sends(("X-1", D1, "900", "confirmed", "", ""))
    assert statement.state == "matched"
    assert statement.figures["matched"]["by_staff"] == 1
