"""`tracker salons …`: keys are told once; each change is somebody's, and has its reason."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.tracker.certificates.salon import Salon, acts, present, told, wrong_code
from tests.world import World
from tracker.certificates.cli import commands
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TrackerError
from tracker.staff.rules import Role
from tracker.staff.service import hire

WHY = ("--reason", "as agreed")
KNOWN = (404, "code_not_accepted")
UNKNOWN = (401, "salon_not_accepted")


def salons(world: World, *arguments: str, token: str | None = None) -> Result:
    environ = {"TRACKER_STAFF_TOKEN": token} if token else {"TRACKER_STAFF_TOKEN": ""}
    return CliRunner().invoke(commands, arguments, obj=lambda: world.tools, env=environ)


def done(world: World, *arguments: str, token: str | None = None) -> Any:
    result = salons(world, *arguments, "--json", token=token)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def refused(world: World, *arguments: str, token: str | None = None) -> str:
    error = salons(world, *arguments, token=token).exception
    assert isinstance(error, TrackerError), error
    return error.code


def test_a_salon_from_its_beginning_to_its_end(world: World) -> None:
    added = done(world, "add", "arbat", "--name", "Арбат, 1", *WHY)
    first = Salon(added["salon"], added["key"])
    assert told(present(world, first, wrong_code())) == KNOWN
    second = Salon("arbat", done(world, "key", "arbat", *WHY)["key"])
    assert told(present(world, first, wrong_code())) == UNKNOWN
    assert told(present(world, second, wrong_code())) == KNOWN
    (listed,) = done(world, "list")
    assert (listed["salon"], listed["name"], listed["closed_at"]) == ("arbat", "Арбат, 1", None)
    done(world, "close", "arbat", *WHY)
    assert told(present(world, second, wrong_code())) == UNKNOWN
    assert done(world, "list")[0]["closed_at"]
    assert [(action, subject, reason) for _, action, subject, reason in acts(world)] == [
        (action, "salon:arbat", "as agreed") for action in ("salon.add", "salon.key", "salon.close")
    ]


def test_keys_are_kept_as_hashes_alone(world: World) -> None:
    key = done(world, "add", "arbat", "--name", "Arbat", *WHY)["key"]
    assert len(key) > 40
    for table in ("salons", "audit_entries"):
        assert key not in str(world.query(f"SELECT {table}::text FROM {table}"))
    assert key not in salons(world, "list").output


@pytest.mark.parametrize("slug", ["", "Arbat", "a b", "арбат", "-a", "a" * 65, "a\n"])
def test_what_a_salon_cannot_be_called(world: World, slug: str) -> None:
    assert refused(world, "add", "--name", "Arbat", *WHY, "--", slug) == "salon_invalid"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101])
def test_what_people_cannot_call_it(world: World, name: str) -> None:
    assert refused(world, "add", "arbat", "--name", name, *WHY) == "salon_invalid"


def test_what_cannot_be_done(world: World) -> None:
    done(world, "add", "arbat", "--name", "Arbat", *WHY)
    assert refused(world, "add", "arbat", "--name", "Arbat", *WHY) == "salon_taken"
    assert refused(world, "add", "nevsky", "--name", "N", "--reason", " ") == "reason_missing"
    assert refused(world, "key", "nevsky", *WHY) == "salon_not_found"
    done(world, "close", "arbat", *WHY)
    assert refused(world, "close", "arbat", *WHY) == "salon_closed"
    assert refused(world, "key", "arbat", *WHY) == "salon_closed"
    assert refused(world, "add", "arbat", "--name", "Arbat", *WHY) == "salon_taken"
    assert salons(world, "key", "arbat").exit_code == 2


def test_salons_are_an_admins_business(world: World) -> None:
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        lower = hire(session, keys, "anna", Role.APPROVER)
        admin = hire(session, keys, "boris", Role.ADMIN)
    for command in (("add", "arbat", "--name", "Arbat"), ("key", "arbat"), ("close", "arbat")):
        assert refused(world, *command, *WHY, token=lower) == "role_too_low"
        done(world, *command, *WHY, token=admin)
    assert {who for who, *_ in acts(world)} == {"boris"}
