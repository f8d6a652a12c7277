"""A number that was handed out anew: its new holder sees nothing of the member who had it."""

from datetime import timedelta

import pytest

from tests.signing_in import (
    PASSWORD,
    answer_code,
    ask_code,
    at,
    by_code,
    by_password,
    code_sent,
    fresh,
    give_email,
    give_password,
    notices,
    other,
    step_up,
    works,
)
from tests.world import World
from tracker.access.takeover import free_number
from tracker.kit.database import unit_of_work
from tracker.relatives.service import Wish, add, confirm

EMAIL = "anna@example.org"
TRUST = timedelta(days=60)


@pytest.fixture
def member(world: World) -> int:
    """A member with a number, an address and a password."""
    member = fresh(world)
    give_password(world, member)
    give_email(world, member, EMAIL)
    return member


@pytest.fixture
def later(world: World, member: int) -> World:
    """Two months on."""
    return at(world, world.tools.clock.now() + timedelta(days=60))


def ask_for_letter(world: World, sign_in: str) -> str:
    """Ask for the code by e-mail; the name of the sign-in from there on."""
    response = world.client().post("/api/v1/sign-in/step-up/code", json={"sign_in": sign_in})
    assert response.status_code == 202, response.get_json()
    return str(response.get_json()["sign_in"])


def test_within_the_trust_the_code_is_enough(world: World, member: int) -> None:
    soon = at(world, world.tools.clock.now() + timedelta(days=58))
    assert by_code(soon, soon.phone(member)).get_json()["step"] == "signed_in"


def test_later_the_code_alone_opens_nothing_and_tells_nothing(later: World, member: int) -> None:
    response = by_code(later, later.phone(member))
    assert response.status_code == 200
    said = response.get_json()
    assert set(said) == {"step", "sign_in", "expires_at"}
    assert said["step"] == "email_code"
    assert "Set-Cookie" not in response.headers
    assert later.query("SELECT id FROM sessions") == []
    assert notices(later, member) == []


def test_the_member_proves_the_address_too(later: World, member: int) -> None:
    said = by_code(later, later.phone(member)).get_json()
    sign_in = ask_for_letter(later, said["sign_in"])
    code = code_sent(later, EMAIL)
    assert step_up(later, sign_in, code=other(code)).status_code == 422
    response = step_up(later, sign_in, code=code)
    assert response.status_code == 200
    assert works(later, response.get_json()["token"])
    assert notices(later, member) == ["signed_in"]
    # Both are proved: the next sixty days begin.
    again = at(later, later.tools.clock.now() + timedelta(days=59))
    assert by_code(again, again.phone(member)).get_json()["step"] == "signed_in"


def test_or_the_password(later: World, member: int) -> None:
    sign_in = by_code(later, later.phone(member)).get_json()["sign_in"]
    wrong = step_up(later, sign_in, password="Wrong-password-1")
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "sign_in_refused")
    assert step_up(later, sign_in, password=PASSWORD).status_code == 200


def test_a_second_proof_is_good_once(later: World, member: int) -> None:
    sign_in = by_code(later, later.phone(member)).get_json()["sign_in"]
    assert step_up(later, sign_in, password=PASSWORD).status_code == 200
    again = step_up(later, sign_in, password=PASSWORD)
    assert (again.status_code, again.get_json()["code"]) == (409, "begin_again")


def test_guesses_at_the_password_are_counted(later: World, member: int) -> None:
    sign_in = by_code(later, later.phone(member)).get_json()["sign_in"]
    for _ in range(10):
        step_up(later, sign_in, password="Wrong-password-1")
    assert step_up(later, sign_in, password=PASSWORD).status_code == 429


def test_a_letter_is_not_asked_for_twice_at_once(later: World, member: int) -> None:
    sign_in = by_code(later, later.phone(member)).get_json()["sign_in"]
    ask_for_letter(later, sign_in)
    again = later.client().post("/api/v1/sign-in/step-up/code", json={"sign_in": sign_in})
    assert (again.status_code, again.get_json()["code"]) == (429, "asked_too_soon")


def test_without_an_address_the_password_is_asked_for(later: World, member: int) -> None:
    later.change("UPDATE members SET email_proved_at = NULL")
    said = by_code(later, later.phone(member)).get_json()
    assert said["step"] == "password"
    letter = later.client().post("/api/v1/sign-in/step-up/code", json={"sign_in": said["sign_in"]})
    assert letter.status_code == 409


def test_with_neither_support_has_to_help_and_the_code_is_used(world: World) -> None:
    member = fresh(world)
    later = at(world, world.tools.clock.now() + timedelta(days=60))
    sign_in = ask_code(later, later.phone(member))
    code = code_sent(later, later.phone(member))
    response = answer_code(later, sign_in, code)
    assert (response.status_code, response.get_json()["code"]) == (403, "ask_support")
    assert answer_code(later, sign_in, code).status_code == 409


def test_a_password_proves_nothing_of_the_number(world: World, member: int) -> None:
    soon = at(world, world.tools.clock.now() + timedelta(days=40))
    assert by_password(soon, soon.phone(member)).status_code == 200
    late = at(world, world.tools.clock.now() + timedelta(days=60))
    assert by_code(late, late.phone(member)).get_json()["step"] == "email_code"


def test_a_number_that_nobody_ever_proved_is_not_enough(world: World, member: int) -> None:
    world.change("UPDATE numbers SET proved_at = NULL")
    assert by_code(world, world.phone(member)).get_json()["step"] == "email_code"


def test_a_takeover_leaves_the_account_to_its_member(later: World, member: int) -> None:
    phone = later.phone(member)
    now = later.tools.clock.now()
    sign_in = by_code(later, phone).get_json()["sign_in"]
    with unit_of_work(later.tools.engine) as session:
        standing = free_number(session, later.tools.settings.keys, phone, now, now, trust=TRUST)
    assert (standing.member_id, standing.free) == (member, True)
    (row,) = later.query("SELECT end_reason FROM numbers")
    assert row.end_reason == "taken_over"
    # What was begun by the number ends with it; the number opens nothing; the address still does.
    assert step_up(later, sign_in, password=PASSWORD).status_code == 409
    assert by_password(later, phone).status_code == 422
    assert by_code(later, phone).status_code == 422
    assert by_password(later, EMAIL).status_code == 200


@pytest.mark.parametrize(("days", "ended"), [(60, True), (59, False)])
def test_a_relatives_number_that_was_nobodys_own_is_its_new_holders(
    world: World, member: int, days: int, ended: bool
) -> None:
    phone, today = "+79000000011", world.tools.clock.now()
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        made = add(session, keys, member, phone, Wish(10_000, None))
        confirm(session, made.number_id, today - timedelta(days=days))
    with unit_of_work(world.tools.engine) as session:
        assert free_number(session, keys, phone, today, today, trust=TRUST).free
    (row,) = world.query("SELECT end_reason FROM numbers WHERE role = 'relative'")
    assert row.end_reason == ("taken_over" if ended else None)


def test_a_number_proved_lately_is_not_taken_over(world: World, member: int) -> None:
    with unit_of_work(world.tools.engine) as session:
        keys, now = world.tools.settings.keys, world.tools.clock.now()
        standing = free_number(session, keys, world.phone(member), now, now, trust=TRUST)
    assert not standing.free
    assert world.phone(member)
