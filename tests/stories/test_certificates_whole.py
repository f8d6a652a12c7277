"""From a purchase to a salon: earned, saved, paid out above it, lost by a return, saved once more,
ordered, printed, redeemed, and seen by finance. All by the API."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import zxingcpp
from pypdfium2 import PdfDocument

from tests.signing_in import at
from tests.stories.people import Person
from tests.told import all_as_told
from tests.tracker.certificates.salon import DESK, present, salon_of, staff, told
from tests.world import World, confirmed, created, day, returned
from tracker.certificates.jobs import work
from tracker.kit.money import format_rubles
from tracker.staff.rules import Role

JANUARY, FEBRUARY = day(31), day(62)
"""The 1st of each, in Moscow."""


@pytest.fixture(autouse=True)
def proved(world: World) -> Iterator[None]:
    """Each story ends with the proof, and no answer in it is another than the API tells."""
    with all_as_told():
        yield
    assert world.differences() == []


@pytest.fixture
def anna(world: World) -> Person:
    """A member who has earned 2,200.00: a tenth of a large purchase, and the welcome bonus."""
    anna = Person(world, "+79001110001", "anna@example.org")
    anna.joins(0)
    buys(world, anna, "A-1", 20_000, on=1)
    assert anna.money(3) == {"available": "2200.00"}
    return anna


def buys(world: World, person: Person, order: str, amount: float, on: float) -> None:
    """A purchase that the shop confirms a day later."""
    shop = world.shop("tea", cashback=1000)
    click = person.goes_to("tea", on)
    world.tell(shop, created(order, click, amount, at=day(on + 0.1)))
    world.tell(shop, confirmed(order, at=day(on + 1)))


def asks(person: Person, path: str, on: float, body: Any = None, **headers: str) -> Any:
    """What the member is told after an act."""
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = person.app(on).post(f"/api/v1{path}", json=body, headers=given)
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    return answer.get_json() if answer.is_json else answer.get_data()


def saved(person: Person, on: float) -> list[tuple[str, str, bool]]:
    """What each goal that stands is to be, what it has, and whether it was reached."""
    return [
        (one["target"], one["reserved"], one["reached_at"] is not None)
        for one in person.sees("/goals", on)["items"]
    ]


def on_paper(pdf: bytes) -> tuple[str, str]:
    """What the QR says, and the text."""
    page = PdfDocument(pdf)[0]
    (code,) = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    return code.text, " ".join(page.get_textpage().get_text_range().split())


def test_from_a_purchase_to_a_salon(world: World, anna: Person) -> None:
    goal = asks(anna, "/goals", 4, {"name": "телефон", "target": "1000.00"})["id"]
    assert saved(anna, 4) == [("1000.00", "1000.00", True)]

    world.settle("2011-01", JANUARY)
    assert [one.amount for one in world.billing.paid.values()] == [120_000]
    assert anna.money(32) == {"reserved": "1000.00", "spent": "1200.00"}

    # All that she bought comes back: what was saved goes first, the rest is a debt.
    world.tell(world.shop("tea", cashback=1000), returned("A-1", "R-1", at=day(35)))
    assert anna.money(36) == {"debt": "1200.00", "spent": "1200.00"}
    assert saved(anna, 36) == [("1000.00", "0.00", False)]

    # 2,300.00 and the bonus, which has moved on: the debt, the goal, and what is left.
    buys(world, anna, "A-2", 23_000, on=40)
    assert anna.money(42) == {
        "available": "300.00",
        "reserved": "1000.00",
        "spent": "1200.00",
    }
    assert saved(anna, 42) == [("1000.00", "1000.00", True)]
    assert anna.told().count("goal_reached") == 1

    certificate = ordered_once(world, anna, goal)
    spent_at_a_salon(world, anna, certificate)
    finance_sees_it(world, certificate)

    world.settle("2011-02", FEBRUARY)
    assert [one.amount for one in world.billing.paid.values()] == [120_000, 30_000]
    assert anna.money(63) == {"spent": "2500.00"}
    owed = world.query(
        "SELECT -sum(amount) AS kopecks FROM ledger_entries WHERE account = 'owed_to_salons'"
    )
    assert owed[0].kopecks == 100_000


def ordered_once(world: World, anna: Person, goal: int) -> int:
    """An order that is sent twice, since the first answer was lost; a worker issues it."""
    wish = {"amount": "1000.00", "goal_id": goal}
    (first,) = asks(anna, "/certificates", 43, wish, Idempotency_Key="one")["items"]
    (again,) = asks(anna, "/certificates", 43, wish, Idempotency_Key="one")["items"]
    assert (first["id"], first["state"]) == (again["id"], "ordered")
    assert saved(anna, 43) == []
    assert anna.sees(f"/goals/{goal}", 43)["state"] == "spent"
    assert work(world.tools.engine, day(43), None)
    assert anna.told()[-1] == "certificate_issued"
    number: int = first["id"]
    return number


def spent_at_a_salon(world: World, anna: Person, certificate: int) -> None:
    """A code, then the same on paper: the salon takes the paper, once, and no code before it."""
    lost = asks(anna, f"/certificates/{certificate}/code", 44)["code"]
    code, text = on_paper(asks(anna, f"/certificates/{certificate}/paper", 44))
    assert code != lost
    for words in (code, "Сертификат салона", "1 000,00 ₽", f"Номер: {certificate}"):
        assert words in text

    then = at(world, day(45))
    tverskaya, arbat = salon_of(then, "tverskaya"), salon_of(then, "arbat")
    assert told(present(then, tverskaya, lost)) == (404, "code_not_accepted")
    taken = present(then, tverskaya, code, "R-42")
    assert (taken.status_code, taken.get_json()["amount"]) == (200, "1000.00")
    assert present(then, tverskaya, code, "R-42").get_json() == taken.get_json()
    assert told(present(then, tverskaya, code, "R-43")) == (409, "certificate_redeemed")
    assert told(present(then, arbat, code, "R-42")) == (409, "certificate_redeemed")
    (seen,) = anna.sees("/certificates", 46)["items"]
    assert (seen["state"], seen["codes"]) == ("redeemed", 2)


def finance_sees_it(world: World, certificate: int) -> None:
    """By the salon and the day, and as a file."""
    span = {"from": day(45).isoformat(), "to": day(46).isoformat()}
    search = {"salon": "tverskaya", "moment": "redeemed", **span}
    desk = staff(world, "olga", Role.OPERATOR)
    (found,) = desk.get(DESK, query_string=search).get_json()["items"]
    assert (found["id"], found["amount"], found["receipt_id"]) == (certificate, "1000.00", "R-42")
    file = desk.get(f"{DESK}/export", query_string=search).get_data(as_text=True)
    (row,) = csv.DictReader(StringIO(file))
    assert (row["salon"], row["receipt_id"], row["amount"]) == (
        "tverskaya",
        "R-42",
        format_rubles(100_000),
    )
    assert desk.get(DESK, query_string={"salon": "arbat"}).get_json()["items"] == []
    late = desk.post(f"{DESK}/{certificate}/void", json={"reason": "too late"})
    assert told(late) == (409, "certificate_over")


def test_what_is_voided_is_saved_again(world: World, anna: Person) -> None:
    """Staff undo an order that waits for their word; the goal has its money, and goes on."""
    buys(world, anna, "A-3", 100_000, on=5)
    goal = asks(anna, "/goals", 8, {"name": "телефон", "target": "12000.00"})["id"]
    (one,) = asks(anna, "/certificates", 9, {"amount": "12000.00", "goal_id": goal})["items"]
    assert one["state"] == "review"
    assert not work(world.tools.engine, day(9), None)

    clerk, chief = staff(world, "olga", Role.OPERATOR), staff(world, "petr", Role.APPROVER)
    asked = clerk.post(f"{DESK}/{one['id']}/void", json={"reason": "not the member"}).get_json()
    assert asked["state"] == "review"
    (void,) = asked["voids"]
    decide = f"{DESK}/voids/{void['id']}/approve"
    assert chief.post(decide, json={"reason": "so it is"}).get_json()["state"] == "approved"
    assert saved(anna, 10) == [("12000.00", "12000.00", True)]
    assert anna.money(10) == {"available": "200.00", "reserved": "12000.00"}
