"""Staff credit a purchase to a click; what the shop says, and why something came back, is kept."""

from functools import partial

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
from tests.world import BONUS, Shop, World, day, rubles
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TrackerError
from tracker.ledger.service import Balance
from tracker.purchases.contracts import RejectReason
from tracker.purchases.service import (
    Change,
    ClickDoesNotFit,
    ClickNotFound,
    PurchaseNotFound,
    PurchaseNotStated,
    reattribute,
)

NOTHING = Balance(0, 0, 0)


@pytest.fixture
def shop(world: World) -> Shop:
    """Ten percent, a hold of 30 days, confirmed in silence."""
    return world.shop()


def credit(world: World, order: str, click: str) -> Change:
    with unit_of_work(world.tools.engine) as session:
        found = purchase_id(world, order)
        return reattribute(session, found, click, day(10), world.programme)


@pytest.mark.parametrize("named", [None, "clk_unknown"])
def test_what_was_nobodys_is_credited(world: World, shop: Shop, named: str | None) -> None:
    member = world.member()
    click = world.click(member, shop)
    book_all(world, stated(shop, "A-1", named, {"1": 100}))
    before, after = credit(world, "A-1", click)
    assert (before["status"], before["member_id"]) == ("unattributed", None)
    assert (after["status"], after["member_id"]) == ("pending", member)
    assert (before["click_id"], after["click_id"]) == (named, click)
    world.end_holds(THE_END)
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.differences() == []


def test_it_moves_from_one_member_to_another_also_when_it_is_confirmed(
    world: World, shop: Shop
) -> None:
    member, other = world.members(2)
    mine, theirs = world.click(member, shop), world.click(other, shop)
    book_all(world, stated(shop, "A-1", theirs, {"1": 100}), confirmation(shop, "A-1"))
    credit(world, "A-1", mine)
    assert world.balance(other) == NOTHING
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.differences() == []


def test_whatever_the_shop_says_later_it_stands(world: World, shop: Shop) -> None:
    member, other = world.members(2)
    mine, theirs = world.click(member, shop), world.click(other, shop)
    book_all(world, stated(shop, "A-1", None, {"1": 100}))
    credit(world, "A-1", mine)
    book_all(
        world,
        stated(shop, "A-1", theirs, {"1": 80}, at=day(11), source="again", ordered_at=day(90)),
    )
    assert world.balance(other) == NOTHING
    world.end_holds(THE_END)
    assert world.balance(member).available == rubles(8) + BONUS
    assert world.differences() == []


def test_the_promise_is_that_of_the_click(world: World, shop: Shop) -> None:
    member = world.member()
    mine = world.click(member, shop)
    world.promise(shop, Terms(500, 600, 5, OnHoldEnd.REJECT), day(0.5))
    stingy = world.click(member, shop, day(0.6))
    book_all(world, stated(shop, "A-1", stingy, {"1": 100}))
    world.end_holds(day(20))
    assert status_of(world, "A-1") == "rejected"
    credit(world, "A-1", mine)
    assert status_of(world, "A-1") == "pending"
    world.end_holds(THE_END)
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.differences() == []


def test_an_unproved_word_adds_nothing_to_what_staff_have_seen(world: World, shop: Shop) -> None:
    member = world.member()
    heard = partial(stated, shop, "A-1", None, trusted=False)
    book_all(world, heard({"1": 100}))
    credit(world, "A-1", world.click(member, shop))
    assert book_all(world, heard({"1": 900}, at=day(11), source="2")) == ["amount_not_proven"]
    assert world.balance(member).pending == rubles(10) + BONUS


@pytest.mark.parametrize(
    ("click", "error", "code"),
    [
        ("unknown", ClickNotFound, "click_not_found"),
        ("", ClickNotFound, "click_not_found"),
        ("other shop", ClickDoesNotFit, "click_does_not_fit"),
        ("too old", ClickDoesNotFit, "click_does_not_fit"),
    ],
)
def test_a_click_that_does_not_fit_is_refused(
    world: World, shop: Shop, click: str, error: type[TrackerError], code: str
) -> None:
    member = world.member()
    clicks = {
        "other shop": world.click(member, world.shop("other")),
        "too old": world.click(member, shop, day(-9)),
    }
    book_all(world, stated(shop, "A-1", None, {"1": 100}, ordered_at=day(25)))
    with pytest.raises(error) as refused:
        credit(world, "A-1", clicks.get(click, click))
    assert refused.value.code == code
    assert status_of(world, "A-1") == "unattributed"


def test_nor_is_what_was_never_reported(world: World, shop: Shop) -> None:
    click = world.click(world.member(), shop)
    book_all(world, cancellation(shop, "A-1"))
    with pytest.raises(PurchaseNotStated):
        credit(world, "A-1", click)
    with pytest.raises(PurchaseNotFound), unit_of_work(world.tools.engine) as session:
        reattribute(session, 10**6, click, day(1), world.programme)


def test_the_senders_last_word_is_kept_beside_ours(world: World, shop: Shop) -> None:
    said = {"extended": day(3), "locked": day(5), "new": day(1), "closed": day(5)}
    for word, at in said.items():
        told = confirmation(shop, "A-1", at=at, source=word, upstream=word, trusted=False)
        book_all(world, told)
    book_all(world, stated(shop, "A-1", None, {"1": 1}, at=day(9)))
    (row,) = world.query("SELECT upstream_status, status FROM purchases")
    # Of two of one moment that of the later name, in whatever order they come.
    assert (row.upstream_status, row.status) == ("locked", "unattributed")
    assert world.differences() == []


def test_why_something_came_back_is_kept_in_our_words_and_in_theirs(
    world: World, shop: Shop
) -> None:
    broken = RejectReason.RETURNED_GOODS
    book_all(
        world,
        given_back(shop, "A-1", "R-1", {"1": 1}, reason="ITEM_RETURNED", reject_reason=broken),
        cancellation(shop, "A-1"),
    )
    rows = world.query("SELECT reason, reject_reason FROM purchase_returns ORDER BY return_id")
    assert [tuple(row) for row in rows] == [
        (None, "other"),
        ("ITEM_RETURNED", "returned_goods"),
    ]
