"""Who may do what."""

import pytest

from tests.world import World
from tracker.kit.crypto import Keyring
from tracker.kit.database import unit_of_work
from tracker.staff.rules import LoginNotUsable, Role, RoleTooLow, TokenNotAccepted
from tracker.staff.service import LoginTaken, hire, recognise


def test_each_role_may_what_the_ones_before_it_may() -> None:
    order = [Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN]
    for place, role in enumerate(order):
        assert [role.includes(needed) for needed in order] == [
            other <= place for other in range(len(order))
        ]


def test_a_token_is_shown_once_and_kept_as_a_hash(world: World) -> None:
    key = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, key, "anna", Role.OPERATOR)
    (row,) = world.query("SELECT * FROM staff_tokens")
    assert token.encode() not in row.token_hash
    assert token not in str(row)
    with unit_of_work(world.tools.engine) as session:
        assert recognise(session, key, token, Role.OPERATOR).login == "anna"
        with pytest.raises(RoleTooLow):
            recognise(session, key, token, Role.APPROVER)
        with pytest.raises(TokenNotAccepted):
            recognise(session, key, token + "x", Role.VIEWER)
        with pytest.raises(TokenNotAccepted):
            recognise(session, Keyring(bytes(32)), token, Role.VIEWER)


def test_a_login_is_one_persons(world: World) -> None:
    key = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        hire(session, key, "anna", Role.VIEWER)
    with pytest.raises(LoginTaken, match="anna"), unit_of_work(world.tools.engine) as session:
        hire(session, key, "anna", Role.ADMIN)


@pytest.mark.parametrize("login", ["", " ", "an na", "anna ", "anna\n", "анна", "a" * 65])
def test_a_login_is_a_plain_word(world: World, login: str) -> None:
    key = world.tools.settings.keys
    with pytest.raises(LoginNotUsable), unit_of_work(world.tools.engine) as session:
        hire(session, key, login, Role.VIEWER)
    assert world.query("SELECT FROM staff") == []


def test_who_has_left_is_let_in_no_more(world: World) -> None:
    key = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, key, "anna", Role.ADMIN)
    world.change("UPDATE staff SET active = false")
    with pytest.raises(TokenNotAccepted), unit_of_work(world.tools.engine) as session:
        recognise(session, key, token, Role.VIEWER)
