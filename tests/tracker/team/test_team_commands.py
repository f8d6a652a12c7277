"""`tracker staff …`: what the console does for the team, and what the audit has of it."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.docs.pages import blocks, page
from tests.tracker.team.people import GOOD, Desk, code, enrolled, said, signs_in
from tests.world import World
from tracker.audit.cli import commands as audit
from tracker.kit.database import unit_of_work
from tracker.staff.cli import acting_on
from tracker.staff.rules import Role, ScopeTooNarrow
from tracker.team.acts import ADDING, ENROLLING, RAISING
from tracker.team.cli import commands
from wiring.proposals import ACTIONS


def run(world: World, *words: str) -> Any:
    """What a command prints."""
    ran = invoked(world, *words)
    assert ran.exit_code == 0, (ran.output, ran.exception)
    return json.loads(ran.stdout)


def invoked(world: World, *words: str) -> Result:
    return CliRunner().invoke(commands, [*words, "--json"], obj=lambda: world.tools)


def refused(world: World, *words: str) -> str:
    """The code of what a command does not do."""
    return str(getattr(invoked(world, *words).exception, "code", "nothing"))


def acts(world: World) -> list[tuple[str, str]]:
    rows = world.query("SELECT who, action, subject FROM audit_entries ORDER BY id")
    assert all(row.who.startswith("console:") for row in rows)
    return [(row.action, row.subject) for row in rows]


def test_somebody_comes_and_goes(world: World) -> None:
    added = run(world, "add", "anna", "--role", "operator", "--days", "30")
    anna = Desk(world, added["token"])
    assert anna.get("/session").get_json()["login"] == "anna"
    (told,) = run(world, "list")
    assert (told["login"], told["role"], told["active"], told["tokens"]) == (
        "anna",
        "operator",
        True,
        1,
    )
    assert told["last_seen_at"] is not None
    assert run(world, "role", "anna", "viewer", "--reason", "less to do")["role"] == "viewer"
    assert anna.get("/session").get_json()["role"] == "viewer"
    run(world, "revoke", "anna")
    assert said(anna.get("/session")) == (401, "token_not_accepted")
    assert refused(world, "revoke", "anna") == "nothing_to_change"
    assert refused(world, "token", "anna") == "person_has_left"
    run(world, "return", "anna")
    assert run(world, "token", "anna")["token"].startswith("stf_")
    assert acts(world) == [
        ("staff.add", "staff:anna"),
        ("staff.role", "staff:anna"),
        ("staff.leave", "staff:anna"),
        ("staff.return", "staff:anna"),
        ("token.create", "token:2"),
    ]


def test_a_token_of_a_few_things_for_a_few_days(world: World) -> None:
    run(world, "add", "anna", "--role", "operator")
    made = run(world, "token", "anna", "--name", "report", "--scope", "reports:read", "--days", "9")
    narrow = Desk(world, made["token"])
    assert said(narrow.get("/staff")) == (403, "scope_too_narrow")
    assert narrow.get("/reports").status_code == 200
    shown = run(world, "tokens", "anna")
    assert [(one["name"], one["scopes"]) for one in shown] == [
        ("first", ["read", "write"]),
        ("report", ["reports:read"]),
    ]
    run(world, "revoke", "anna", "--token", str(made["id"]))
    assert said(narrow.get("/reports")) == (401, "token_not_accepted")
    assert [one["live"] for one in run(world, "tokens", "anna")] == [True, False]
    assert refused(world, "revoke", "anna", "--token", "99") == "token_not_found"
    for unknown in ("all", "report:read", "reports", "reports:delete"):
        assert refused(world, "token", "anna", "--scope", unknown) == "scope_not_known"


def test_commands_take_a_token_that_may_write(world: World) -> None:
    run(world, "add", "anna", "--role", "admin")
    reads = run(world, "token", "anna", "--scope", "read")["token"]
    with unit_of_work(world.tools.engine) as session, pytest.raises(ScopeTooNarrow):
        acting_on(session, world.tools, reads, Role.OPERATOR)


def test_a_lost_telephone(world: World) -> None:
    phone = enrolled(world, "anna", Role.APPROVER)
    assert refused(world, "enrol", "anna") == "already_enrolled"
    secret = run(world, "reset", "anna", "--reason", "lost")["enrolment"]
    assert said(signs_in(world, "anna", code(phone))) == (401, "sign_in_not_accepted")
    stranger = Desk(world)
    new = stranger.post("/enrolment", {"enrolment": secret}).get_json()["totp_secret"]
    assert new != phone
    body = {"enrolment": secret, "password": GOOD, "totp": code(new, -1)}
    assert stranger.post("/enrolment/confirm", body).status_code == 200
    assert signs_in(world, "anna", code(new)).status_code == 201


def test_the_last_admin_stays_at_the_console_too(world: World) -> None:
    run(world, "add", "vera", "--role", "admin")
    assert refused(world, "revoke", "vera") == "last_admin"
    assert refused(world, "role", "vera", "approver") == "last_admin"
    assert refused(world, "role", "vera", "admin") == "nothing_to_change"
    assert refused(world, "role", "nobody", "admin") == "person_not_found"


def test_the_acts_that_take_two_are_registered() -> None:
    assert {one.name for one in (ADDING, RAISING, ENROLLING)} <= set(ACTIONS)


def test_the_page_tells_commands_that_run(world: World) -> None:
    """In the order in which they stand there."""
    shown = [one.text for one in blocks(page("finance/team.md")) if one.language == "console"]
    lines = [line.removeprefix("$ tracker ") for text in shown for line in text.splitlines()]
    assert len(lines) >= 8
    for line in lines:
        if "…" in line:
            continue
        said_there = line.partition("   # ")[0].replace("monthly report", "m")
        group, *words = (word.strip('"') for word in said_there.split())
        if "ID" in words:  # of the token that the page made last
            words[words.index("ID")] = str(run(world, "tokens", "anna")[-1]["id"])
        room = {"staff": commands, "audit": audit}[group]
        ran = CliRunner().invoke(room, words, obj=lambda: world.tools)
        assert ran.exit_code == 0, (line, ran.output, ran.exception)
