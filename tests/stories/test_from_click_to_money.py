"""A member follows a link; the shop reports the order; what was promised is what is given."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from tests.world import BONUS, World, confirmed, created, rubles
from tracker.clicks.rules import OnHoldEnd, Terms


def test_what_was_promised_at_the_link_is_given_whatever_the_shop_promises_since(
    world: World,
) -> None:
    shop, member = world.shop("tea", cashback=1000, hold_days=30), world.member()
    cabinet = world.signed_in(member)
    way = cabinet.get("/go/tea?sub_id=mail-7")
    click = parse_qs(urlsplit(way.headers["Location"]).query)["click"][0]
    clicked_at = datetime.fromisoformat(
        cabinet.get("/api/v1/clicks").get_json()["items"][0]["clicked_at"]
    )

    world.promise(shop, Terms(200, 400, 5, OnHoldEnd.REJECT), clicked_at + timedelta(minutes=30))
    ordered_at = clicked_at + timedelta(hours=1)
    world.tell(shop, created("A-1", click, 1000, at=ordered_at))
    assert world.balance(member).pending == rubles(100) + BONUS

    world.end_holds(ordered_at + timedelta(days=29))
    assert world.balance(member).pending == rubles(100) + BONUS
    world.tell(shop, confirmed("A-1", at=ordered_at))  # a shop cannot tell of next month
    assert world.balance(member).available == rubles(100) + BONUS
    assert world.query("SELECT FROM purchase_flags") == []
    assert world.differences() == []

    second = cabinet.post("/api/v1/clicks", json={"shop": "tea"}).get_json()
    assert second["cashback_percent"] == "10.00"  # the new terms begin in half an hour


def test_a_click_of_an_app_is_the_members_whoever_reports_it(world: World) -> None:
    tea, books = world.shop("tea", cashback=1000), world.shop("books", cashback=5000)
    anna, boris = world.member(), world.member()
    made = world.signed_in(anna).post("/api/v1/clicks", json={"shop": "tea"}).get_json()
    ordered_at = datetime.fromisoformat(made["clicked_at"]) + timedelta(hours=1)
    world.tell(books, created("B-1", made["click_id"], 1000, at=ordered_at))
    assert world.balance(anna).pending == 0
    world.tell(tea, created("A-1", made["click_id"], 1000, at=ordered_at))
    assert world.balance(anna).pending == rubles(100) + BONUS
    assert world.balance(boris).pending == 0
    assert world.differences() == []


def test_a_way_that_was_fetched_beforehand_earns_nothing_and_the_click_does(world: World) -> None:
    shop, member = world.shop("tea", cashback=1000), world.member()
    cabinet = world.signed_in(member)
    cabinet.get("/go/tea", headers={"Sec-Purpose": "prefetch"})
    assert world.query("SELECT FROM clicks") == []
    cabinet.get("/go/tea")
    (click,) = world.query("SELECT id, clicked_at FROM clicks")
    world.tell(shop, created("A-1", click.id, 50, at=click.clicked_at + timedelta(minutes=4)))
    assert world.balance(member).pending == rubles(5) + BONUS


def test_an_odd_order_by_a_link_is_booked_and_flagged(world: World) -> None:
    shop, member = world.shop("tea", cashback=1000), world.member()
    world.signed_in(member).get("/go/tea")
    (click,) = world.query("SELECT id, clicked_at FROM clicks")
    world.tell(shop, created("A-1", click.id, 50, at=click.clicked_at + timedelta(seconds=1)))
    assert world.balance(member).pending == rubles(5) + BONUS
    assert [row.flag for row in world.query("SELECT flag FROM purchase_flags")] == ["too_soon"]
    assert world.differences() == []
