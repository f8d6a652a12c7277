"""Codes of many numbers are no easier to guess from one address than the code of one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.joining import Newcomer
from tests.signing_in import answer_code, ask_code, code_sent, fresh, other, solved, step_up
from tests.world import World
from tests.wsgi.test_budgets_come_first import (
    NEW,
    _second_question,
    joins,
    member_of,
    routes_that_come_to,
)
from tracker.access import codes, edge
from tracker.access.budgets import Budget, has_reached
from tracker.kit.clock import SystemClock

Guess = Callable[[str], TestResponse]
"""Answers with a code."""

HOUR = timedelta(hours=1)


def asked(world: World, path: str, answer: str, **body: Any) -> Guess:
    """A member has asked for a code by one route, and answers it by another."""
    app = world.signed_in(member_of(world))
    said = app.post(f"/api/v1/{path}", json=body).get_json()
    flow = {name: said[name] for name in ("reset", "change", "gives_up") if name in said}
    more = {"new_password": "Zebra-42-idet"} if answer == "password" else {}
    answer = answer.format(id=said.get("id"))

    def guess(code: str) -> TestResponse:
        given = {"old_code": code, "new_code": code} if path == "number" else {"code": code}
        return Cabinet(world.app, app.token).post(
            f"/api/v1/{answer}", json={**flow, **more, **given}
        )

    return guess


def joining(world: World, field: str) -> Guess:
    newcomer = Newcomer(world)
    newcomer.begin()
    if field == "email":
        newcomer.prove_phone()
        newcomer.send("email", email="anna@example.org")
    return lambda code: newcomer.send(f"{field}-code", code=code)


def signing_in(world: World) -> Guess:
    sign_in = ask_code(world, world.phone(fresh(world)))
    return lambda code: answer_code(world, sign_in, code)


def stepping_up(world: World) -> Guess:
    began = {"sign_in": _second_question(world)}
    sign_in = world.client().post("/api/v1/sign-in/step-up/code", json=began).get_json()["sign_in"]
    return lambda code: step_up(world, sign_in, code=code)


PASSWORD = {"password": "Korova-9-letit"}

ANSWERS: dict[str, Callable[[World], Guess]] = {
    "POST /api/v1/joining/phone-code": lambda world: joining(world, "phone"),
    "POST /api/v1/joining/email-code": lambda world: joining(world, "email"),
    "POST /api/v1/sign-in/code/answer": signing_in,
    "POST /api/v1/sign-in/step-up": stepping_up,
    "POST /api/v1/password": lambda world: asked(world, "password/code", "password"),
    "POST /api/v1/number/answer": lambda world: asked(
        world, "number", "number/answer", phone=NEW, **PASSWORD
    ),
    "POST /api/v1/email/answer": lambda world: asked(
        world, "email", "email/answer", email="b@example.org", **PASSWORD
    ),
    "POST /api/v1/relatives/<int:relative_id>/confirm": lambda world: asked(
        world, "relatives", "relatives/{id}/confirm", phone=NEW, share_percent="10.00"
    ),
    "POST /api/v1/me/erasure/confirm": lambda world: asked(
        world, "me/erasure", "me/erasure/confirm", **PASSWORD
    ),
}
"""Routes that look at the answer to a code."""


def guesses(world: World) -> int:
    rows = world.query("SELECT sum(count) AS n FROM budget_counts WHERE scope LIKE 'guess addr%'")
    return int(rows[0].n or 0)


def attempts(world: World) -> int:
    return int(world.query("SELECT sum(attempts) AS n FROM one_time_codes")[0].n)


def count(world: World, budget: Budget, times: int) -> None:
    tools = world.tools
    for _ in range(times):
        has_reached(tools.engine, tools.settings.keys, budget, SystemClock().now())


def test_these_are_all_that_look_at_a_code(world: World) -> None:
    for goal in (codes.answer, edge.spend_guess, edge.see_right):
        assert routes_that_come_to(world, goal) == set(ANSWERS)


@pytest.mark.parametrize("route", ANSWERS)
def test_a_wrong_answer_costs_a_guess_and_without_one_none_is_looked_at(
    world: World, route: str
) -> None:
    guess = ANSWERS[route](world)
    before = guesses(world)
    assert guess("000000").get_json()["code"] == "code_wrong"
    assert guesses(world) == before + 1
    world.change("UPDATE budget_counts SET count = 60 WHERE scope LIKE 'guess address%'")
    tried = attempts(world)
    refused = guess("000000")
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert attempts(world) == tried


def test_a_right_answer_costs_nothing(world: World) -> None:
    for _ in range(3):
        phone = world.phone(fresh(world))
        sign_in = ask_code(world, phone)
        assert answer_code(world, sign_in, code_sent(world, phone)).status_code == 200
    assert guesses(world) == 0


def test_one_address_guesses_at_many_numbers_no_better_than_at_one(world: World) -> None:
    """Members' numbers and others alike."""
    right = 0
    for turn in range(16):
        phone = world.phone(fresh(world)) if turn % 2 else f"+79006{turn:02}0000"
        body = {"phone": phone, "captcha": solved(world)}
        sign_in = world.client().post("/api/v1/sign-in/code", json=body).get_json()["sign_in"]
        wrong = other(code_sent(world, phone))
        said = [answer_code(world, sign_in, wrong).get_json()["code"] for _ in range(5)]
        right += said.count("code_wrong")
    assert right == 60


def test_guessing_from_everywhere_is_told_once_and_shuts_nobody_out(world: World) -> None:
    count(world, Budget("guess all", "", 500, HOUR), 499)
    phone = world.phone(fresh(world))
    sign_in = ask_code(world, phone)
    code = code_sent(world, phone)
    with capture_logs() as told:
        for _ in range(2):
            assert answer_code(world, sign_in, other(code)).status_code == 422
    assert [one["event"] for one in told if one["log_level"] == "error"] == ["codes_guessed"]
    assert answer_code(world, sign_in, code).status_code == 200


def test_the_budget_of_a_step_that_is_not_next_is_not_spent(world: World) -> None:
    joins(world)(world)
    newcomer = Newcomer(world)
    newcomer.begin()
    assert newcomer.send("email-code", code="000000").status_code == 409
    assert guesses(world) == 0
