"""Commands take the words of the contract and of the API, not the names that code gives them."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

import wsgi
from tests.world import World
from tracker.staff.rules import Role
from tracker.team.cli import add


def choices(command: click.Command) -> Iterator[click.Choice[object]]:
    for parameter in command.params:
        if isinstance(parameter.type, click.Choice):
            yield parameter.type
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from choices(inner)


def test_every_choice_is_one_of_plain_words() -> None:
    found = list(choices(wsgi.cli))
    assert len(found) > 3
    assert {type(word) for choice in found for word in choice.choices} == {str}


@pytest.mark.parametrize("role", ["viewer", "operator", "approver", "admin"])
def test_staff_are_added_by_the_name_of_their_role(world: World, role: str) -> None:
    result = CliRunner().invoke(add, ["anna", "--role", role], obj=lambda: world.tools)
    assert result.exit_code == 0, result.output
    assert world.query("SELECT role FROM staff")[0].role == Role(role)
