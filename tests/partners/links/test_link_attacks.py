"""Links under attack: nobody is led elsewhere, no header is slipped in, no id tells anything."""

import json
import re
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.world import World

EVIL = [
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "@evil.example",
    "%40evil.example",
    "tea@evil.example",
    ".evil.example",
    "tea。evil.example",
    "tea\uff0eevil.example",
    "%0d%0aLocation:%20//evil.example",
    "\r\nLocation: //evil.example",
    "\r\n\r\n<script>",
    "\x00",
    "\x7f",
    "..",
    "../..",
    "%2e%2e",
    "..;/",
    "#@evil.example",
    "?//evil.example",
    "javascript:alert(1)",
    "{click_id}",
    "x" * 4096,
    "ｔｅａ",
    "tea ",
    "TEA",
    "\u202etea",
]
hostile = st.one_of(st.sampled_from(EVIL), st.text(min_size=1, max_size=40))
ON_ONE_WORLD = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=120
)


@pytest.fixture
def client(world: World) -> Cabinet:
    world.shop("tea")
    world.change(
        "UPDATE shops SET link_template = 'https://tea.example/{sub_id}/{shop}?c={click_id}&s={sub_id}'"
    )
    return world.signed_in(world.member())


def leads_to(answer: TestResponse) -> str | None:
    """The host that an answer sends a browser to; None when nowhere."""
    places = answer.headers.getlist("Location")
    assert len(places) <= 1
    if not places:
        return None
    assert re.fullmatch("[!-~]+", places[0])
    assert "\\" not in places[0]
    parts = urlsplit(places[0])
    return parts.netloc


@ON_ONE_WORLD
@given(value=hostile)
def test_no_sub_id_leads_elsewhere(client: Cabinet, value: str) -> None:
    answer = client.get("/go/tea", query_string={"sub_id": value.encode("utf-8", "replace")})
    assert (answer.status_code, leads_to(answer)) in (
        (302, "tea.example"),
        (422, None),
        (429, None),
    )
    assert set(answer.headers.keys()) <= {
        "Content-Type",
        "Content-Length",
        "Location",
        "Cache-Control",
        "Referrer-Policy",
        "X-Content-Type-Options",
        "Retry-After",
    }
    told = client.post(
        "/api/v1/clicks", data=json.dumps({"shop": "tea", "sub_id": value}), headers=JSON
    )
    assert told.status_code in (201, 400, 422, 429)
    if told.status_code == 201:
        assert urlsplit(told.get_json()["url"]).netloc == "tea.example"


JSON = {"Content-Type": "application/json"}


@ON_ONE_WORLD
@given(value=hostile, raw=st.booleans())
def test_no_slug_leads_elsewhere(client: Cabinet, value: str, raw: bool) -> None:
    slug = value if raw else quote(value.encode("utf-8", "replace"), safe="")
    path = "/go/" + re.sub("[\ud800-\udfff]", "?", slug)
    answer = client.get(path)
    assert leads_to(answer) in (None, "tea.example", "localhost")
    if answer.status_code == 302:
        assert value == "tea"
    else:
        assert answer.status_code in (308, 400, 404, 405, 422, 429)
    told = client.post("/api/v1/clicks", data=json.dumps({"shop": value}), headers=JSON)
    assert told.status_code in ({201} if value == "tea" else {400, 404, 422, 429})


def test_slashes_that_are_merged_lead_to_ourselves(client: Cabinet) -> None:
    for path in ("//go/tea", "/go//tea", "/go//evil.example/..", "//evil.example/go/tea"):
        assert leads_to(client.get(path)) in (None, "localhost", "tea.example")


@pytest.mark.parametrize(
    "template",
    [
        "https://tea.example@evil.example/{click_id}",
        "https://{sub_id}/{click_id}",
        "//evil.example/{click_id}",
        "https://tea.example/\r\nSet-Cookie: a=b{click_id}",
        "javascript:alert('{click_id}')",
        "https://tea.example/",
        "",
    ],
)
def test_a_template_that_was_never_looked_at_is_not_followed(
    world: World, client: Cabinet, template: str
) -> None:
    world.change("UPDATE shops SET link_template = :template", template=template)
    for answer in (
        client.get("/go/tea?sub_id=evil.example"),
        client.post("/api/v1/clicks", json={"shop": "tea"}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "link_not_usable")
        assert leads_to(answer) is None
    assert world.query("SELECT FROM clicks") == []


def test_ids_of_clicks_tell_nothing_and_follow_from_nothing(world: World, client: Cabinet) -> None:
    (member,) = world.query("SELECT id, joined_at FROM members")
    phone = world.phone(member.id)
    ids = [
        client.post("/api/v1/clicks", json={"shop": "tea"}).get_json()["click_id"]
        for _ in range(100)
    ]
    assert len(set(ids)) == len({one[:12] for one in ids}) == 100
    assert all(re.fullmatch(r"clk_[A-Za-z0-9_-]{22}", one) for one in ids)  # 128 bits
    assert not any(phone[-7:] in one for one in ids)


def test_a_page_of_another_site_makes_no_click(world: World, client: Cabinet) -> None:
    session = client.token
    stranger = world.client()
    stranger.set_cookie("tracker_session", session)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = stranger.post("/api/v1/clicks", json={"shop": "tea"}, headers=headers)
        assert answer.status_code == 403
    assert world.query("SELECT FROM clicks") == []


def test_what_a_member_is_told_holds_nothing_of_ours(world: World, client: Cabinet) -> None:
    said = client.post("/api/v1/clicks", json={"shop": "tea"}).get_json()
    listed = client.get("/api/v1/clicks").get_json()["items"][0]
    for shown in (said, listed):
        assert not {"commission_percent", "commission_bp", "member_id", "shop_id"} & shown.keys()
