"""Joining: from a number to a member, each step once, resumable, and bound to who began."""

from datetime import timedelta
from typing import Any

import pytest

from tests.joining import PASSWORD, Newcomer
from tests.signing_in import (
    at,
    by_password,
    code_sent,
    give_email,
    notices,
    proved,
    solved,
    works,
)
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.members.queries import emails_of, ids_by_phone, phones_of
from tracker.referrals.service import touch


def member_of(world: World, phone: str) -> int | None:
    with unit_of_work(world.tools.engine) as session:
        return ids_by_phone(session, world.tools.settings.keys, [phone]).get(phone)


def test_a_stranger_becomes_a_member(world: World) -> None:
    anna = Newcomer(world)
    begun = anna.begin(language="uk")
    assert begun.status_code == 202
    assert begun.get_json()["step"] == "phone_code"
    assert anna.prove_phone().get_json()["step"] == "email"
    assert anna.send("email", email=" Anna@Example.org").status_code == 422
    assert anna.send("email", email="Anna@Example.org").get_json()["step"] == "email_code"
    assert anna.prove_email().get_json()["step"] == "password"
    joined = anna.finish()
    assert joined.status_code == 201
    assert joined.get_json()["step"] == "done"
    assert works(world, joined.get_json()["token"])
    assert "Set-Cookie" not in joined.headers
    member = member_of(world, anna.phone)
    assert member
    (row,) = world.query("SELECT * FROM members WHERE id = :id", id=member)
    assert row.auto_payment
    assert row.language == "uk"
    assert not row.returned
    assert row.email_proved_at
    assert row.referrer_id is None
    (number,) = world.query("SELECT proved_at FROM numbers WHERE member_id = :id", id=member)
    assert number.proved_at
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        assert phones_of(session, keys, [member]) == {member: anna.phone}
        assert emails_of(session, keys, [member]) == {member: "anna@example.org"}
    assert notices(world, member) == ["welcome"]
    assert by_password(world, anna.phone).status_code == 200
    assert world.differences() == []


def test_a_browser_gets_cookies_that_no_script_reads(world: World) -> None:
    anna = Newcomer(world)
    anna.up_to_the_password()
    joined = anna.finish(kind="browser", remember_me=True)
    assert joined.status_code == 201
    assert "token" not in joined.get_json()
    cookies = joined.headers.getlist("Set-Cookie")
    assert {one.partition("=")[0] for one in cookies} == {"tracker_session", "tracker_device"}
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in cookies)
    assert all("Max-Age" in one for one in cookies)
    assert anna.client.get("/api/v1/sessions").status_code == 200


def test_a_page_of_another_site_ends_nothing(world: World) -> None:
    anna = Newcomer(world)
    anna.up_to_the_password()
    body = {"joining": anna.token, "password": PASSWORD, "kind": "browser"}
    headers = {"Origin": "https://elsewhere.example"}
    response = anna.client.post("/api/v1/joining/password", json=body, headers=headers)
    assert response.status_code == 403
    assert anna.finish().status_code == 201


def test_each_step_can_be_gone_on_with_later(world: World) -> None:
    anna = Newcomer(world)
    seen = []
    for step in (anna.begin, anna.prove_phone, lambda: anna.send("email", email=anna.email)):
        step()
        seen.append(anna.send("state").get_json()["step"])
    anna.prove_email()
    seen.append(anna.send("state").get_json()["step"])
    anna.finish()
    seen.append(anna.send("state").get_json()["step"])
    assert seen == ["phone_code", "email", "email_code", "password", "done"]


def test_steps_have_their_turn_and_are_done_once(world: World) -> None:
    anna = Newcomer(world)
    anna.begin()
    assert anna.send("email", email=anna.email).get_json()["code"] == "another_step_is_next"
    assert anna.finish().get_json()["code"] == "another_step_is_next"
    code = code_sent(world, anna.phone)
    assert anna.send("phone-code", code=code).status_code == 200
    assert anna.send("phone-code", code=code).get_json()["code"] == "another_step_is_next"
    assert anna.send("resend").status_code == 409
    anna.send("email", email=anna.email)
    anna.prove_email()
    assert anna.finish().status_code == 201
    assert anna.finish().get_json()["code"] == "another_step_is_next"
    assert len(world.query("SELECT 1 FROM members")) == 1


def test_another_address_may_be_given_instead(world: World) -> None:
    anna = Newcomer(world)
    anna.begin()
    anna.prove_phone()
    anna.send("email", email="mistyped@example.org")
    former = code_sent(world, "mistyped@example.org")
    assert anna.send("email", email=anna.email).get_json()["code"] == "asked_too_soon"
    world.change("UPDATE one_time_codes SET resend_at = now() - interval '1 s'")
    assert anna.send("email", email=anna.email).status_code == 202
    if former != code_sent(world, anna.email):
        assert anna.send("email-code", code=former).get_json()["code"] == "code_wrong"
    assert anna.prove_email().get_json()["step"] == "password"


def test_what_is_personal_is_wiped_at_the_end(world: World) -> None:
    anna = Newcomer(world)
    anna.up_to_the_password(referral="x.1.y")
    (before,) = world.query("SELECT * FROM joinings")
    for kept in (before.phone_sealed, before.email_sealed, before.referral_sealed):
        assert kept
        assert anna.phone.encode() not in kept
        assert anna.email.encode() not in kept
    assert anna.token.encode() not in before.token_hash
    anna.finish()
    (after,) = world.query("SELECT * FROM joinings")
    assert (after.phone_sealed, after.email_sealed, after.referral_sealed) == (None, None, None)


