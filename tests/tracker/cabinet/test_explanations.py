"""Any line, back to its purchase, its returns and its rate; and nobody else's."""

from itertools import product
from typing import Any

import pytest

from tests.cabinets import Line, adds_up, ask, whole
from tests.clients import Cabinet
from tests.stories.months import FIRST
from tests.stories.reports import book_all, confirmation, stated
from tests.world import World, confirmed, created, day, returned


def explained(cabinet: Cabinet, line: Line) -> dict[str, Any]:
    return ask(cabinet, f"history/{line['id']}")


def test_the_arithmetic_of_a_purchase(world: World) -> None:
    """7.25 % of 99.99 is 7.249…; of 0.07 it is half a kopeck, and rounds up."""
    shop, member = world.shop(cashback=725), world.member()
    cabinet = world.signed_in(member)
    world.tell(shop, created("A-1", world.click(member, shop), 99.99, 10, 0.07, at=day(1)))
    world.tell(shop, returned("A-1", "R-1", {"1": 50}, at=day(2)))
    world.tell(shop, returned("A-1", "R-2", {"2": 10, "9": 5}, at=day(3)))
    lines = adds_up(world, member, cabinet)
    told = explained(cabinet, lines[0])
    purchase = told["purchase"]
    assert purchase["click"]["cashback_percent"] == "7.25"
    assert purchase["click"]["hold_days"] == 30
    assert [
        (item["line_id"], item["amount"], item["cashback"], item["returned"])
        for item in purchase["items"]
    ] == [
        ("1", "99.99", "7.25", "50.00"),
        ("2", "10.00", "0.73", "10.00"),
        ("3", "0.07", "0.01", "0.00"),
    ]
    assert [(one["return_id"], one["amount"], one["at"]) for one in purchase["deductions"]] == [
        ("R-1", "3.63", "2010-12-02T21:00:00+00:00"),
        ("R-2", "0.73", "2010-12-03T21:00:00+00:00"),
    ]
    assert (purchase["promised"], purchase["rejected"], purchase["pending"]) == (
        "7.99",
        "4.36",
        "3.63",
    )
    assert [one["kind"] for one in told["movements"]] == ["tracked", "rejected", "rejected"]


def test_what_the_shop_confirmed_for_less(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet = world.signed_in(member)
    click = world.click(member, shop)
    book_all(world, stated(shop, "1", click, {"1": 100, "2": 50}, at=day(1)))
    book_all(world, confirmation(shop, "1", 120, at=day(2)))
    accrued, rejected, _ = adds_up(world, member, cabinet)
    assert (accrued["amount"], rejected["amount"]) == ("12.00", "3.00")
    assert rejected["reason"] == "confirmed_for_less"
    (deduction,) = explained(cabinet, rejected)["purchase"]["deductions"]
    assert deduction == {
        "reason": "confirmed_for_less",
        "amount": "3.00",
        "at": None,
        "return_id": None,
    }


def test_the_rate_is_that_of_the_click(world: World) -> None:
    shop, member = world.shop(cashback=1000), world.member()
    cabinet = world.signed_in(member)
    click = world.click(member, shop, day(0))
    world.shop(cashback=100)
    world.tell(shop, created("1", click, 100, at=day(1)))
    line, _ = adds_up(world, member, cabinet)
    assert explained(cabinet, line)["purchase"]["click"]["cashback_percent"] == "10.00"


def test_a_bonus_is_explained_by_the_purchase_that_carries_it(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet = world.signed_in(member)
    click = world.click(member, shop)
    world.tell(shop, created("1", click, 100, at=day(1)))
    world.tell(shop, created("2", click, 100, at=day(2)))
    world.tell(shop, returned("1", "R", at=day(3)))
    (bonus,) = [one for one in adds_up(world, member, cabinet) if one["kind"] == "welcome_bonus"]
    assert bonus["order_id"] == "2"
    assert explained(cabinet, bonus)["purchase"]["order_id"] == "2"


def test_a_payment_tells_its_number_masked(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet = world.signed_in(member)
    world.tell(shop, created("1", world.click(member, shop), 1_000, at=day(1)))
    world.tell(shop, confirmed("1", at=day(2)))
    world.settle("2011-01", FIRST)
    paid = adds_up(world, member, cabinet)[0]
    payment = explained(cabinet, paid)["payment"]
    phone = world.phone(member)
    assert payment["number"] == phone[:5] + "*****" + phone[-2:]
    assert (payment["state"], payment["period"]) == ("paid", "2011-01")
    assert payment["reference"]


def test_a_line_that_moved_on_still_leads_to_its_purchase(world: World) -> None:
    shop, member = world.shop(), world.member()
    cabinet = world.signed_in(member)
    world.tell(shop, created("1", world.click(member, shop), 100, at=day(1)))
    pending, _ = whole(cabinet)
    world.tell(shop, confirmed("1", at=day(2)))
    (now,) = explained(cabinet, pending)["lines"]
    assert now["status"] == "accrued"


def test_nobody_sees_what_is_anothers(world: World) -> None:
    shop, (member, other) = world.shop(), world.members(2)
    world.change("UPDATE members SET referrer_id = :one WHERE id = :two", one=member, two=other)
    for each in (member, other):
        world.tell(shop, created(f"of-{each}", world.click(each, shop), 1_000, at=day(1)))
        world.tell(shop, confirmed(f"of-{each}", at=day(2)))
    world.settle("2011-01", FIRST)
    mine, theirs = (whole(world.signed_in(each)) for each in (member, other))
    assert len(mine) == 4
    foreign = world.signed_in(other)
    known = {line["id"] for line in theirs}
    for line in mine:
        response = foreign.get(f"/api/v1/history/{line['id']}")
        assert response.status_code == 404, line
        assert response.get_json()["code"] == "line_not_found"
    for mark, number in product("pbrw", range(1, 8)):
        one = f"{mark}{number}"
        answer = foreign.get(f"/api/v1/history/{one}")
        is_theirs = any(each.partition("-")[0] == one for each in known)
        assert answer.status_code == (200 if is_theirs else 404), one


@pytest.mark.parametrize(
    "line_id",
    ["x", "p", "p0", "p-1", "p99999999999999999999", "p1 ", "p1-", "P1", "p１", "p1-accrued-x"],
)
def test_what_is_no_line_is_not_found(world: World, line_id: str) -> None:
    cabinet = world.signed_in(world.member())
    assert cabinet.get(f"/api/v1/history/{line_id}").status_code == 404
