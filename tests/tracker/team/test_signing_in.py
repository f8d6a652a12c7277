"""Staff sign in by password and one-time code; nobody else does, and nobody is shut out."""

import statistics
import threading
import time

import pytest
import time_machine

from tests.tracker.team.people import (
    GOOD,
    Desk,
    code,
    desk,
    enrolled,
    enrolment_of,
    said,
    signs_in,
)
from tests.world import World
from tracker.kit.clock import SystemClock
from tracker.staff.rules import Role

REFUSED = (401, "sign_in_not_accepted")


def test_a_session_does_what_a_token_does_until_it_is_signed_out(world: World) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    opened = signs_in(world, "anna", code(phone))
    assert opened.status_code == 201
    anna = Desk(world, opened.get_json()["token"])
    me = anna.get("/session").get_json()
    assert (me["login"], me["role"], me["by"]) == ("anna", "operator", "session")
    assert anna.get("/staff").status_code == 200
    assert anna.post("/tokens", {"name": "mine"}).status_code == 201
    assert said(anna.post("/staff/boris/leave", {"reason": "x"})) == (403, "role_too_low")
    assert anna.delete("/session").status_code == 204
    assert said(anna.get("/session")) == (401, "token_not_accepted")
    acts = [row.action for row in world.query("SELECT action FROM audit_entries ORDER BY id")]
    assert acts == [
        "staff.enrol",
        "staff.enrolled",
        "staff.sign_in",
        "token.create",
        "staff.sign_out",
    ]


def test_which_of_the_three_was_wrong_is_not_told(world: World) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    answers = [
        signs_in(world, "nobody", code(phone)),
        signs_in(world, "anna", code(phone), "wrong-Password-1"),
        signs_in(world, "anna", code(phone, 40)),
    ]
    assert {said(one) for one in answers} == {REFUSED}
    assert len({one.data for one in answers}) == 1


def test_for_nobody_it_takes_as_long(world: World) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    took: dict[str, list[float]] = {"anna": [], "nobody": []}
    for number in range(20):
        for login, times in took.items():
            begun = time.perf_counter()
            signs_in(world, login, code(phone, 40), "wrong-Password-1", f"10.0.{number}.1")
            times.append(time.perf_counter() - begun)
    with_one, without = (statistics.median(times) for times in took.values())
    assert abs(with_one - without) < 0.5 * with_one


def test_a_code_is_good_once_and_an_earlier_one_no_more(world: World) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    with time_machine.travel(SystemClock().now(), tick=False):
        assert signs_in(world, "anna", code(phone, 1)).status_code == 201
        for steps in (1, 0, -1):
            assert said(signs_in(world, "anna", code(phone, steps))) == REFUSED
    with time_machine.travel(SystemClock().now().timestamp() + 60, tick=False):
        assert signs_in(world, "anna", code(phone)).status_code == 201


