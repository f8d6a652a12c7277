"""`GET /go/<slug>` and `/api/v1/clicks`: the click, the promise, the way, and what is refused."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from partners.shops.rules import ShopStatus
from tests.clients import Cabinet
from tests.races.together import together
from tests.world import Shop, World, day
from tracker.clicks.rules import ALLOWANCES, OnHoldEnd, Terms


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop("tea", cashback=750, hold_days=30)


@pytest.fixture
def member(world: World) -> int:
    return world.member()


@pytest.fixture
def client(world: World, member: int) -> Cabinet:
    return world.signed_in(member)


def clicks(world: World) -> list[Any]:
    return world.query("SELECT * FROM clicks ORDER BY recorded_at")


def template(world: World, slug: str, text: str) -> None:
    world.change("UPDATE shops SET link_template = :text WHERE slug = :slug", slug=slug, text=text)


def test_a_link_leads_to_the_shop_with_the_click(
    world: World, shop: Shop, member: int, client: Cabinet
) -> None:
    answer = client.get("/go/tea")
    (click,) = clicks(world)
    assert (answer.status_code, answer.data) == (302, b"")
    assert answer.headers["Location"] == f"https://tea.example/?click={click.id}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert (click.member_id, click.shop_id, click.sub_id) == (member, shop.id, None)
    assert (click.cashback_bp, click.commission_bp, click.hold_days) == (750, 1200, 30)
    assert click.valid_until - click.clicked_at == timedelta(days=30)


def test_an_app_gets_the_same_and_what_is_promised(
    world: World, shop: Shop, client: Cabinet
) -> None:
    template(world, "tea", "https://tea.example/{shop}?c={click_id}&s={sub_id}")
    answer = client.post("/api/v1/clicks", json={"shop": "tea", "sub_id": "banner-7"})
    (click,) = clicks(world)
    assert answer.status_code == 201
    assert answer.get_json() == {
        "click_id": click.id,
        "url": f"https://tea.example/tea?c={click.id}&s=banner-7",
        "shop": "tea",
        "shop_name": "Tea",
        "cashback_percent": "7.50",
        "hold_days": 30,
        "clicked_at": answer.get_json()["clicked_at"],
        "valid_until": answer.get_json()["valid_until"],
        "sub_id": "banner-7",
    }
    assert datetime.fromisoformat(answer.get_json()["clicked_at"]) == click.clicked_at
    assert datetime.fromisoformat(answer.get_json()["valid_until"]) == click.valid_until


def test_the_place_of_a_link_travels_and_is_kept(world: World, shop: Shop, client: Cabinet) -> None:
    template(world, "tea", "https://tea.example/?c={click_id}&s={sub_id}")
    answer = client.get("/go/tea?sub_id=home.top_1~a&utm_source=x")
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["s"] == ["home.top_1~a"]
    assert clicks(world)[0].sub_id == "home.top_1~a"
    assert client.get("/api/v1/clicks").get_json()["items"][0]["sub_id"] == "home.top_1~a"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "Prefetch"},
        {"X-Purpose": "preview"},
    ],
)
def test_what_is_fetched_beforehand_is_no_click(
    world: World, shop: Shop, client: Cabinet, headers: dict[str, str]
) -> None:
    answer = client.get("/go/tea", headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert clicks(world) == []


def test_a_head_is_no_click(world: World, shop: Shop, client: Cabinet) -> None:
    assert client.head("/go/tea").status_code == 204
    assert clicks(world) == []


def test_a_stranger_is_sent_nowhere(world: World, shop: Shop) -> None:
    stranger = world.client()
    for answer in (
        stranger.get("/go/tea"),
        stranger.head("/go/tea"),
        stranger.post("/api/v1/clicks", json={"shop": "tea"}),
        stranger.get("/api/v1/clicks"),
        Cabinet(world.app, "ses_forged").get("/go/tea"),
    ):
        assert answer.status_code == 401
        assert "Location" not in answer.headers
    assert clicks(world) == []


def refused(answer: TestResponse) -> tuple[int, str]:
    assert "Location" not in answer.headers
    return answer.status_code, answer.get_json()["code"]


def test_where_nothing_is_promised_nobody_is_sent(world: World, client: Cabinet) -> None:
    world.shop("gone", status=ShopStatus.LEFT)
    world.shop("bare")
    world.change_as_owner("DELETE FROM offers USING shops WHERE id = shop_id AND slug = 'bare'")
    for slug, expected in (
        ("nowhere", (404, "shop_not_found")),
        ("gone", (410, "shop_left")),
        ("bare", (409, "nothing_promised")),
    ):
        assert refused(client.get(f"/go/{slug}")) == expected
        assert refused(client.post("/api/v1/clicks", json={"shop": slug})) == expected
    assert clicks(world) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"shop": ""},
        {"shop": 7},
        {"shop": "t" * 65},
        {"shop": "tea", "sub_id": ""},
        {"shop": "tea", "sub_id": "a b"},
        {"shop": "tea", "sub_id": "."},
        {"shop": "tea", "sub_id": ".."},
        {"shop": "tea", "sub_id": "a\n"},
        {"shop": "tea", "sub_id": "чай"},
        {"shop": "tea", "sub_id": "x" * 65},
        {"shop": "tea", "member_id": 1},
        {"shop": "tea", "click_id": "clk_mine"},
        {"shop": "tea", "clicked_at": "2010-12-01T00:00:00Z"},
        {"shop": "tea", "cashback_percent": "50"},
    ],
)
def test_a_click_is_of_what_is_allowed_and_no_more(
    world: World, shop: Shop, client: Cabinet, body: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/clicks", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"]
    assert clicks(world) == []


def test_the_promise_is_the_one_of_the_moment(world: World, shop: Shop, client: Cabinet) -> None:
    first = client.post("/api/v1/clicks", json={"shop": "tea"}).get_json()
    world.promise(shop, Terms(200, 400, 5, OnHoldEnd.REJECT), world.tools.clock.now())
    second = client.post("/api/v1/clicks", json={"shop": "tea"}).get_json()
    assert [one["cashback_percent"] for one in (first, second)] == ["7.50", "2.00"]
    shown = client.get("/api/v1/clicks").get_json()["items"]
    assert [one["cashback_percent"] for one in shown] == ["2.00", "7.50"]
    assert [one["hold_days"] for one in shown] == [5, 30]


def test_a_member_sees_the_own_clicks_and_no_others(world: World, shop: Shop) -> None:
    anna, boris = world.signed_in(world.member()), world.signed_in(world.member())
    hers = anna.post("/api/v1/clicks", json={"shop": "tea"}).get_json()["click_id"]
    his = boris.post("/api/v1/clicks", json={"shop": "tea"}).get_json()["click_id"]
    assert [one["click_id"] for one in anna.get("/api/v1/clicks").get_json()["items"]] == [hers]
    assert [one["click_id"] for one in boris.get("/api/v1/clicks").get_json()["items"]] == [his]
    answer = anna.get(f"/api/v1/clicks?cursor={his}")
    assert refused(answer) == (422, "cursor_not_usable")
    assert answer.data == anna.get("/api/v1/clicks?cursor=clk_never").data


def test_clicks_are_paged_the_newest_first(world: World, shop: Shop, member: int) -> None:
    made = [world.click(member, shop, day(place // 2)) for place in range(7)]
    client, seen, cursor = world.signed_in(member), [], ""
    while True:
        page = client.get(f"/api/v1/clicks?limit=2{cursor}").get_json()
        assert len(page["items"]) <= 2
        seen += [(one["clicked_at"], one["click_id"]) for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(seen, reverse=True)
    assert sorted(click for _, click in seen) == sorted(made)
    for query in ("limit=0", "limit=201", "limit=x", "cursor=", "cursor=%00"):
        assert client.get(f"/api/v1/clicks?{query}").status_code == 422


def test_nobody_fills_the_table_of_clicks(world: World, shop: Shop, member: int) -> None:
    client = world.signed_in(member)
    now, allowance = world.tools.clock.now(), ALLOWANCES[0]
    for place in range(allowance.clicks - 1):
        world.click(member, shop, now - timedelta(minutes=place * 30 / allowance.clicks))
    assert client.get("/go/tea").status_code == 302
    answer = client.get("/go/tea")
    assert refused(answer) == (429, "too_many_clicks")
    assert 29 * 60 < int(answer.headers["Retry-After"]) <= 31 * 60
    assert refused(client.post("/api/v1/clicks", json={"shop": "tea"}))[0] == 429
    assert len(clicks(world)) == allowance.clicks
    assert world.signed_in(world.member()).get("/go/tea").status_code == 302


def test_nor_does_anybody_in_a_day(world: World, shop: Shop, member: int) -> None:
    now, allowance = world.tools.clock.now(), ALLOWANCES[1]
    for place in range(allowance.clicks):
        world.click(member, shop, now - timedelta(hours=2, minutes=place))
    answer = world.signed_in(member).get("/go/tea")
    assert refused(answer) == (429, "too_many_clicks")
    assert 11 * 3600 < int(answer.headers["Retry-After"]) <= 24 * 3600


def test_many_at_once_do_not_pass_the_allowance(world: World, shop: Shop, member: int) -> None:
    client, allowance = world.signed_in(member), ALLOWANCES[0]
    now = world.tools.clock.now()
    for _ in range(allowance.clicks - 5):
        world.click(member, shop, now)
    answers = together(*[lambda: client.get("/go/tea").status_code] * 20)
    assert sorted(map(str, answers)) == ["302"] * 5 + ["429"] * 15
    assert len(clicks(world)) == allowance.clicks
