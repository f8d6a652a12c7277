"""Acts are kept as they were done: by whom, when, why; and cannot be changed afterwards."""

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

import wsgi
from tests.world import World
from tracker.audit.cli import list_entries
from tracker.audit.queries import entries
from tracker.audit.rules import MAX_REASON, ReasonMissing
from tracker.audit.service import record
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire


def keep(world: World, who: str, action: str, subject: str, reason: str | None = "why") -> None:
    with unit_of_work(world.tools.engine) as session:
        record(session, who, action, subject, reason=reason, before={"a": 1}, after={"a": 2})


def test_an_act_is_kept_with_its_moment(world: World) -> None:
    keep(world, "anna", "inbox.discard", "event:1")
    with unit_of_work(world.tools.engine) as session:
        (one,) = entries(session)
    assert (one.who, one.action, one.subject, one.reason) == (
        "anna",
        "inbox.discard",
        "event:1",
        "why",
    )
    assert (one.before, one.after) == ({"a": 1}, {"a": 2})
    assert abs(one.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_latest_are_told_in_the_order_in_which_they_were_done(world: World) -> None:
    for event in range(1, 4):
        keep(world, "anna", "inbox.discard", f"event:{event}")
    with unit_of_work(world.tools.engine) as session:
        first, last = (entries(session, limit=2, latest=latest) for latest in (False, True))
    assert [one.subject for one in first] == ["event:1", "event:2"]
    assert [one.subject for one in last] == ["event:2", "event:3"]


@pytest.mark.parametrize("reason", ["", "  ", "x" * (MAX_REASON + 1), "a\nb", "nul\0"])
def test_a_reason_says_something(world: World, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        keep(world, "anna", "inbox.discard", "event:1", reason)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET who = 'boris'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "INSERT INTO audit_entries (who, action, at) VALUES ('anna', 'x', '2020-01-01')",
    ],
)
def test_the_application_can_only_add_and_not_say_when(world: World, statement: str) -> None:
    keep(world, "anna", "inbox.discard", "event:1")
    with pytest.raises(DBAPIError):
        world.change(statement)
    with unit_of_work(world.tools.engine) as session:
        assert [one.who for one in entries(session)] == ["anna"]


@pytest.mark.parametrize(
    "verb", ["UPDATE audit_entries SET who = 'b'", "DELETE FROM audit_entries"]
)
def test_nor_can_the_owner_change_it_by_the_way(world: World, verb: str) -> None:
    keep(world, "anna", "inbox.discard", "event:1")
    with pytest.raises(DBAPIError):
        world.change_as_owner(verb)


def test_the_list_for_staff_is_filtered_and_paged(world: World) -> None:
    for number in range(5):
        keep(world, "anna" if number % 2 else "boris", "inbox.retry", f"event:{number}")
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "viewer", Role.VIEWER)
    said = {"Authorization": f"Bearer {token}"}
    page = world.client().get("/admin/api/v1/audit?limit=2&who=boris", headers=said).get_json()
    assert [one["subject"] for one in page["items"]] == ["event:0", "event:2"]
    rest = world.client().get(
        f"/admin/api/v1/audit?limit=2&who=boris&cursor={page['next']}", headers=said
    )
    assert [one["subject"] for one in rest.get_json()["items"]] == ["event:4"]
    assert world.client().get("/admin/api/v1/audit").status_code == 401


_ROOMS = "|".join(
    (
        "adjustment",
        "alert",
        "certificate",
        "claim",
        "inbox",
        "invoice",
        "member",
        "payment",
        "period",
        "purchase",
        "receivable",
        "referral",
        "report",
        "salon",
        "shop",
        "staff",
        "statement",
        "invoice",
        "payment",
        "receivable",
        "token",
    )
)
_ACTION = re.compile(rf'"((?:{_ROOMS})(?:\.[a-z_]+)+)"')
_OF_SETTLEMENT = re.compile(r"(?:settlement|finding|payout)\.[a-z_]+")


def actions(source: str) -> set[str]:
    """The actions that some code writes down; those of settlement are named like steps of its
    jobs, and count where they are given to what writes down."""
    given = {
        one.value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("record", "_write_down")
        for one in call.args
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    return {one for one in given if _OF_SETTLEMENT.fullmatch(one)} | set(_ACTION.findall(source))


def test_the_actions_that_the_command_names_are_those_of_the_code() -> None:
    told = set(re.findall(r"\b[a-z]+(?:\.[a-z_]+)+\b", str(list_entries.help)))
    root = Path(wsgi.__file__).parent
    sources = [
        path
        for room in ("tracker", "webhooks", "partners")
        for path in root.glob(f"{room}/**/*.py")
    ]
    assert told == set().union(*(actions(path.read_text()) for path in sources))
