"""Who guesses at a member's password locks out strangers, and not the member's own devices."""

import pytest

from tests.signing_in import PASSWORD, by_password, fresh, give_email, give_password
from tests.world import World

PHONE_OF_MINE = "b1946ac9-2f6f-4f0e-8f52-5c1b8f0d3a11"
WRONG = "Wrong-password-1"


@pytest.fixture
def member(world: World) -> int:
    member = fresh(world)
    give_password(world, member)
    give_email(world, member, "anna@example.org")
    return member


def guess(world: World, name: str, **more: str) -> int:
    """Guess until it is refused; how often it was not."""
    for turn in range(50):
        if by_password(world, name, WRONG, **more).status_code == 429:
            return turn
    raise AssertionError("nobody stops it")


@pytest.mark.parametrize("by", ["phone", "email"])
def test_strangers_do_not_lock_out_the_members_own_device(
    world: World, member: int, by: str
) -> None:
    name = world.phone(member) if by == "phone" else "anna@example.org"
    assert by_password(world, name, device=PHONE_OF_MINE).status_code == 200
    world.change("UPDATE sessions SET revoked_at = now()")
    assert guess(world, name) <= 10
    assert by_password(world, name).status_code == 429
    assert by_password(world, name, device=PHONE_OF_MINE).status_code == 200


def test_a_browser_is_known_by_its_cookie(world: World, member: int) -> None:
    browser, body = world.client(), {"phone": world.phone(member), "kind": "browser"}
    url = "/api/v1/sign-in/password"
    assert browser.post(url, json=body | {"password": PASSWORD}).status_code == 200
    guess(world, world.phone(member))
    assert world.client().post(url, json=body | {"password": PASSWORD}).status_code == 429
    assert browser.post(url, json=body | {"password": PASSWORD}).status_code == 200


def test_its_own_tries_are_counted_too(world: World, member: int) -> None:
    phone = world.phone(member)
    assert by_password(world, phone, device=PHONE_OF_MINE).status_code == 200
    assert guess(world, phone, device=PHONE_OF_MINE) == 10
    assert by_password(world, phone, device=PHONE_OF_MINE).status_code == 429


def test_another_members_device_is_a_strangers(world: World, member: int) -> None:
    other = fresh(world)
    give_password(world, other)
    assert by_password(world, world.phone(other), device=PHONE_OF_MINE).status_code == 200
    guess(world, world.phone(member))
    assert by_password(world, world.phone(member), device=PHONE_OF_MINE).status_code == 429


def test_a_name_that_anybody_would_guess_is_no_devices(world: World, member: int) -> None:
    phone = world.phone(member)
    assert by_password(world, phone, device="iPhone").status_code == 200
    guess(world, phone)
    assert by_password(world, phone, device="iPhone").status_code == 429


@pytest.mark.parametrize("device", [PHONE_OF_MINE, "iPhone"])
def test_a_number_of_nobody_is_locked_after_as_many_tries(world: World, device: str) -> None:
    assert guess(world, "+79019999999", device=device) == 10
