"""What makes a friend look like the inviter, or like somebody who was here before."""

import pytest

from tests.inviting import newcomers, sign_in
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.members.rules import Role
from tracker.members.service import add_number, set_email
from tracker.referrals.rules import Suspicion
from tracker.referrals.suspicions import suspicions

AUNT = "+79020000001"


def found(world: World, friend: int, inviter: int) -> list[Suspicion]:
    with unit_of_work(world.tools.engine) as session:
        return suspicions(session, {friend: inviter}).get(friend, [])


def pays(world: World, member: int, phone: str) -> None:
    """A member directs top-ups to a relative."""
    with unit_of_work(world.tools.engine) as session:
        keys = world.tools.settings.keys
        add_number(session, keys, member, phone, role=Role.RELATIVE, proved_at=day(0))


@pytest.fixture
def inviter(world: World) -> int:
    return newcomers(world, 1)[0]


def test_strangers_have_nothing_in_common(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    sign_in(world, inviter, "telephone of the inviter")
    sign_in(world, friend, "telephone of the friend")
    sign_in(world, friend)
    sign_in(world, inviter)
    pays(world, friend, AUNT)
    assert found(world, friend, inviter) == []


def test_one_device_for_two(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    for member in (inviter, friend):
        sign_in(world, member, "one telephone")
    assert found(world, friend, inviter) == [Suspicion.DEVICE]


def test_one_relative_of_both(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    for member in (inviter, friend):
        pays(world, member, AUNT)
    assert found(world, friend, inviter) == [Suspicion.NUMBER]
    world.change(
        "UPDATE numbers SET ended_at = :at, end_reason = 'removed' WHERE role = 'relative'",
        at=day(1),
    )
    assert found(world, friend, inviter) == [Suspicion.NUMBER], "taking it off hides nothing"


def test_the_inviter_is_paid_at_the_friends_number(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    pays(world, inviter, world.phone(friend))
    assert found(world, friend, inviter) == [Suspicion.NUMBER]


def test_a_number_that_the_operator_gave_to_another_says_nothing(
    world: World, inviter: int
) -> None:
    (friend,) = newcomers(world, 1, inviter)
    pays(world, inviter, world.phone(friend))
    world.change(
        "UPDATE numbers SET ended_at = :at, end_reason = 'taken_over' WHERE role = 'relative'",
        at=day(1),
    )
    assert found(world, friend, inviter) == []


def test_friends_of_one_inviter_among_themselves(world: World, inviter: int) -> None:
    one, other = newcomers(world, 2, inviter)
    for member in (one, other):
        sign_in(world, member, "one telephone")
        pays(world, member, AUNT)
    both = [Suspicion.DEVICE, Suspicion.NUMBER]
    assert found(world, one, inviter) == found(world, other, inviter) == both


def test_a_household_that_somebody_else_invited_is_no_suspicion(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    (wife,) = newcomers(world, 1)
    for member in (wife, friend):
        sign_in(world, member, "the family's computer")
    assert found(world, friend, inviter) == []
    world.change("UPDATE members SET closed_at = :at WHERE id = :id", at=day(1), id=wife)
    assert found(world, friend, inviter) == [Suspicion.DEVICE], "somebody who has left"


def test_whoever_invited_the_inviter(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    (friends_friend,) = newcomers(world, 1, friend)
    for member in (inviter, friends_friend):
        sign_in(world, member, "one telephone")
    assert found(world, friends_friend, friend) == [Suspicion.DEVICE]


def test_one_address_for_two(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    with unit_of_work(world.tools.engine) as session:
        for member in (friend, inviter):
            keys = world.tools.settings.keys
            set_email(session, keys, member, "anna@example.org", day(0))
    assert found(world, friend, inviter) == [Suspicion.EMAIL]


def test_a_device_that_thousands_have_does_not_hide_the_inviter(world: World, inviter: int) -> None:
    (friend,) = newcomers(world, 1, inviter)
    for member in (inviter, friend):
        sign_in(world, member, "one telephone")
    crowd = newcomers(world, 1_100)
    world.change(
        "INSERT INTO sessions (member_id, token_hash, kind, device_hash, label, remembered,"
        " created_at, seen_at, expires_at)"
        " SELECT member, sha256(member::text::bytea), 'app', device_hash, '', false,"
        " created_at, seen_at, expires_at"
        " FROM sessions CROSS JOIN unnest(CAST(:crowd AS bigint[])) AS member"
        " WHERE member_id = :friend",
        crowd=crowd,
        friend=friend,
    )
    assert found(world, friend, inviter) == [Suspicion.DEVICE]