def test_of_two_who_use_one_code_at_once_one_gets_in(world: World) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    shown, barrier, found = code(phone), threading.Barrier(4), []

    def comes() -> None:
        barrier.wait()
        found.append(signs_in(world, "anna", shown).status_code)

    threads = [threading.Thread(target=comes) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(found) == [201, 401, 401, 401]


def test_a_session_ends_by_itself(world: World) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    anna = Desk(world, signs_in(world, "anna", code(phone)).get_json()["token"])
    world.change("UPDATE staff_sessions SET seen_at = now() - interval '29 minutes'")
    assert anna.get("/session").status_code == 200
    (row,) = world.query("SELECT now() - seen_at AS idle FROM staff_sessions")
    assert row.idle.total_seconds() < 60, "a request is noticed"
    world.change("UPDATE staff_sessions SET seen_at = now() - interval '31 minutes'")
    assert said(anna.get("/session")) == (401, "token_not_accepted")
    world.change("UPDATE staff_sessions SET seen_at = now()")
    assert anna.get("/session").status_code == 200
    world.change_as_owner("UPDATE staff_sessions SET expires_at = now() - interval '1 second'")
    assert said(anna.get("/session")) == (401, "token_not_accepted")


def test_guesses_are_few_and_shut_out_nobody(world: World) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    assert signs_in(world, "anna", code(phone), address="10.1.1.1").status_code == 201
    # From one address few tries at one login.
    tries = [signs_in(world, "anna", "000000", address="10.2.2.2") for _ in range(11)]
    assert [one.status_code for one in tries] == [401] * 10 + [429]
    assert int(tries[-1].headers["Retry-After"]) > 0
    # And from all the addresses in the world not many.
    world.change("UPDATE budget_counts SET count = 100 WHERE scope LIKE 'staff sign in login%'")
    assert signs_in(world, "anna", code(phone, 1), address="10.3.3.3").status_code == 429
    # Which leaves anna, where she was before, what she had.
    assert signs_in(world, "anna", code(phone, 1), address="10.1.1.1").status_code == 201
    # What is right takes nothing away.
    counts = world.query("SELECT count FROM budget_counts WHERE scope LIKE 'staff sign in pair%'")
    assert sorted(row.count for row in counts) == [0, 10]


def test_an_address_that_tries_many_logins_is_stopped(world: World) -> None:
    tries = [signs_in(world, f"login-{number}", "000000").status_code for number in range(61)]
    assert tries == [401] * 60 + [429]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE staff SET active = false",
        "UPDATE staff_credentials SET ended_at = now()",
    ],
)
def test_who_was_let_in_no_more_is_not(world: World, change: str) -> None:
    phone = enrolled(world, "anna", Role.OPERATOR)
    world.change(change)
    assert said(signs_in(world, "anna", code(phone))) == REFUSED


def test_an_api_token_is_not_signed_out(world: World) -> None:
    anna = desk(world, "anna", Role.VIEWER)
    assert said(anna.delete("/session")) == (409, "no_session")
    assert anna.get("/session").get_json()["by"] == "token"


# -- enrolment -------------------------------------------------------------------------------------


def test_an_enrolment_secret_is_used_once(world: World) -> None:
    stranger, secret = Desk(world), enrolment_of(world, "anna", Role.OPERATOR)
    shown = stranger.post("/enrolment", {"enrolment": secret}).get_json()
    assert shown["login"] == "anna"
    assert shown["totp_address"].startswith("otpauth://totp/Cashback%20tracker:anna?secret=")
    assert stranger.post("/enrolment", {"enrolment": secret}).get_json() == shown
    body = {"enrolment": secret, "password": GOOD, "totp": code(shown["totp_secret"])}
    wrong = stranger.post("/enrolment/confirm", body | {"totp": code(shown["totp_secret"], 9)})
    assert said(wrong) == (422, "code_not_right")
    assert stranger.post("/enrolment/confirm", body).status_code == 200
    for path in ("/enrolment", "/enrolment/confirm"):
        answer = stranger.post(path, body if "confirm" in path else {"enrolment": secret})
        assert said(answer) == (410, "enrolment_over")
    (row,) = world.query("SELECT * FROM staff_credentials")
    for told in (secret, shown["totp_secret"], GOOD):
        assert told not in str(row), "nothing of it is kept in the clear"


@pytest.mark.parametrize(
    "password", ["short-Pw1", "Aa1234567890", "nouppercase-1234", "Password12345"]
)
def test_a_password_is_worth_the_name(world: World, password: str) -> None:
    secret = enrolment_of(world, "anna", Role.OPERATOR)
    body = {"enrolment": secret, "password": password, "totp": "000000"}
    answer = Desk(world).post("/enrolment/confirm", body)
    assert said(answer) == (422, "password_not_usable")
    assert password not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE staff_credentials SET expires_at = now() - interval '1 second'",
        "UPDATE staff_credentials SET ended_at = now()",
        "UPDATE staff SET active = false",
    ],
)
def test_an_enrolment_secret_runs_out(world: World, change: str) -> None:
    secret = enrolment_of(world, "anna", Role.OPERATOR)
    world.change_as_owner(change)
    assert said(Desk(world).post("/enrolment", {"enrolment": secret})) == (410, "enrolment_over")


def test_a_second_enrolment_secret_ends_the_first(world: World) -> None:
    first = enrolment_of(world, "anna", Role.OPERATOR)
    second = enrolment_of(world, "anna")
    stranger = Desk(world)
    assert stranger.post("/enrolment", {"enrolment": first}).status_code == 410
    assert stranger.post("/enrolment", {"enrolment": second}).status_code == 200