def test_a_joining_expires(world: World) -> None:
    anna = Newcomer(world)
    anna.up_to_the_password()
    world.change_as_owner("UPDATE joinings SET expires_at = now()")
    assert anna.finish().get_json()["code"] == "joining_not_found"
    assert anna.send("state").status_code == 404
    assert member_of(world, anna.phone) is None


def test_nobody_goes_on_with_anothers_joining(world: World) -> None:
    anna, boris = Newcomer(world), Newcomer(world, "+79001234568")
    anna.begin()
    boris.begin()
    code = code_sent(world, anna.phone)
    if code != code_sent(world, boris.phone):
        assert boris.send("phone-code", code=code).get_json()["code"] == "code_wrong"
    boris.token = "joi_" + "x" * 43
    assert boris.send("phone-code", code=code).status_code == 404
    assert anna.send("phone-code", code=code).status_code == 200


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("", {"phone": "+79001234567", "captcha": "", "role": "admin"}),
        ("", {"phone": "+79001234567", "captcha": "x", "member_id": 1}),
        ("/phone-code", {"joining": "x", "code": "000000", "phone": "+79001234567"}),
        ("/phone-code", {"joining": "x", "code": "00000"}),
        ("/phone-code", {"joining": "x", "code": 123456}),
        ("/email", {"joining": "x", "email": "a@example.org", "email_proved_at": "now"}),
        ("/password", {"joining": "x", "password": PASSWORD, "kind": "app", "referrer_id": 7}),
        ("/password", {"joining": "x", "password": PASSWORD, "kind": "app", "auto_payment": False}),
        ("/password", {"joining": "x", "password": PASSWORD, "kind": "staff"}),
    ],
)
def test_nothing_but_what_is_asked_for_is_taken(
    world: World, step: str, body: dict[str, Any]
) -> None:
    response = world.client().post(f"/api/v1/joining{step}", json=body)
    assert response.status_code == 422


@pytest.mark.parametrize(
    "password", ["Short1a", "alllower1", "ALLUPPER1", "NoDigitsHere", "Password1", "x" * 129]
)
def test_a_bad_password_ends_nothing(world: World, password: str) -> None:
    anna = Newcomer(world)
    anna.up_to_the_password()
    refused = anna.finish(password)
    assert refused.status_code == 422
    assert refused.get_json()["code"] == "password_not_usable"
    assert password not in refused.text
    assert anna.finish("Anna-12-03-1990", birth_date="1990-03-12").status_code == 422
    assert anna.finish(birth_date="1990-03-12").status_code == 201


def test_whoever_came_by_a_link_has_a_referrer(world: World) -> None:
    inviter = world.member()
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        (row,) = world.query("SELECT referral_code FROM members WHERE id = :id", id=inviter)
        token = touch(session, keys, row.referral_code, world.tools.clock.now())
    anna = Newcomer(world)
    anna.join(referral=token)
    assert world.query("SELECT referrer_id FROM members ORDER BY id DESC")[0].referrer_id == inviter
    boris = Newcomer(world, "+79001234568", "boris@example.org")
    boris.join(referral="a.1.forged")
    assert world.query("SELECT referrer_id FROM members ORDER BY id DESC")[0].referrer_id is None


def test_a_captcha_is_needed(world: World) -> None:
    client = world.client()
    solution = solved(world)
    body = {"phone": "+79001234567", "captcha": solution}
    assert client.post("/api/v1/joining", json=body).status_code == 202
    again = client.post("/api/v1/joining", json=body | {"phone": "+79001234568"})
    assert again.get_json()["code"] == "captcha_not_accepted"
    assert len(world.query("SELECT 1 FROM notifications")) == 1


def test_a_number_not_proved_for_long_may_be_somebody_elses_now(world: World) -> None:
    now = world.tools.clock.now()
    old = world.member()
    give_email(world, old, "old@example.org")
    cabinet = world.signed_in(old)
    phone = world.phone(old)
    lately = world.member()
    long_ago = world.member()
    proved(world, old, now - timedelta(days=61))
    for payer, when in ((lately, 3), (long_ago, 100)):
        world.change(
            "INSERT INTO numbers (member_id, role, hash, sealed, proved_at)"
            " SELECT :payer, 'relative', hash, sealed, :at FROM numbers WHERE member_id = :old",
            payer=payer,
            at=now - timedelta(days=when),
            old=old,
        )
    new = Newcomer(world, phone, "new@example.org")
    token = new.join()
    assert works(world, token)
    member = member_of(world, phone)
    assert member not in (None, old)
    rows = world.query(
        "SELECT member_id, end_reason FROM numbers WHERE role = 'own' AND member_id IN (:a, :b)"
        " ORDER BY member_id",
        a=old,
        b=member,
    )
    assert [row.end_reason for row in rows] == ["taken_over", None]
    relatives = world.query("SELECT member_id, end_reason FROM numbers WHERE role = 'relative'")
    assert {row.member_id: row.end_reason for row in relatives} == {
        lately: None,
        long_ago: "taken_over",
    }
    assert cabinet.get("/api/v1/sessions").status_code == 401
    assert notices(world, old) == ["number_changed"]
    (fresh,) = world.query("SELECT returned FROM members WHERE id = :id", id=member)
    assert not fresh.returned


def test_a_number_proved_lately_is_its_members(world: World) -> None:
    """Also when it became so between the code and the end."""
    anna = Newcomer(world)
    anna.up_to_the_password()
    soon = at(world, world.tools.clock.now())
    boris = Newcomer(soon, anna.phone, "boris@example.org")
    boris.begin()
    world.change("UPDATE one_time_codes SET resend_at = now() - interval '1 s'")
    assert anna.finish().status_code == 201
    refused = boris.prove_phone()
    assert refused.status_code == 409
    assert refused.get_json()["code"] == "number_is_a_members"
