"""Members from joining to payout, all by the API: as their apps, the shops and workers do it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.joining import Newcomer
from tests.signing_in import at, by_password, code_sent
from tests.stories.people import Person
from tests.told import all_as_told
from tests.world import World, cancelled, confirmed, created, day, returned

FIRST = day(31)
GRAN = "+79001110009"


@pytest.fixture
def anna(world: World) -> Person:
    """She is not a member yet."""
    return Person(world, "+79001110001", "anna@example.org", "uk")


@pytest.fixture
def boris(world: World) -> Person:
    """Nor is he."""
    return Person(world, "+79001110002", "boris@example.org", "en")


@pytest.fixture(autouse=True)
def proved(world: World) -> Iterator[None]:
    """Each story ends with the proof, and no answer in it is another than the API tells."""
    with all_as_told():
        yield
    assert world.differences() == []


def test_from_a_number_to_a_phone_balance(world: World, anna: Person) -> None:
    tea = world.shop("tea", cashback=1000, hold_days=30)
    anna.joins(0)
    assert anna.told() == ["welcome"]
    assert anna.money(0) == {}

    (shown,) = anna.sees("/catalogue?q=tea", 0)["items"]
    assert (shown["cashback_percent"], shown["go"]) == ("10.00", "/go/tea")
    click = anna.goes_to(shown["slug"], 0)
    world.tell(tea, created("A-1", click, 1000, 500, at=day(0.1)))
    assert anna.told() == ["welcome", "cashback_tracked"]
    assert anna.money(1) == {"pending": "350.00"}
    assert anna.lines(1) == [
        ("purchase", "pending", "150.00"),
        ("welcome_bonus", "pending", "200.00"),
    ]
    (line, _) = anna.sees("/history?status=pending", 1)["items"]
    assert line["expected_at"] == day(30.1).isoformat()
    assert line["shop"] == {"slug": "tea", "name": "Tea"}

    world.tell(tea, returned("A-1", "R-1", {"2": 500}, at=day(2)))
    world.end_holds(day(30.2))
    assert anna.told() == [
        "welcome",
        "cashback_tracked",
        "cashback_rejected",
        "cashback_confirmed",
    ]
    assert anna.money(30.5) == {"available": "300.00"}
    assert anna.lines(30.5) == [
        ("purchase", "accrued", "100.00"),
        ("purchase", "rejected", "50.00"),
        ("welcome_bonus", "accrued", "200.00"),
    ]
    explained(anna.sees(f"/history/{line['id']}", 30.5))

    world.settle("2011-01", FIRST)
    assert [(one.phone, one.amount) for one in world.billing.paid.values()] == [
        (anna.phone, 30_000)
    ]
    assert anna.told()[-1] == "payout_paid"
    assert anna.money(32) == {"spent": "300.00"}
    (payment, *_) = anna.sees("/history?status=written_off", 32)["items"]
    assert (payment["kind"], payment["amount"]) == ("payment", "300.00")
    told = anna.sees(f"/history/{payment['id']}", 32)["payment"]
    assert (told["state"], told["number"]) == ("paid", "+7900*****01")


def explained(told: dict[str, Any]) -> None:
    """A purchase with its click, its lines, its return and what it did to the balance."""
    bought = told["purchase"]
    assert bought["click"]["cashback_percent"] == "10.00"
    assert [(one["amount"], one["cashback"], one["returned"]) for one in bought["items"]] == [
        ("1000.00", "100.00", "0.00"),
        ("500.00", "50.00", "500.00"),
    ]
    (deduction,) = bought["deductions"]
    assert (deduction["return_id"], deduction["amount"]) == ("R-1", "50.00")
    names = ("promised", "accrued", "pending", "rejected")
    assert [bought[name] for name in names] == ["150.00", "100.00", "0.00", "50.00"]
    moved = [(one["kind"], one["pending"], one["available"]) for one in told["movements"]]
    assert moved == [
        ("tracked", "150.00", "0.00"),
        ("rejected", "-50.00", "0.00"),
        ("confirmed", "-100.00", "100.00"),
    ]


@pytest.mark.parametrize("paid_out", [False, True])
def test_a_friend_brings_a_reward_and_a_return_takes_it_back(
    world: World, anna: Person, boris: Person, paid_out: bool
) -> None:
    books = world.shop("books", cashback=1000)
    anna.joins(0)
    link = anna.sees("/referral", 0)["link"].removeprefix(world.tools.settings.public_url)
    browser = at(world, day(1)).client()
    assert browser.get(link).status_code == 302
    boris.joins(2, browser)
    assert friends(anna, boris) == [(1, "joined")]

    world.tell(books, created("B-1", boris.goes_to("books", 3), 1000, at=day(3.1)))
    assert friends(anna, boris) == [(1, "pending")]
    assert anna.money(4) == {"pending": "200.00"}
    assert anna.lines(4) == [("referral_reward", "pending", "200.00")]
    world.tell(books, confirmed("B-1", at=day(5)))
    assert friends(anna, boris) == [(1, "rewarded")]
    assert anna.money(6) == {"available": "200.00"}
    assert anna.told() == ["welcome", "reward_tracked", "reward_confirmed"]
    assert boris.told() == ["welcome", "cashback_tracked", "cashback_confirmed"]

    if paid_out:
        world.settle("2011-01", FIRST)
        assert anna.told()[-1] == boris.told()[-1] == "payout_paid"
    world.tell(books, cancelled("B-1", at=day(32)))
    assert friends(anna, boris) == [(1, "rejected")]
    owed = {"spent": "200.00", "debt": "200.00"} if paid_out else {}
    assert anna.money(33) == owed
    (line, *_) = anna.sees("/history?status=rejected", 33)["items"]
    assert (line["reason"], line["taken_back"]) == ("friends_purchase", True)
    assert boris.told()[-1] == "cashback_taken_back"


def friends(anna: Person, boris: Person) -> list[tuple[int, str]]:
    """How far the friends have come, as the inviter sees it; nothing says who they are."""
    shown = anna.sees("/referral", 33)
    listed = json.dumps(shown["friends"])
    for identity in (boris.phone, boris.phone[-4:], boris.email, "boris"):
        assert identity not in listed
    items = shown["friends"]["items"]
    assert all(one.keys() == {"ordinal", "joined", "state"} for one in items)
    return [(one["ordinal"], one["state"]) for one in items]


def test_a_part_goes_to_a_relative_who_agreed(world: World, anna: Person) -> None:
    tea = world.shop("tea", cashback=1000)
    anna.joins(0)
    app = anna.app(1)
    wish = {"phone": GRAN, "fixed_amount": "120.00", "label": "Бабуся"}
    added = app.post("/api/v1/relatives", json=wish).get_json()
    assert added["state"] == "unconfirmed"
    path = f"/api/v1/relatives/{added['id']}/confirm"
    agreed = app.post(path, json={"code": code_sent(world, GRAN)})
    assert agreed.get_json()["state"] == "active"
    assert anna.told() == ["welcome", "relative_added"]

    world.tell(tea, created("A-1", anna.goes_to("tea", 1), 1000, at=day(1.1)))
    world.tell(tea, confirmed("A-1", at=day(2)))
    assert anna.sees("/balance", 3)["next_payment"]["amount"] == "300.00"
    world.settle("2011-01", FIRST)
    paid = {one.phone: one.amount for one in world.billing.paid.values()}
    assert paid == {GRAN: 12_000, anna.phone: 18_000}
    assert anna.money(32) == {"spent": "300.00"}
    assert sorted(anna.lines(32))[:2] == [
        ("payment", "written_off", "120.00"),
        ("payment", "written_off", "180.00"),
    ]


def test_a_number_that_was_handed_out_anew_brings_no_money_with_it(
    world: World, anna: Person, boris: Person
) -> None:
    tea = world.shop("tea", cashback=1000)
    anna.joins(0)
    world.tell(tea, created("A-1", anna.goes_to("tea", 0), 1000, at=day(0.1)))
    world.tell(tea, confirmed("A-1", at=day(1)))

    boris.phone = anna.phone
    soon = Newcomer(at(world, day(59)), boris.phone, boris.email)
    soon.begin()
    # It is a member's still: nothing proves it, and no code goes out.
    assert soon.prove_phone().get_json()["code"] == "code_wrong"
    boris.joins(61)
    assert boris.id != anna.id
    assert boris.money(62) == {}
    assert boris.lines(62) == []
    assert boris.sees("/relatives", 62)["items"] == []
    assert boris.sees("/clicks", 62)["items"] == []
    assert boris.sees("/me", 62)["email"] == "boris@example.org"
    line = f"p{world.query('SELECT id FROM purchases')[0].id}-accrued"
    assert boris.app(62).get(f"/api/v1/history/{line}").status_code == 404

    late = at(world, day(63))
    assert by_password(late, anna.email).status_code == 200
    me = anna.sees("/me", 63, anna.email)
    assert (me["phone"], me["email"]) == (None, anna.email)
    assert anna.sees("/balance", 63, anna.email)["available"] == "300.00"
    assert anna.sees(f"/history/{line}", 63, anna.email)["purchase"]["accrued"] == "100.00"
    world.settle("2011-03", day(90))
    assert world.billing.paid == {}, "there is no number of hers to pay to"
    assert anna.sees("/balance", 91, anna.email)["available"] == "300.00"
