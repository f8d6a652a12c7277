"""`tracker settlement …` and its routes: what differs is listed, taken, explained, decided."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.stories.months import earns, started
from tests.stories.operators import Operator, run_state, states, work
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TrackerError
from tracker.reconciliation.cli import build
from tracker.settlement.cli import commands
from tracker.settlement.ports import Outcome
from tracker.staff.rules import Role, RoleTooLow, TokenNotAccepted
from tracker.staff.service import hire


@pytest.fixture
def people(world: World) -> Mapping[Role, str]:
    with unit_of_work(world.tools.engine) as session:
        return {role: hire(session, world.tools.settings.keys, str(role), role) for role in Role}


@pytest.fixture
def silent(world: World) -> Operator:
    """An operator that never told what became of two payouts, of which it has paid none."""
    shop = world.shop(cashback=1000)
    for member in world.members(2):
        earns(world, shop, member, 100)
    started(world)
    operator = Operator(acts=False, says=Outcome.UNKNOWN, tells=Outcome.UNKNOWN)
    work(world, operator)
    world.change("UPDATE payouts SET state = 'with_staff', ended_at = now(), ask_at = NULL")
    return operator


def run(world: World, operator: Operator, *arguments: str) -> Result:
    found = {one.name: one for one in build(lambda _: world.watch_of(operator))}
    command = found.get(arguments[0], commands.commands.get(arguments[0]))
    assert command is not None
    return CliRunner().invoke(command, arguments[1:], obj=lambda: world.tools)


def said(result: Result) -> Any:
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.output)


def test_from_the_finding_to_the_closed_run(
    world: World, silent: Operator, people: Mapping[Role, str]
) -> None:
    boris = ("--token", people[Role.APPROVER])
    day = world.query("SELECT (now() AT TIME ZONE 'Europe/Moscow')::date AS day")[0].day.isoformat()
    (compared,) = said(run(world, silent, "reconcile", "--day", day, *boris, "--json"))
    assert (compared["day"], compared["lines"], compared["total"]) == (day, 0, "0.00")
    listed = said(run(world, silent, "findings", "list", "--json"))
    assert [one["kind"] for one in listed] == ["unsettled", "unsettled"]
    taken = said(run(world, silent, "findings", "take", "1", *boris, "--json"))
    assert (taken["state"], taken["owner"]) == ("taken", "approver")

    reason = ("--reason", "their letter", *boris, "--json")
    refused = run(world, silent, "close", "--period", "2011-01", *boris)
    assert isinstance(refused.exception, TrackerError)
    assert refused.exception.code == "run_not_explained"
    assert "2 are with staff" in refused.exception.detail
    refused = run(world, silent, "resolve", "1", "failed", *reason)
    assert isinstance(refused.exception, TrackerError)
    assert refused.exception.code == "not_proved"
    refused = run(world, silent, "resolve", "1", "paid", "--unproved", *reason)
    assert isinstance(refused.exception, TrackerError)
    assert refused.exception.code == "reference_missing"
    failed = said(run(world, silent, "resolve", "1", "failed", "--unproved", *reason))
    assert failed["state"] == "failed"
    paid = ("resolve", "2", "paid", "--reference", "R-2", "--unproved")
    assert said(run(world, silent, *paid, *reason))["reference"] == "R-2"

    assert states(world) == ["failed", "paid"]
    closed = said(run(world, silent, "close", "--period", "2011-01", *boris, "--json"))
    assert closed["state"] == run_state(world, "2011-01") == "closed"
    acts = world.query("SELECT action FROM audit_entries ORDER BY id")
    assert [row.action for row in acts][-4:] == [
        "finding.take",
        "payout.resolve",
        "payout.resolve",
        "settlement.close",
    ]
    assert world.differences() == []


def test_staff_shut_and_open_the_gate(
    world: World, silent: Operator, people: Mapping[Role, str]
) -> None:
    since = ("--since", "2011-01-01T03:00:00+03:00", "--reason", "backup of 03:00")
    said(run(world, silent, "guard", *since, "--token", people[Role.OPERATOR], "--json"))
    assert world.query("SELECT settlement_may_send() AS may") == [(False,)]
    why = ("--reason", "compared on paper", "--token", people[Role.APPROVER], "--json")
    assert said(run(world, silent, "open", *why)) == {"guarded_since": None}
    assert world.query("SELECT settlement_may_send() AS may") == [(True,)]
    again = run(world, silent, "open", *why)
    assert isinstance(again.exception, TrackerError)
    assert again.exception.code == "gate_not_shut"


def test_nobody_decides_without_the_right_token(
    world: World, silent: Operator, people: Mapping[Role, str]
) -> None:
    decide = ("resolve", "1", "failed", "--unproved", "--reason", "so")
    assert isinstance(run(world, silent, *decide).exception, TokenNotAccepted)
    operator = ("--token", people[Role.OPERATOR])
    assert isinstance(run(world, silent, *decide, *operator).exception, RoleTooLow)
    assert run(world, silent, "reconcile", *operator).exit_code == 2
    assert states(world) == ["with_staff", "with_staff"]


def test_what_is_undecided_is_not_explained_away(
    world: World, silent: Operator, people: Mapping[Role, str]
) -> None:
    day = world.query("SELECT (now() AT TIME ZONE 'Europe/Moscow')::date AS day")[0].day.isoformat()
    said(run(world, silent, "reconcile", "--day", day, "--token", people[Role.OPERATOR], "--json"))
    (finding, *_) = said(run(world, silent, "findings", "list", "--kind", "unsettled", "--json"))
    token = ("--token", people[Role.APPROVER])
    why = ("--explanation", "a guess", *token)
    tried = run(world, silent, "findings", "explain", str(finding["id"]), *why)
    assert isinstance(tried.exception, TrackerError)
    assert tried.exception.code == "payout_undecided"


def test_a_month_that_was_never_drawn_up_has_no_findings_to_list(
    world: World, silent: Operator
) -> None:
    missing = run(world, silent, "findings", "list", "--period", "2031-01")
    assert isinstance(missing.exception, TrackerError)
    assert missing.exception.code == "run_not_found"
    assert run(world, silent, "findings", "list", "--period", "nonsense").exit_code == 2


def test_the_same_by_http(world: World, silent: Operator, people: Mapping[Role, str]) -> None:
    client, headers = world.client(), {"Authorization": f"Bearer {people[Role.APPROVER]}"}
    base = "/admin/api/v1/settlements"
    body = {"outcome": "failed", "reason": "their letter", "unproved": True}
    decided = client.post(f"{base}/payouts/1/resolve", json=body, headers=headers)
    assert (decided.status_code, decided.get_json()["state"]) == (200, "failed")
    again = client.post(f"{base}/payouts/1/resolve", json=body, headers=headers)
    assert (again.status_code, again.get_json()["code"]) == (409, "payout_not_undecided")
    found = client.get(f"{base}/findings?state=explained", headers=headers).get_json()
    assert [one["kind"] for one in found["items"]] == ["unsettled"]
    refused = client.post(f"{base}/2011-01/close", headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "run_not_explained")
