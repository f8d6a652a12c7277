"""Links: the first touch is kept for 30 days, signed, and nobody can make one up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inviting import newcomers
from tests.joining import Newcomer
from tests.signing_in import at
from tests.world import World, day
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.members.service import new_code
from tracker.referrals.rules import normal_code, parts_of
from tracker.referrals.service import referrer_of, touch

MONTH = timedelta(days=30)


def code_of(world: World, member: int) -> str:
    (row,) = world.query("SELECT referral_code FROM members WHERE id = :id", id=member)
    return str(row.referral_code)


def inviter(world: World) -> tuple[int, str]:
    """A member, and what the link ends with."""
    (member,) = newcomers(world, 1)
    return member, code_of(world, member)


def whose(world: World, token: str | None, moment: Any = None) -> int | None:
    now = moment or world.tools.clock.now()
    with unit_of_work(world.tools.engine) as session:
        return referrer_of(session, world.tools.settings.keys, token, now)


def test_a_link_leads_home_and_leaves_a_cookie(world: World) -> None:
    member, code = inviter(world)
    home = world.client().get(f"/r/{code}", headers={"Host": "elsewhere.example"})
    assert home.headers["Location"] == world.tools.settings.public_url + "/"
    client = world.client()
    response = client.get(f"/r/{code}")
    assert response.status_code == 302
    assert response.headers["Location"] == world.tools.settings.public_url + "/"
    assert response.headers["Cache-Control"] == "no-store"
    (cookie,) = response.headers.getlist("Set-Cookie")
    for word in ("tracker_referral=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        assert word in cookie
    found = client.get_cookie("tracker_referral")
    assert found is not None
    assert whose(world, found.value) == member
    assert str(member) not in found.value.split(".")


def test_by_https_the_cookie_goes_over_nothing_else(world: World) -> None:
    _, code = inviter(world)
    settings = replace(world.tools.settings, public_url="https://club.example")
    secure = World(replace(world.tools, settings=settings))
    (cookie,) = secure.client().get(f"/r/{code}").headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-tracker_referral=")
    assert "Secure" in cookie


@pytest.mark.parametrize(
    "code", ["nobody", "0" * 12, "x" * 500, "%00", "%FF", "..", "é", "' OR 1=1"]
)
def test_a_code_of_nobody_leads_home_too(world: World, code: str) -> None:
    response = world.client().get(f"/r/{code}")
    assert response.status_code == 302
    assert response.headers["Location"] == world.tools.settings.public_url + "/"
    assert "Set-Cookie" not in response.headers


def test_the_first_link_counts_until_it_is_over(world: World) -> None:
    first, code = inviter(world)
    second, other = inviter(world)
    client = world.client()
    client.get(f"/r/{code}")
    assert "Set-Cookie" not in client.get(f"/r/{other}").headers
    found = client.get_cookie("tracker_referral")
    assert found is not None
    now = world.tools.clock.now()
    assert whose(world, found.value, now + MONTH - timedelta(minutes=1)) == first
    assert whose(world, found.value, now + MONTH) is None
    later = at(world, now + MONTH).client()
    later.set_cookie("tracker_referral", found.value)
    assert "Set-Cookie" in later.get(f"/r/{other}").headers
    replaced = later.get_cookie("tracker_referral")
    assert replaced is not None
    assert whose(world, replaced.value, now + MONTH) == second


def test_a_forged_or_foreign_cookie_is_replaced(world: World) -> None:
    member, code = inviter(world)
    client = world.client()
    for forged in ("x", f"{code}.1.x", "é" * 50, "." * 50):
        client.set_cookie("tracker_referral", forged)
        assert "Set-Cookie" in client.get(f"/r/{code}").headers
        found = client.get_cookie("tracker_referral")
        assert found is not None
        assert whose(world, found.value) == member


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
    ],
)
def test_a_picture_or_a_look_ahead_is_no_visit(world: World, headers: dict[str, str]) -> None:
    _, code = inviter(world)
    response = world.client().get(f"/r/{code}", headers=headers)
    assert response.status_code == 302
    assert "Set-Cookie" not in response.headers
    assert "Set-Cookie" not in world.client().head(f"/r/{code}").headers


def test_an_inviter_who_has_left_invites_nobody(world: World) -> None:
    member, code = inviter(world)
    client = world.client()
    client.get(f"/r/{code}")
    found = client.get_cookie("tracker_referral")
    assert found is not None
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=member)
    assert whose(world, found.value) is None
    assert "Set-Cookie" not in world.client().get(f"/r/{code}").headers


def test_an_app_is_given_the_token_itself(world: World) -> None:
    member, code = inviter(world)
    _, other = inviter(world)
    client = world.client()
    written = f" {code.upper().replace('0', 'O').replace('1', 'l')} "
    first = client.post("/api/v1/referral/touch", json={"code": written})
    assert first.status_code == 200
    token = first.get_json()["touch"]
    assert whose(world, token) == member
    again = client.post("/api/v1/referral/touch", json={"code": other, "touch": token})
    assert again.get_json() == {"touch": token}
    anew = client.post("/api/v1/referral/touch", json={"code": other, "touch": "forged"})
    assert anew.get_json()["touch"] not in ("forged", token)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": "000000000000"}, 404),
        ({"code": "\u0000" * 12}, 400),
        ({"code": ""}, 422),
        ({"code": 1}, 422),
        ({}, 422),
        ({"code": "000000000000", "member_id": 1}, 422),
        ({"code": "000000000000", "touch": "x" * 201}, 422),
    ],
)
def test_what_is_no_code_is_refused(world: World, body: dict[str, Any], status: int) -> None:
    assert world.client().post("/api/v1/referral/touch", json=body).status_code == status


def test_a_token_is_bound_to_code_and_moment_and_outlives_a_change_of_key(world: World) -> None:
    member, code = inviter(world)
    now = world.tools.clock.now()
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        token = touch(session, keys, code, now)
    said, seconds, seal = token.split(".")
    _, stolen = inviter(world)
    for forged in (
        f"{stolen}.{seconds}.{seal}",
        f"{said}.{int(seconds) + 1}.{seal}",
        f"{said}.{seconds}.{seal[:-1]}",
        f"{said}.{seconds}.",
        f"{said}.{seconds}.{seal}.",
        f"{said}.-{seconds}.{seal}",
        f"{said}.{seconds}.{seal}é",
    ):
        assert whose(world, forged) is None
    assert whose(world, None) is None
    assert whose(world, token, now - timedelta(days=1)) is None
    former = next(iter(keys._keys.values()))
    with unit_of_work(world.tools.engine) as session:
        assert referrer_of(session, Keyring(b"n" * 32, former), token, now) == member
        assert referrer_of(session, Keyring(b"n" * 32), token, now) is None


@given(st.text(max_size=300))
def test_anything_may_stand_in_a_cookie_or_a_path(text: str) -> None:
    parts_of(text)
    found = normal_code(text)
    assert found is None or len(found) == 12


def test_codes_as_they_are_made_are_normal() -> None:
    codes = [new_code() for _ in range(200)]
    assert [normal_code(one) for one in codes] == codes


def test_whoever_joins_with_a_touch_was_invited(world: World) -> None:
    """The browser by its cookie, the app by the token; both through all of joining."""
    member, code = inviter(world)
    anna = Newcomer(world)
    anna.client.get(f"/r/{code}")
    anna.join()
    token = world.client().post("/api/v1/referral/touch", json={"code": code}).get_json()["touch"]
    Newcomer(world, "+79001234568", "boris@example.org").join(referral=token)
    Newcomer(world, "+79001234569", "vera@example.org").join(referral=token + "x")
    rows = world.query("SELECT referrer_id FROM members WHERE id > :id ORDER BY id", id=member)
    assert [row.referrer_id for row in rows] == [member, member, None]


def test_nobody_comes_back_by_a_friends_link(world: World) -> None:
    """Anna invites Boris, leaves, and joins again by Boris's link: no circle."""
    anna = Newcomer(world)
    anna.join()
    (first,) = world.query("SELECT id, referral_code FROM members")
    boris = Newcomer(world, "+79001234568", "boris@example.org")
    boris.client.get(f"/r/{first.referral_code}")
    boris.join()
    world.change("UPDATE members SET closed_at = :at WHERE id = :id", at=day(1), id=first.id)
    world.change(
        "UPDATE numbers SET ended_at = :at, end_reason = 'closed' WHERE member_id = :id",
        at=day(1),
        id=first.id,
    )
    (second,) = world.query("SELECT id, referral_code FROM members WHERE referrer_id IS NOT NULL")
    again = Newcomer(world, "+79001234567", "another@example.org")
    again.client.get(f"/r/{second.referral_code}")
    again.join()
    (back,) = world.query("SELECT * FROM members WHERE id > :id", id=second.id)
    assert (back.returned, back.referrer_id) == (True, None)
