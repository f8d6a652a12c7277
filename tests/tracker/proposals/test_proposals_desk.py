"""Proposals of whatever kind, over HTTP and by commands."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.clients import Cabinet
from tests.tracker.adjustments.staff import Pair, hired, told, wish
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.kit.errors import TrackerError
from tracker.proposals.cli import build
from tracker.proposals.rules import (
    ApproverProposedIt,
    NotTheProposer,
    ProposalDecided,
    ProposalDiffers,
    ProposalNotFound,
)
from tracker.staff.rules import Role, RoleTooLow, TokenNotAccepted
from tracker.staff.service import hire
from wiring.proposals import ACTIONS

DESK = "/admin/api/v1/proposals"


@pytest.fixture
def pair(world: World) -> Pair:
    return Pair(world)


@pytest.fixture
def asked(world: World, pair: Pair) -> dict[str, Any]:
    """A credit that waits."""
    made = pair.olga.post("/admin/api/v1/adjustments", json=wish(world.member()))
    found: dict[str, Any] = pair.olga.get(f"{DESK}/{made.get_json()['id']}").get_json()
    return found


def decide(by: Cabinet, one: dict[str, Any], verb: str, **body: str) -> Any:
    said = {"sha256": one["payload_sha256"]} if verb == "approve" else {"reason": "because"}
    return by.post(f"{DESK}/{one['id']}/{verb}", json=said | body)


def test_a_viewer_reads_exactly_what_is_to_be_done(world: World, asked: dict[str, Any]) -> None:
    vera = hired(world, "vera", Role.VIEWER)
    assert vera.get(f"{DESK}/{asked['id']}").get_json() == asked
    assert asked["payload"]["amount"] == 5_000
    assert (asked["action"], asked["state"]) == ("adjustment.credit", "proposed")
    assert asked["seen"] == {"adjustments": 0}
    for verb in ("approve", "reject", "withdraw"):
        assert told(decide(vera, asked, verb)) == (403, "role_too_low")
    assert told(vera.get(f"{DESK}/99")) == (404, "proposal_not_found")


def test_it_is_approved_rejected_or_withdrawn_once(pair: Pair, asked: dict[str, Any]) -> None:
    assert told(decide(pair.olga, asked, "approve")) == (403, "role_too_low")
    assert told(decide(pair.anna, asked, "withdraw")) == (403, "not_the_proposer")
    assert told(decide(pair.anna, asked, "approve", sha256="x")) == (409, "proposal_differs")
    done = decide(pair.anna, asked, "approve", reason="seen").get_json()
    assert (done["state"], done["decided_by"], done["decision_reason"], done["told"]) == (
        "approved",
        "anna",
        "seen",
        None,
    )
    for verb in ("approve", "reject"):
        assert told(decide(pair.anna, asked, verb)) == (409, "proposal_decided")
    assert told(decide(pair.olga, asked, "withdraw")) == (409, "proposal_decided")


def test_its_time_is_told_and_kept(world: World, pair: Pair, asked: dict[str, Any]) -> None:
    world.change_as_owner("UPDATE proposals SET expires_at = now()")
    assert pair.anna.get(f"{DESK}/{asked['id']}").get_json()["state"] == "expired"
    assert pair.anna.get(f"{DESK}?state=proposed").get_json()["items"] == []
    assert len(pair.anna.get(f"{DESK}?state=expired").get_json()["items"]) == 1
    assert world.client().get("/metrics").text.count("tracker_proposals_waiting 0.0") == 1
    assert told(decide(pair.anna, asked, "approve")) == (410, "proposal_expired")
    assert told(decide(pair.anna, asked, "reject")) == (409, "proposal_decided")


def test_the_list_is_filtered_and_paged(world: World, pair: Pair) -> None:
    members = world.members(3)
    for member in members:
        pair.olga.post("/admin/api/v1/adjustments", json=wish(member))
    boris = hired(world, "boris", Role.APPROVER)
    boris.post("/admin/api/v1/adjustments", json=wish(members[0], "goodwill"))

    def ids(**asked: Any) -> list[int]:
        found = pair.anna.get(DESK, query_string=asked).get_json()
        return [one["id"] for one in found["items"]]

    assert ids() == [1, 2, 3, 4]
    assert ids(action="adjustment.goodwill") == [4]
    assert ids(subject=f"member:{members[0]}") == [1, 4]
    assert ids(proposed_by="boris") == [4]
    assert ids(action="no.such") == []
    page = pair.anna.get(f"{DESK}?limit=3").get_json()
    assert ids(cursor=page["next"]) == [4]


def run(world: World, *arguments: str, token: str | None = None) -> Result:
    more = ["--token", token] if token else []
    commands = build(ACTIONS)
    return CliRunner().invoke(commands, [*arguments, *more], obj=lambda: world.tools)


@pytest.fixture
def token(world: World) -> str:
    with unit_of_work(world.tools.engine) as session:
        return hire(session, world.tools.settings.keys, "boris", Role.APPROVER)


def test_commands_list_show_and_approve(world: World, asked: dict[str, Any], token: str) -> None:
    number = str(asked["id"])
    (listed,) = json.loads(run(world, "list", "--json").output)
    assert (listed["id"], listed["action"]) == (asked["id"], "adjustment.credit")
    shown = json.loads(run(world, "show", number, "--json").output)
    assert shown["payload"] == asked["payload"]
    assert shown["about"] == ACTIONS["adjustment.credit"].about
    wrong = run(world, "approve", number, "--sha256", "x", token=token)
    assert isinstance(wrong.exception, ProposalDiffers)
    seal = asked["payload_sha256"]
    done = run(world, "approve", number, "--sha256", seal, "--json", token=token)
    assert json.loads(done.output)["state"] == "approved"
    assert "no proposals" in run(world, "list").output


def test_a_person_is_asked_when_no_hash_is_named(
    world: World, asked: dict[str, Any], token: str
) -> None:
    commands, number = build(ACTIONS), str(asked["id"])
    arguments = ["approve", number, "--token", token]
    said = CliRunner().invoke(commands, arguments, obj=lambda: world.tools, input="n\n")
    assert (said.exit_code, asked["payload_sha256"] in said.output) == (1, True)
    said = CliRunner().invoke(commands, arguments, obj=lambda: world.tools, input="y\n")
    assert said.exit_code == 0
    assert world.query("SELECT state FROM proposals") == [("approved",)]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("show", "99"), ProposalNotFound),
        (("approve", "1", "--sha256", "x"), TokenNotAccepted),
        (("reject", "1", "--reason", "no"), TokenNotAccepted),
        (("withdraw", "1", "--reason", "no"), TokenNotAccepted),
    ],
)
def test_money_waits_for_a_person_not_for_a_console(
    world: World, asked: dict[str, Any], arguments: tuple[str, ...], error: type[TrackerError]
) -> None:
    assert isinstance(run(world, *arguments).exception, error)


def test_commands_reject_and_withdraw(world: World, asked: dict[str, Any], token: str) -> None:
    wrong = run(world, "withdraw", "1", "--reason", "no", token=token)
    assert isinstance(wrong.exception, NotTheProposer)
    assert run(world, "reject", "1", "--reason", "no", token=token).exit_code == 0
    again = run(world, "reject", "1", "--reason", "no", token=token)
    assert isinstance(again.exception, ProposalDecided)


def test_nor_by_commands_may_one_person_do_it_alone(world: World, token: str) -> None:
    boris = Cabinet(world.app, token)
    one = boris.post("/admin/api/v1/adjustments", json=wish(world.member())).get_json()
    seal = one["payload_sha256"]
    alone = run(world, "approve", "1", "--sha256", seal, token=token)
    assert isinstance(alone.exception, ApproverProposedIt)
    with unit_of_work(world.tools.engine) as session:
        olga = hire(session, world.tools.settings.keys, "olga", Role.OPERATOR)
    low = run(world, "approve", "1", "--sha256", seal, token=olga)
    assert isinstance(low.exception, RoleTooLow)
