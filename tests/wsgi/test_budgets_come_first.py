"""Every route that sends a message or looks at a password spends a budget before it does either."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.joining import Newcomer
from tests.signing_in import (
    PASSWORD,
    ask_code,
    by_code,
    by_password,
    fresh,
    give_email,
    give_password,
    proved,
    solved,
    step_up,
)
from tests.world import World
from tests.wsgi.reach import comes_to
from tests.wsgi.test_member_routes import routes
from tracker.access import passwords
from tracker.access.budgets import sms_budgets, spend
from tracker.kit.clock import SystemClock
from tracker.kit.limits import Limit
from tracker.notifications.service import notify, send_code

Act = Callable[[World], TestResponse]
"""Does it in another process of the same deployment."""

Way = Callable[[World], Act]
"""Gets so far that it could be done."""

NEW = "+79001234567"
WRONG = "Wrong-password-1"


def member_of(world: World) -> int:
    member = fresh(world)
    give_password(world, member)
    give_email(world, member, "anna@example.org")
    return member


def of_a_member(path: str, **body: Any) -> Way:
    """A POST of a member who is signed in."""

    def ready(world: World) -> Act:
        token = world.signed_in(member_of(world)).token
        return lambda there: Cabinet(there.app, token).post(f"/api/v1/{path}", json=body)

    return ready


def joins(world: World) -> Act:
    captcha = solved(world)
    body = {"phone": NEW, "captcha": captcha}
    return lambda there: there.client().post("/api/v1/joining", json=body)


def joins_once_more(world: World) -> Act:
    newcomer = Newcomer(world)
    newcomer.begin()
    world.change("UPDATE one_time_codes SET resend_at = now() - interval '1 second'")
    body = {"joining": newcomer.token}
    return lambda there: there.client().post("/api/v1/joining/resend", json=body)


def names_an_address(world: World) -> Act:
    newcomer = Newcomer(world)
    newcomer.begin()
    newcomer.prove_phone()
    body = {"joining": newcomer.token, "email": "anna@example.org"}
    return lambda there: there.client().post("/api/v1/joining/email", json=body)


def asks_for_a_code(world: World) -> Act:
    body = {"phone": world.phone(member_of(world)), "captcha": solved(world)}
    return lambda there: there.client().post("/api/v1/sign-in/code", json=body)


def _second_question(world: World) -> str:
    member = member_of(world)
    proved(world, member, world.tools.clock.now() - timedelta(days=60))
    return str(by_code(world, world.phone(member)).get_json()["sign_in"])


def asks_for_a_letter(world: World) -> Act:
    body = {"sign_in": _second_question(world)}
    return lambda there: there.client().post("/api/v1/sign-in/step-up/code", json=body)


def gives_the_password_too(world: World) -> Act:
    sign_in = _second_question(world)
    return lambda there: step_up(there, sign_in, password=PASSWORD)


def signs_in(world: World) -> Act:
    phone = world.phone(member_of(world))
    return lambda there: by_password(there, phone)


def asks_a_relative_again(world: World) -> Act:
    app = world.signed_in(member_of(world))
    made = app.post("/api/v1/relatives", json={"phone": NEW, "share_percent": "10.00"})
    world.change("UPDATE one_time_codes SET resend_at = now() - interval '1 second'")
    path = f"/api/v1/relatives/{made.get_json()['id']}/resend"
    return lambda there: Cabinet(there.app, app.token).post(path)


def guessed(path: str, **body: Any) -> Way:
    """What is done by the right password, after so many wrong ones."""

    def ready(world: World) -> Act:
        act = of_a_member(path, **body)(world)
        (member,) = world.query("SELECT id FROM members")
        app = world.signed_in(member.id)
        for _ in range(10):
            app.post(
                "/api/v1/password", json={"old_password": WRONG, "new_password": "Zebra-42-idet"}
            )
        return act

    return ready


SENDS: dict[str, Way] = {
    "POST /api/v1/joining": joins,
    "POST /api/v1/joining/resend": joins_once_more,
    "POST /api/v1/joining/email": names_an_address,
    "POST /api/v1/sign-in/code": asks_for_a_code,
    "POST /api/v1/sign-in/step-up/code": asks_for_a_letter,
    "POST /api/v1/password/code": of_a_member("password/code"),
    "POST /api/v1/number": of_a_member("number", phone=NEW, password=PASSWORD),
    "POST /api/v1/email": of_a_member("email", email="b@example.org", password=PASSWORD),
    "POST /api/v1/relatives": of_a_member("relatives", phone=NEW, share_percent="10.00"),
    "POST /api/v1/relatives/<int:relative_id>/resend": asks_a_relative_again,
    "POST /api/v1/me/erasure": of_a_member("me/erasure", password=PASSWORD),
}
"""Routes that send a code."""

LOOKS: dict[str, Way] = {
    "POST /api/v1/sign-in/password": signs_in,
    "POST /api/v1/sign-in/step-up": gives_the_password_too,
    "POST /api/v1/password": guessed(
        "password", old_password=PASSWORD, new_password="Zebra-42-idet"
    ),
    "POST /api/v1/number": guessed("number", phone=NEW, password=PASSWORD),
    "POST /api/v1/email": guessed("email", email="b@example.org", password=PASSWORD),
    "POST /api/v1/me/erasure": guessed("me/erasure", password=PASSWORD),
}
"""Routes that look at a password."""

TELLS = {
    "POST /api/v1/joining/password": "a code to the number and one to the address",
    "POST /api/v1/sign-in/password": "a password, and so many sign-ins a day",
    "POST /api/v1/sign-in/code/answer": "a code",
    "POST /api/v1/sign-in/step-up": "a code; and another, or a password",
    "POST /api/v1/password": "a code; or a password, so many a day",
    "POST /api/v1/number/answer": "two codes",
    "POST /api/v1/email/answer": "a code",
    "POST /api/v1/relatives/<int:relative_id>/confirm": "a code",
    "POST /api/v1/me/erasure/confirm": "a code; and it can be done once",
    "POST /api/v1/claims": "so many claims a month",
    "DELETE /api/v1/claims/<int:claim_id>": "as many",
}
"""Routes after which the member is told, and what it costs to come there."""


def routes_that_come_to(world: World, goal: Callable[..., Any]) -> set[str]:
    return {
        f"{method} {plain(rule.rule)}"
        for rule, method in routes(world)
        if comes_to(world, rule, method, goal)
    }


def plain(rule: str) -> str:
    return rule.replace("<int(max=9223372036854775807):", "<int:")


def test_these_are_all_that_send_look_or_tell(world: World) -> None:
    assert routes_that_come_to(world, send_code) == set(SENDS)
    assert routes_that_come_to(world, passwords.verify) == set(LOOKS)
    assert routes_that_come_to(world, notify) == set(TELLS)


def without_budgets(world: World) -> World:
    """The same deployment, in which everything was used up."""
    nothing = (Limit("all", 0, 86_400),)
    settings = replace(
        world.tools.settings,
        sms_budgets=nothing,
        mail_budgets=nothing,
        sign_in_budgets=nothing,
    )
    return World(replace(world.tools, settings=settings))


def traces(world: World) -> list[Any]:
    """What would be otherwise if something had been done."""
    return world.query("""
        SELECT (SELECT count(*) FROM notifications) AS messages,
               (SELECT coalesce(sum(asked), 0) FROM one_time_codes) AS codes,
               (SELECT count(*) FROM sessions) AS sessions,
               (SELECT count(*) FROM numbers) AS numbers,
               (SELECT string_agg(hash, '') FROM member_passwords) AS passwords
    """)


@pytest.mark.parametrize("route", SENDS)
def test_nothing_is_sent_without_a_budget(world: World, route: str) -> None:
    act = SENDS[route](world)
    before = traces(world)
    refused = act(without_budgets(world))
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert traces(world) == before
    # It was the budget alone: with one it is done.
    if route not in ("POST /api/v1/joining", "POST /api/v1/sign-in/code"):  # the captcha is used
        assert act(world).status_code in (200, 201, 202)


def test_of_two_codes_none_is_sent_if_one_may_not_be(world: World) -> None:
    app = world.signed_in(member_of(world))
    settings = world.tools.settings
    for _ in range(5):
        budgets = sms_budgets(NEW, "127.0.0.1", settings)
        spend(world.tools.engine, settings.keys, budgets, SystemClock().now())
    before = traces(world)
    refused = app.post("/api/v1/number", json={"phone": NEW, "password": PASSWORD})
    assert refused.status_code == 429
    assert traces(world) == before


@pytest.mark.parametrize("route", LOOKS)
def test_no_password_is_looked_at_without_a_budget(world: World, route: str) -> None:
    act = LOOKS[route](world)
    before = traces(world)
    refused = act(without_budgets(world))
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    assert traces(world) == before


def test_signing_in_sends_no_more_messages_than_a_day_may_have(world: World) -> None:
    """Each costs us money, and whoever owns the number may earn by it."""
    member = member_of(world)
    signs = [by_password(world, world.phone(member)).status_code for _ in range(8)]
    signs += [by_password(world, "anna@example.org").status_code for _ in range(8)]
    assert set(signs) == {200}
    app = world.signed_in(member)
    old, new = PASSWORD, "Zebra-42-idet"
    said = []
    for _ in range(5):
        body = {"old_password": old, "new_password": new}
        said.append(app.post("/api/v1/password", json=body).status_code)
        old, new = new, old
    assert said == [204, 204, 204, 204, 429]
    assert by_password(world, world.phone(member), PASSWORD).status_code == 429
    told = world.query("SELECT count(*) AS count FROM notifications WHERE channel = 'sms'")
    assert told[0].count == 20
    sign_in = ask_code(world, world.phone(member))
    assert sign_in, "by a code one signs in all the same"
