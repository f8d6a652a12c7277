"""Signing in by a password: the same answer for everybody who is not let in."""

import pytest

from tests.signing_in import PASSWORD, by_password, fresh, give_email, give_password, notices, works
from tests.world import World

UNKNOWN = "+79009999999"


@pytest.fixture
def member(world: World) -> int:
    """A member with a number, an address and a password."""
    member = fresh(world)
    give_password(world, member)
    give_email(world, member, "anna@example.org")
    return member


def test_the_right_password_opens_a_session(world: World, member: int) -> None:
    response = by_password(world, world.phone(member))
    assert response.status_code == 200
    said = response.get_json()
    assert said["step"] == "signed_in"
    assert works(world, said["token"])
    assert "Set-Cookie" not in response.headers


def test_every_sign_in_is_told_by_sms(world: World, member: int) -> None:
    by_password(world, world.phone(member))
    by_password(world, "Anna@Example.org")
    assert notices(world, member) == ["signed_in", "signed_in"]
    rows = world.query("SELECT channel, payload FROM notifications WHERE kind = 'signed_in'")
    assert {row.channel for row in rows} == {"sms"}
    assert all(set(row.payload) == {"at", "device"} for row in rows)


def test_numbers_are_taken_as_people_write_them(world: World, member: int) -> None:
    plain = world.phone(member)
    written = f"8 ({plain[2:5]}) {plain[5:8]}-{plain[8:10]}-{plain[10:]}"
    assert by_password(world, written).status_code == 200


def test_whoever_is_not_let_in_hears_the_same(world: World, member: int) -> None:
    without = fresh(world)
    refused = [
        by_password(world, UNKNOWN),
        by_password(world, world.phone(without)),
        by_password(world, world.phone(member), "Wrong-password-1"),
        by_password(world, "nobody@example.org"),
        by_password(world, "anna@example.org", "Wrong-password-1"),
        by_password(world, world.phone(member), "x" * 1000),
    ]
    assert {one.status_code for one in refused} == {422}
    assert {one.get_json()["code"] for one in refused} == {"sign_in_refused"}
    assert len({one.data for one in refused}) == 1
    assert len({str(sorted(one.headers.items())) for one in refused}) == 1
    assert notices(world, member) == []


def test_an_address_that_nobody_proved_opens_nothing(world: World, member: int) -> None:
    world.change("UPDATE members SET email_proved_at = NULL WHERE id = :id", id=member)
    assert by_password(world, "anna@example.org").status_code == 422


def test_who_has_left_is_nobody(world: World, member: int) -> None:
    phone = world.phone(member)
    world.change("UPDATE members SET closed_at = now() WHERE id = :id", id=member)
    assert by_password(world, "anna@example.org").status_code == 422
    assert by_password(world, phone).status_code == 422


def test_a_lock_out_is_the_same_for_members_and_strangers(world: World, member: int) -> None:
    phone = world.phone(member)
    for _ in range(10):
        assert by_password(world, phone, "Wrong-password-1").status_code == 422
        assert by_password(world, UNKNOWN, "Wrong-password-1").status_code == 422
    wrong = by_password(world, phone, "Wrong-password-1")
    right = by_password(world, phone)
    strangers = by_password(world, UNKNOWN)
    assert [one.status_code for one in (wrong, right, strangers)] == [429] * 3
    assert wrong.data == right.data == strangers.data
    assert all(int(one.headers["Retry-After"]) > 0 for one in (wrong, right, strangers))
    # The number is locked, and not the member: the address has a budget of its own.
    assert by_password(world, "anna@example.org").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phone": UNKNOWN, "password": PASSWORD},
        {"phone": UNKNOWN, "email": "a@example.org", "password": PASSWORD, "kind": "app"},
        {"password": PASSWORD, "kind": "app"},
        {"phone": UNKNOWN, "password": PASSWORD, "kind": "toaster"},
        {"phone": UNKNOWN, "password": PASSWORD, "kind": "app", "member_id": 1},
        {"phone": UNKNOWN, "password": PASSWORD, "kind": "app", "remember_me": "maybe"},
        {"phone": UNKNOWN, "password": [PASSWORD], "kind": "app"},
        {"phone": "12", "password": PASSWORD, "kind": "app"},
        {"email": "no address", "password": PASSWORD, "kind": "app"},
    ],
)
def test_a_body_says_what_it_has_to_and_nothing_else(world: World, body: dict[str, object]) -> None:
    response = world.client().post("/api/v1/sign-in/password", json=body)
    assert response.status_code == 422
    assert response.get_json()["code"] != "sign_in_refused"


def test_remembered_devices_stay_longer(world: World, member: int) -> None:
    by_password(world, world.phone(member))
    by_password(world, world.phone(member), remember_me=True)
    rows = world.query(
        "SELECT remembered, expires_at - created_at AS lasts FROM sessions ORDER BY id"
    )
    assert [row.remembered for row in rows] == [False, True]
    assert [row.lasts.total_seconds() / 3600 for row in rows] == [12, 30 * 24]
