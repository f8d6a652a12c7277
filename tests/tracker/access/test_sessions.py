"""Sessions over HTTP: cookies and tokens, fixation, revocation, other sites, other members."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from tests.clients import Cabinet
from tests.signing_in import (
    PASSWORD,
    at,
    by_code,
    by_password,
    fresh,
    give_password,
    pass_time,
    proved,
    works,
)
from tests.world import World
from tracker.access.rules import MAX_SESSIONS, label_of
from tracker.kit.clock import SystemClock

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def member(world: World) -> int:
    """A member with a number and a password."""
    member = fresh(world)
    give_password(world, member)
    return member


def browse_in(world: World, client: Client, member: int, **more: Any) -> TestResponse:
    """Sign in from a browser."""
    body = {"phone": world.phone(member), "password": PASSWORD, "kind": "browser"}
    headers = more.pop("headers", {"User-Agent": FIREFOX})
    return client.post("/api/v1/sign-in/password", json=body | more, headers=headers)


def status(client: Client) -> int:
    """Whether a browser is signed in."""
    return client.get("/api/v1/sessions").status_code


def cookie_of(client: Client) -> str:
    found = client.get_cookie("tracker_session")
    assert found is not None
    return found.value


def test_a_browser_has_a_cookie_and_no_token(world: World, member: int) -> None:
    client = world.client()
    response = browse_in(world, client, member)
    assert response.status_code == 200
    assert "token" not in response.get_json()
    assert status(client) == 200
    cookies = response.headers.getlist("Set-Cookie")
    (session,) = [one for one in cookies if one.startswith("tracker_session=")]
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(session.split("; "))
    assert "Secure" not in session
    assert "Max-Age" not in session


def test_a_remembered_browser_keeps_it(world: World, member: int) -> None:
    response = browse_in(world, world.client(), member, remember_me=True)
    (session,) = [one for one in response.headers.getlist("Set-Cookie") if "_session=" in one]
    assert f"Max-Age={30 * 86400}" in session


def test_over_https_cookies_go_over_nothing_else(world: World, member: int) -> None:
    settings = replace(world.tools.settings, public_url="https://club.example")
    safe = World(replace(world.tools, settings=settings))
    response = browse_in(safe, safe.client(), member)
    for one in response.headers.getlist("Set-Cookie"):
        assert one.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(one.split("; "))
        assert "Domain" not in one


def test_a_cookie_that_somebody_planted_is_not_gone_on_with(world: World, member: int) -> None:
    """Fixation: whoever knows the old cookie knows nothing of the new one, and has lost the old."""
    attacker = fresh(world)
    give_password(world, attacker, "Another-Pass-77")
    planted = by_password(world, world.phone(attacker), "Another-Pass-77").get_json()["token"]
    client = world.client()
    client.set_cookie("tracker_session", planted)
    browse_in(world, client, member)
    assert cookie_of(client) != planted
    assert not works(world, planted)


def test_a_made_up_cookie_becomes_no_session(world: World, member: int) -> None:
    client = world.client()
    client.set_cookie("tracker_session", "ses_known_to_the_attacker")
    browse_in(world, client, member)
    assert not works(world, "ses_known_to_the_attacker")
    assert status(client) == 200


def test_each_sign_in_has_a_token_of_its_own(world: World, member: int) -> None:
    client = world.client()
    browse_in(world, client, member)
    first = cookie_of(client)
    browse_in(world, client, member)
    assert cookie_of(client) != first
    assert not works(world, first)


def test_after_signing_out_the_cookie_is_nothing(world: World, member: int) -> None:
    client = world.client()
    browse_in(world, client, member)
    kept = cookie_of(client)
    response = client.post("/api/v1/sign-out")
    assert response.status_code == 204
    assert "tracker_session=;" in response.headers["Set-Cookie"]
    assert client.get_cookie("tracker_session") is None
    client.set_cookie("tracker_session", kept)
    assert status(client) == 401
    assert client.post("/api/v1/sign-out").status_code == 204
    assert world.client().post("/api/v1/sign-out").status_code == 204


def test_an_app_signs_out_as_well(world: World, member: int) -> None:
    app = world.signed_in(member)
    assert app.post("/api/v1/sign-out").status_code == 204
    assert not works(world, app.token)


def test_devices_are_listed(world: World, member: int) -> None:
    client = world.client()
    browse_in(world, client, member)
    world.signed_in(member)
    items = client.get("/api/v1/sessions").get_json()["items"]
    assert [(one["label"], one["kind"], one["current"]) for one in items] == [
        ("?", "app", False),
        ("Firefox, Linux", "browser", True),
    ]
    assert set(items[0]) == {
        *("id", "label", "kind", "remembered", "created_at", "seen_at", "expires_at", "current")
    }


def test_a_device_is_signed_out_from_another(world: World, member: int) -> None:
    phone, laptop = world.signed_in(member), world.signed_in(member)
    items = laptop.get("/api/v1/sessions").get_json()["items"]
    (others,) = [one["id"] for one in items if not one["current"]]
    assert laptop.delete(f"/api/v1/sessions/{others}").status_code == 204
    assert not works(world, phone.token)
    assert works(world, laptop.token)
    assert laptop.delete(f"/api/v1/sessions/{others}").status_code == 404


def test_all_others_are_signed_out_at_once(world: World, member: int) -> None:
    devices = [world.signed_in(member) for _ in range(3)]
    somebody = world.signed_in(fresh(world))
    assert devices[1].delete("/api/v1/sessions").status_code == 204
    assert [works(world, one.token) for one in devices] == [False, True, False]
    assert works(world, somebody.token)


@pytest.mark.parametrize("session_id", ["0", "9223372036854775807", "9223372036854775808", "x"])
def test_there_is_nothing_of_other_numbers(world: World, member: int, session_id: str) -> None:
    app = world.signed_in(member)
    assert app.delete(f"/api/v1/sessions/{session_id}").status_code == 404


def test_other_members_sessions_are_not_there(world: World, member: int) -> None:
    other = world.signed_in(fresh(world))
    theirs = other.get("/api/v1/sessions").get_json()["items"][0]["id"]
    attacker = world.signed_in(member)
    nothing = attacker.delete("/api/v1/sessions/999999")
    refused = attacker.delete(f"/api/v1/sessions/{theirs}")
    assert (refused.status_code, refused.data) == (404, nothing.data)
    assert works(world, other.token)


def test_a_session_runs_out(world: World, member: int) -> None:
    token = by_password(world, world.phone(member)).get_json()["token"]
    pass_time(world, timedelta(hours=11))
    assert works(world, token)
    pass_time(world, timedelta(hours=2))
    assert not works(world, token)


def test_a_remembered_one_goes_on_while_it_is_seen(world: World, member: int) -> None:
    token = by_password(world, world.phone(member), remember_me=True).get_json()["token"]
    for _ in range(3):
        pass_time(world, timedelta(days=20))
        assert works(world, token)
    pass_time(world, timedelta(days=31))
    assert not works(world, token)


@pytest.mark.parametrize("days", [-5_000, -1, 1, 5_000])
def test_sessions_go_by_the_clock_on_the_wall(world: World, member: int, days: int) -> None:
    """Where business time runs a day a second, nobody would stay signed in for a second."""
    there = at(world, world.tools.clock.now() + timedelta(days=days))
    proved(there, member, there.tools.clock.now())
    tokens = [
        answered.get_json()["token"]
        for answered in (
            by_password(there, there.phone(member)),
            by_code(there, there.phone(member)),
        )
    ]
    now = SystemClock().now()
    for token in tokens:
        app = Cabinet(world.app, token)
        (mine,) = [one for one in app.get("/api/v1/sessions").get_json()["items"] if one["current"]]
        for name, later in (("created_at", 0), ("seen_at", 0), ("expires_at", 12)):
            told = datetime.fromisoformat(mine[name]) - timedelta(hours=later)
            assert abs(told - now) < timedelta(minutes=1), name
        assert works(there, token)
    assert Cabinet(there.app, tokens[0]).delete("/api/v1/sessions").status_code == 204
    assert [works(world, token) for token in tokens] == [True, False]
    ended = world.query("SELECT revoked_at FROM sessions WHERE revoked_at IS NOT NULL")
    assert all(abs(row.revoked_at - now) < timedelta(minutes=1) for row in ended)


def test_who_has_left_is_signed_in_nowhere(world: World, member: int) -> None:
    app = world.signed_in(member)
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=member)
    assert not works(world, app.token)


def test_the_oldest_device_gives_way(world: World, member: int) -> None:
    first = world.signed_in(member)
    others = [world.signed_in(member) for _ in range(MAX_SESSIONS)]
    assert not works(world, first.token)
    assert works(world, others[0].token)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_pages_of_other_sites_change_nothing(
    world: World, member: int, headers: dict[str, str]
) -> None:
    client = world.client()
    browse_in(world, client, member)
    kept = cookie_of(client)
    for method, path in (
        ("DELETE", "/api/v1/sessions"),
        ("POST", "/api/v1/sign-out"),
        ("POST", "/api/v1/sign-in/password"),
    ):
        body = {"phone": world.phone(member), "password": PASSWORD, "kind": "browser"}
        refused = client.open(path, method=method, headers=headers, json=body)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "from_another_site")
    assert works(world, kept)


def test_pages_of_our_own_do(world: World, member: int) -> None:
    client = world.client()
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": world.tools.settings.public_url}
    browse_in(world, client, member, headers=ours)
    assert client.delete("/api/v1/sessions", headers=ours).status_code == 204


def test_a_form_is_no_json(world: World, member: int) -> None:
    form = {"phone": world.phone(member), "password": PASSWORD, "kind": "browser"}
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        response = world.client().post("/api/v1/sign-in/password", data=form, content_type=kind)
        assert response.status_code in (415, 422)
    assert world.query("SELECT id FROM sessions") == []


@pytest.mark.parametrize("path", ["sign-out", "sign-in/password", "sign-in/code/answer"])
def test_looking_changes_nothing(world: World, member: int, path: str) -> None:
    app = world.signed_in(member)
    assert app.head(f"/api/v1/{path}").status_code == 405
    assert app.get(f"/api/v1/{path}").status_code == 405
    assert app.head("/api/v1/sessions").status_code == 200
    assert works(world, app.token)


def test_a_token_is_not_taken_from_the_address(world: World, member: int) -> None:
    token = world.signed_in(member).token
    for name in ("token", "access_token", "tracker_session"):
        assert world.client().get(f"/api/v1/sessions?{name}={token}").status_code == 401


def test_labels_are_of_words_of_ours() -> None:
    assert label_of(FIREFOX) == "Firefox, Linux"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/140.0 Safari/604.1"
    assert label_of(iphone) == "Chrome, iPhone"
    assert label_of("Your account is blocked: call +7 900 000 00 00") == "?"
    assert label_of("") == "?"
