"""One sale under two numbers: spelled otherwise, or told by another feed of the shop."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.stories.reports import (
    THE_END,
    book_all,
    cancellation,
    confirmation,
    given_back,
    purchase_id,
    stated,
    status_of,
)
from tests.world import BONUS, Shop, World, created, day, rubles
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.database import unit_of_work
from tracker.kit.errors import Invalid
from tracker.purchases.contracts import PurchaseReport
from tracker.purchases.service import Change, PurchaseNotSuspected, decide, separate

postback = partial(stated, feed="admitad/postback", source="postback")
NOON = day(1.5)


@pytest.fixture
def shop(world: World) -> Shop:
    """Ten percent, a hold of 30 days, confirmed in silence."""
    return world.shop()


def apart(world: World, shop: Shop, order: str, reason: str = "two receipts") -> Change:
    with unit_of_work(world.tools.engine) as session:
        return separate(
            session, shop.id, order, reason=reason, at=day(50), programme=world.programme
        )


def say(world: World, order: str, outcome: OnHoldEnd) -> None:
    with unit_of_work(world.tools.engine) as session:
        decide(session, purchase_id(world, order), outcome, day(50), world.programme)


def test_an_order_spelled_otherwise_is_refused_and_books_nothing(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    assert book_all(world, stated(shop, "A-1001", click, {"1": 100})) == []
    others: list[PurchaseReport] = [
        stated(shop, "a 1001", click, {"1": 100}),
        confirmation(shop, "#А1001"),  # a Cyrillic letter
        given_back(shop, "A_1001", "R-1", {"1": 5}),
    ]
    assert book_all(world, *others) == ["near_duplicate"] * 3
    assert world.query("SELECT count(*) FROM purchases")[0].count == 1
    assert world.balance(member).pending == rubles(10) + BONUS
    assert book_all(world, stated(world.shop("other"), "a1001", None, {"1": 1})) == []
    assert world.differences() == []


def test_of_two_that_come_together_the_first_is_booked(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    told = [stated(shop, order, click, {"1": 100}) for order in ("B-7", "b7", "B-7")]
    assert book_all(world, *told) == ["near_duplicate"]
    assert [row.order_id for row in world.query("SELECT order_id FROM purchases")] == ["B-7"]


def test_the_event_is_parked_with_the_other_orders_number(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    world.tell(shop, created("A-1001", click, 100))
    world.tell(shop, created("a1001", click, 100))
    (parked,) = world.query("SELECT * FROM inbox_events WHERE state = 'parked'")
    assert parked.parked_reason == "near_duplicate"
    assert "'A-1001'" in parked.parked_detail
    assert world.differences() == []


def test_staff_declare_it_an_order_of_its_own(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop)
    second = stated(shop, "A1", click, {"1": 40})
    assert book_all(world, stated(shop, "A-1", click, {"1": 100}), second) == ["near_duplicate"]
    before, after = apart(world, shop, "A1")
    assert (before["separate_reason"], after["separate_reason"]) == ("two receipts",) * 2
    assert book_all(world, second) == []
    assert world.balance(member).pending == rubles(14) + BONUS
    assert book_all(world, stated(shop, "A/1", click, {"1": 1})) == ["near_duplicate"]
    apart(world, shop, "A1")  # said twice is said once
    with pytest.raises(PurchaseNotSuspected):
        apart(world, shop, "A-1")
    with pytest.raises(PurchaseNotSuspected):
        apart(world, shop, "Z-1")
    with pytest.raises(Invalid):
        apart(world, shop, "A1", " ")
    assert world.differences() == []


UNPROVED = [
    partial(cancellation, trusted=False),
    partial(confirmation, trusted=False),
    partial(given_back, return_id="R-1", lines={"1": 5}, trusted=False),
]


@pytest.mark.parametrize("say_unproved", UNPROVED, ids=["cancels", "confirms", "returns"])
def test_what_nobody_proved_keeps_no_order_out(
    world: World, shop: Shop, say_unproved: Callable[..., PurchaseReport]
) -> None:
    """Of an order never stated: it opens a file, and the order comes spelled otherwise."""
    member = world.member()
    click = world.click(member, shop)
    assert book_all(world, say_unproved(shop, "sq-1")) == []
    assert book_all(world, stated(shop, "SQ-1", click, {"1": 100})) == []
    assert world.balance(member).pending == rubles(10) + BONUS
    assert book_all(world, say_unproved(shop, "sq-1", source="again")) == []
    late: list[PurchaseReport] = [
        stated(shop, "sq-1", click, {"1": 100}),
        stated(shop, "sq-1", click, {"1": 100}, trusted=False),
        confirmation(shop, "sq-1"),
    ]
    for one in late:
        assert book_all(world, one) == ["near_duplicate"], "a sale is paid but once"
    assert book_all(world, say_unproved(shop, "s-q1")) == ["near_duplicate"]
    assert world.balance(member).pending == rubles(10) + BONUS
    assert world.balance(member).available == 0
    apart(world, shop, "sq-1")
    assert book_all(world, late[0]) == []
    assert world.query("SELECT count(*) FROM purchases")[0].count == 2
    assert world.differences() == []


@pytest.mark.parametrize("say_unproved", UNPROVED, ids=["cancels", "confirms", "returns"])
@pytest.mark.parametrize("is_at_once", [True, False], ids=["at once", "later"])
def test_once_stated_or_proved_it_keeps_others_out(
    world: World, shop: Shop, say_unproved: Callable[..., PurchaseReport], is_at_once: bool
) -> None:
    click = world.click(world.member(), shop)
    firm: list[PurchaseReport] = [
        stated(shop, "A-1", click, {"1": 100}),
        stated(shop, "B-1", click, {"1": 100}, trusted=False),
        given_back(shop, "C-1", "R-9", {"1": 1}),
    ]
    for one in firm:
        before = say_unproved(shop, one.order_id)
        for step in [[before, one]] if is_at_once else [[before], [one]]:
            assert book_all(world, *step) == []
    for other in ("a1", "b1", "c1"):
        assert book_all(world, stated(shop, other, click, {"1": 100})) == ["near_duplicate"]
    assert world.query("SELECT count(*) FROM purchases")[0].count == 3
    assert world.differences() == []


def twice(world: World, shop: Shop, **second: Any) -> int:
    """A member buys, and it is told by the shop itself and by its postback; the member."""
    member = world.member()
    click = world.click(member, shop)
    book_all(world, stated(shop, "A-1", click, {"1": 60, "2": 40}, ordered_at=NOON))
    told: dict[str, Any] = {"lines": {"x": 100}, "ordered_at": NOON + timedelta(hours=1)}
    assert book_all(world, postback(shop, "adm-77", click, **{**told, **second})) == []
    return member


def test_another_feeds_word_of_one_sale_waits_for_staff(world: World, shop: Shop) -> None:
    member = twice(world, shop)
    assert status_of(world, "adm-77") == "awaiting_staff"
    book_all(world, confirmation(shop, "adm-77"))
    world.end_holds(THE_END)
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.balance(member).pending == rubles(10)
    assert status_of(world, "A-1") == "confirmed"
    assert world.differences() == []


@pytest.mark.parametrize(
    ("outcome", "available"), [(OnHoldEnd.CONFIRM, 20), (OnHoldEnd.REJECT, 10)]
)
def test_staff_decide_a_suspect_and_that_stands(
    world: World, shop: Shop, outcome: OnHoldEnd, available: int
) -> None:
    member = twice(world, shop)
    world.end_holds(THE_END)
    say(world, "adm-77", outcome)
    book_all(world, confirmation(shop, "adm-77"))
    world.end_holds(THE_END)
    assert world.balance(member).available == rubles(available) + BONUS
    assert world.balance(member).pending == 0
    assert world.differences() == []


def test_declared_apart_it_goes_on_as_any_other(world: World, shop: Shop) -> None:
    member = twice(world, shop)
    apart(world, shop, "adm-77")
    assert status_of(world, "adm-77") == "pending"
    again = stated(
        shop, "adm-77", None, {"x": 100}, feed="admitad/postback", at=day(2), source="again"
    )
    book_all(world, again)
    assert status_of(world, "adm-77") == "unattributed"
    world.end_holds(THE_END)
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.differences() == []


@pytest.mark.parametrize(
    "second",
    [
        {"feed": "native"},
        {"lines": {"x": 100.01}},
        {"ordered_at": NOON + timedelta(hours=1, seconds=1)},
        {"ordered_at": NOON - timedelta(hours=1, seconds=1)},
    ],
    ids=["the same feed", "another total", "later", "earlier"],
)
def test_what_differs_is_not_suspected(world: World, shop: Shop, second: dict[str, Any]) -> None:
    twice(world, shop, **second)
    assert status_of(world, "adm-77") == "pending"


def test_nor_is_another_members_or_another_shops(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    book_all(world, stated(shop, "A-1", click, {"1": 100}))
    book_all(world, postback(shop, "B-1", world.click(world.member(), shop), {"1": 100}))
    other = world.shop("other")
    member = world.query("SELECT member_id FROM purchases WHERE order_id = 'A-1'")[0].member_id
    book_all(world, postback(other, "C-1", world.click(member, other), {"1": 100}))
    assert {status_of(world, order) for order in ("A-1", "B-1", "C-1")} == {"pending"}


def test_of_two_booked_together_the_later_is_suspected(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    told = [stated(shop, "A-1", click, {"1": 100}), postback(shop, "B-1", click, {"1": 100})]
    assert book_all(world, *told) == []
    assert (status_of(world, "A-1"), status_of(world, "B-1")) == ("pending", "awaiting_staff")
    assert world.differences() == []


def test_one_that_comes_to_look_like_another_is_suspected_and_not_both(
    world: World, shop: Shop
) -> None:
    click = world.click(world.member(), shop)
    book_all(world, stated(shop, "A-1", click, {"1": 90}))
    book_all(world, postback(shop, "B-1", click, {"1": 100}))
    book_all(world, stated(shop, "A-1", click, {"1": 100}, at=day(2), source="more"))
    assert (status_of(world, "A-1"), status_of(world, "B-1")) == ("awaiting_staff", "pending")
    again = stated(
        shop, "B-1", click, {"z": 100}, feed="admitad/postback", at=day(2), source="again"
    )
    book_all(world, again)
    assert (status_of(world, "A-1"), status_of(world, "B-1")) == ("awaiting_staff", "pending")
    assert world.differences() == []


def test_one_that_was_called_off_is_remembered(world: World, shop: Shop) -> None:
    """Or the sale would earn after all, by the feed that has not heard of it yet."""
    click = world.click(world.member(), shop)
    book_all(world, stated(shop, "A-1", click, {"1": 100}), cancellation(shop, "A-1"))
    book_all(world, postback(shop, "B-1", click, {"1": 100}))
    assert status_of(world, "B-1") == "awaiting_staff"
