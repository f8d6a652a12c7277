"""Another password or address: by what the member knows or has, and told to the member."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.clients import Cabinet
from tests.signing_in import (
    PASSWORD,
    by_password,
    code_sent,
    fresh,
    give_email,
    give_password,
    notices,
    other,
    proved,
    works,
)
from tests.world import World

EMAIL = "anna@example.org"
FRESH = "Zebra-42-tancuet"


@pytest.fixture
def member(world: World) -> int:
    """A member with a number, an address and a password."""
    member = fresh(world)
    give_password(world, member)
    give_email(world, member, EMAIL)
    return member


def set_password(app: Cabinet, **body: Any) -> TestResponse:
    return app.post("/api/v1/password", json={"new_password": FRESH, **body})


def test_by_the_old_password(world: World, member: int) -> None:
    app, elsewhere = world.signed_in(member), world.signed_in(member)
    assert set_password(app, old_password=PASSWORD).status_code == 204
    assert works(world, app.token)
    assert not works(world, elsewhere.token)
    assert by_password(world, world.phone(member), FRESH).status_code == 200
    assert by_password(world, world.phone(member), PASSWORD).status_code == 422
    assert "password_changed" in notices(world, member)


def test_no_sign_in_by_the_old_one_outlives_it(world: World, member: int) -> None:
    app, phone = world.signed_in(member), world.phone(member)
    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(by_password, world, phone) for _ in range(4)]
        done = pool.submit(set_password, app, old_password=PASSWORD)
        tries += [pool.submit(by_password, world, phone) for _ in range(4)]
    assert done.result().status_code == 204
    tokens = [one.result().get_json().get("token") for one in tries]
    assert not any(works(world, token) for token in tokens if token)
    assert works(world, app.token)


def test_not_by_a_wrong_one_however_often(world: World, member: int) -> None:
    app = world.signed_in(member)
    for _ in range(10):
        refused = set_password(app, old_password="Wrong-password-1")
        assert (refused.status_code, refused.get_json()["code"]) == (422, "password_wrong")
    assert set_password(app, old_password=PASSWORD).status_code == 429


def test_by_a_code_to_the_address(world: World, member: int) -> None:
    app = world.signed_in(member)
    said = app.post("/api/v1/password/code").get_json()
    assert said["by"] == "email"
    code = code_sent(world, EMAIL)
    assert set_password(app, reset=said["reset"], code=other(code)).status_code == 422
    assert set_password(app, reset=said["reset"], code=code).status_code == 204
    assert set_password(app, reset=said["reset"], code=code).status_code == 409
    assert by_password(world, world.phone(member), FRESH).status_code == 200


def test_by_sms_where_no_address_was_proved(world: World) -> None:
    member = fresh(world)
    app = world.signed_in(member)
    assert set_password(app, old_password=PASSWORD).get_json()["code"] == "no_password"
    said = app.post("/api/v1/password/code").get_json()
    assert said["by"] == "sms"
    code = code_sent(world, world.phone(member))
    assert set_password(app, reset=said["reset"], code=code).status_code == 204
    assert by_password(world, world.phone(member), FRESH).status_code == 200


def test_not_by_a_number_that_may_be_somebody_elses(world: World) -> None:
    member = fresh(world)
    proved(world, member, world.tools.clock.now() - timedelta(days=60))
    refused = world.signed_in(member).post("/api/v1/password/code")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "ask_support")


def test_a_code_belongs_to_the_session_that_asked(world: World, member: int) -> None:
    said = world.signed_in(member).post("/api/v1/password/code").get_json()
    attacker = world.signed_in(member)
    refused = set_password(attacker, reset=said["reset"], code=code_sent(world, EMAIL))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "begin_again")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"new_password": "Korova-9-l", "birth_date": "today"},
        {"old_password": PASSWORD, "code": "123456"},
        {"old_password": PASSWORD, "reset": "x", "code": "123456"},
        {"reset": "x"},
        {"code": "123456"},
        {"old_password": PASSWORD, "member_id": 1},
    ],
)
def test_a_body_says_what_it_has_to(world: World, member: int, body: dict[str, Any]) -> None:
    assert set_password(world.signed_in(member), **body).status_code == 422


@pytest.mark.parametrize(
    ("password", "birth_date"),
    [("Password1", "1990-03-12"), ("short1A", "1990-03-12"), ("Aq12031990zx", "1990-03-12")],
)
def test_a_password_is_not_to_be_guessed(
    world: World, member: int, password: str, birth_date: str
) -> None:
    app = world.signed_in(member)
    body = {"new_password": password, "old_password": PASSWORD, "birth_date": birth_date}
    refused = app.post("/api/v1/password", json=body)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "password_not_usable")
    assert password not in refused.get_data(as_text=True)


def change_email(app: Cabinet, email: str, password: str = PASSWORD) -> TestResponse:
    return app.post("/api/v1/email", json={"email": email, "password": password})


def test_another_address_is_proved_by_a_code(world: World, member: int) -> None:
    app = world.signed_in(member)
    name = change_email(app, "Anna.New@Example.org").get_json()["change"]
    code = code_sent(world, "anna.new@example.org")
    wrong = app.post("/api/v1/email/answer", json={"change": name, "code": other(code)})
    assert wrong.status_code == 422
    assert by_password(world, EMAIL).status_code == 200
    done = app.post("/api/v1/email/answer", json={"change": name, "code": code})
    assert done.status_code == 204
    assert by_password(world, "anna.new@example.org").status_code == 200
    assert by_password(world, EMAIL).status_code == 422
    assert "email_changed" in notices(world, member)


def test_an_address_is_not_changed_without_the_password(world: World, member: int) -> None:
    app = world.signed_in(member)
    refused = change_email(app, "thief@example.org", "Wrong-password-1")
    assert (refused.status_code, refused.get_json()["code"]) == (422, "password_wrong")
    assert world.query("SELECT id FROM one_time_codes") == []


def test_an_address_is_set_by_the_session_that_asked(world: World, member: int) -> None:
    name = change_email(world.signed_in(member), "b@example.org").get_json()["change"]
    other_app = world.signed_in(member)
    code = code_sent(world, "b@example.org")
    refused = other_app.post("/api/v1/email/answer", json={"change": name, "code": code})
    assert refused.status_code == 409
