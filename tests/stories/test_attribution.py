"""Attribution: whose a purchase is, and by which promise."""

from datetime import timedelta

import pytest

from partners.links.service import Visit, follow
from tests.world import BONUS, Shop, World, confirmed, created, day, rubles, updated
from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.database import unit_of_work

A_SECOND = timedelta(seconds=1)
WINDOW = timedelta(days=30)


def reasons(world: World) -> list[str | None]:
    """Why the purchases are nobody's, in the order they were heard of."""
    found = world.query("SELECT unattributed_reason AS why FROM purchases ORDER BY id")
    return [row.why for row in found]


def nobody_has_money(world: World) -> bool:
    return world.query("SELECT FROM ledger_entries") == []


def test_the_rate_that_counts_is_the_one_promised_at_the_click(world: World) -> None:
    shop, member = world.shop(cashback=1000, hold_days=30), world.member()
    before = world.click(member, shop, day(0))
    world.promise(shop, Terms(200, 400, 5, OnHoldEnd.REJECT), day(1))
    world.tell(shop, created("A-1", before, 1000, at=day(2)))
    assert world.balance(member).pending == rubles(100) + BONUS
    world.end_holds(day(31))
    assert world.balance(member).pending == rubles(100) + BONUS
    world.end_holds(day(32))
    assert world.balance(member).available == rubles(100) + BONUS

    world.tell(shop, created("A-2", world.click(member, shop, day(1)), 1000, at=day(2)))
    assert world.balance(member).pending == rubles(20)
    assert world.differences() == []


def test_a_change_told_of_late_changes_no_click_made_before(world: World) -> None:
    shop, member = world.shop(cashback=1000), world.member()
    click = world.click(member, shop, day(1))
    world.promise(shop, Terms(200, 400, 5, OnHoldEnd.REJECT), day(0))
    world.tell(shop, created("A-1", click, 1000, at=day(2)))
    assert world.balance(member).pending == rubles(100) + BONUS
    assert world.differences() == []


@pytest.mark.parametrize(
    ("after", "attributed"),
    [(WINDOW - A_SECOND, True), (WINDOW, False), (WINDOW + A_SECOND, False)],
)
def test_a_click_holds_for_thirty_days(world: World, after: timedelta, attributed: bool) -> None:
    shop, member = world.shop(), world.member()
    click = world.click(member, shop, day(0))
    world.tell(shop, created("A-1", click, 1000, at=day(0) + after))
    assert (world.balance(member).pending > 0) == attributed
    assert reasons(world) == [None if attributed else "outside_window"]
    assert world.differences() == []


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop(cashback=1000)


@pytest.mark.parametrize(
    ("click", "reason"),
    [(None, "no_click_id"), ("", "no_click_id"), ("clk_never_issued", "unknown_click")],
)
def test_what_names_no_click_of_ours_is_kept_as_nobodys(
    world: World, shop: Shop, click: str | None, reason: str
) -> None:
    world.tell(shop, created("A-1", click, 1000, at=day(1)))
    assert reasons(world) == [reason]
    assert nobody_has_money(world)
    assert world.end_holds(day(400)) == 0
    assert world.differences() == []


def test_a_click_of_another_shop_is_no_click_of_this_one(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("A-1", world.click(member, world.shop("other")), 1000, at=day(1)))
    assert reasons(world) == ["click_of_another_shop"]
    assert nobody_has_money(world)
    assert world.differences() == []


@pytest.mark.parametrize("click", [None, "clk_never_issued"])
def test_what_was_nobodys_is_somebodys_once_the_shop_corrects_it(
    world: World, shop: Shop, click: str | None
) -> None:
    member = world.member()
    world.tell(shop, created("A-1", click, 1000, at=day(0)))
    world.tell(shop, updated("A-1", world.click(member, shop), 1000, at=day(1)))
    assert reasons(world) == [None]
    assert world.balance(member).pending == rubles(100) + BONUS
    world.end_holds(day(30))
    assert world.balance(member).available == rubles(100) + BONUS
    assert world.differences() == []


def test_it_is_confirmed_at_once_if_its_hold_is_over_by_then(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("A-1", None, 1000, at=day(0)))
    world.end_holds(day(60))
    world.tell(shop, updated("A-1", world.click(member, shop), 1000, at=day(60)))
    world.end_holds(day(60))
    assert world.balance(member).available == rubles(100) + BONUS
    assert world.differences() == []


def test_a_confirmation_of_nobodys_purchase_waits_for_its_owner(world: World, shop: Shop) -> None:
    member = world.member()
    world.tell(shop, created("A-1", None, 1000, at=day(0)))
    world.tell(shop, confirmed("A-1", at=day(1)))
    assert nobody_has_money(world)
    world.tell(shop, updated("A-1", world.click(member, shop), 1000, at=day(2)))
    assert world.balance(member).available == rubles(100) + BONUS
    assert world.differences() == []


def test_what_was_somebodys_is_nobodys_once_the_shop_corrects_it(world: World, shop: Shop) -> None:
    one, other = world.members(2)
    world.tell(shop, created("A-1", world.click(one, shop), 1000, at=day(0)))
    world.tell(shop, created("A-2", world.click(other, shop), 1000, at=day(0)))
    world.tell(shop, confirmed("A-2", at=day(1)))
    for order in ("A-1", "A-2"):
        world.tell(shop, updated(order, "clk_never_issued", 1000, at=day(2)))
    for member in (one, other):
        assert world.balance(member).pending == world.balance(member).available == 0
    assert reasons(world) == ["unknown_click", "unknown_click"]
    assert world.differences() == []


def test_two_shops_may_use_the_same_order_number(world: World) -> None:
    for slug, member in zip(("one", "other"), world.members(2), strict=True):
        shop = world.shop(slug)
        world.tell(shop, created("A-1", world.click(member, shop), 1000, at=day(1)))
        assert world.balance(member).pending == rubles(100) + BONUS
    assert world.differences() == []


def test_a_shops_clock_that_is_behind_costs_nobody_cashback(world: World, shop: Shop) -> None:
    member = world.member()
    click = world.click(member, shop, day(1))
    world.tell(shop, created("A-1", click, 1000, at=day(1), ordered_at=day(0.9)))
    assert world.balance(member).pending == rubles(100) + BONUS
    assert world.differences() == []


def test_the_window_that_counts_is_the_one_at_the_click(world: World) -> None:
    """A later change of the setting changes nothing for clicks that were made before it."""
    shop, member = world.shop(), world.member()
    with unit_of_work(world.tools.engine) as session:
        (short,) = follow(session, [Visit(member, shop.id, day(0))], timedelta(days=10))
    world.tell(shop, created("A-1", short.id, 100, at=day(9.9)))
    world.tell(shop, created("A-2", short.id, 100, at=day(10)))
    world.tell(shop, created("A-3", world.click(member, shop), 100, at=day(20)))
    assert reasons(world) == [None, "outside_window", None]
    assert world.differences() == []
