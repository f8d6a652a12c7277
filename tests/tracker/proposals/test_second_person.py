"""Two people are two: not by another login, another key, or a word given before."""

import threading
import time
from typing import Any

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import text

import wsgi
from tests.tracker.adjustments.staff import DESK, Pair, approved, hired, proposed, told, wish
from tests.tracker.team.people import desk, said
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.proposals.cli import build
from tracker.settlement.rules import ApproverPreparedIt
from tracker.settlement.service import approve as approve_run
from tracker.staff.rules import Role
from tracker.staff.service import Person, hire
from wiring.proposals import ACTIONS

WHY = {"reason": "why"}
STAFF_TOKENS = "/admin/api/v1/tokens"


@pytest.mark.parametrize("how", ["role", "token", "reset"])
def test_what_was_proposed_by_somebody_who_may_not_any_more(world: World, how: str) -> None:
    """A stolen token, or rights taken back in haste: what waits in that name waits on."""
    member, pair = world.member(), Pair(world)
    vera = hired(world, "vera", Role.ADMIN)
    one = proposed(pair.olga, member)
    if how == "token":
        (token,) = vera.get(f"{STAFF_TOKENS}?login=olga").get_json()["items"]
        answer = vera.delete(f"{STAFF_TOKENS}/{token['id']}")
    else:
        body = {"role": "viewer", **WHY} if how == "role" else WHY
        answer = vera.post(f"/admin/api/v1/staff/olga/{how}", json=body)
    assert answer.status_code in (200, 204), answer.get_json()
    assert told(approved(pair.anna, one)) == (409, "proposer_may_not")
    assert pair.anna.post(f"{DESK}/{one['id']}/reject", json=WHY).status_code == 200


def test_a_token_that_ran_out_and_a_session_signed_out_take_nothing_along(world: World) -> None:
    member, pair = world.member(), Pair(world)
    one = proposed(pair.olga, member)
    world.change("UPDATE staff_sessions SET ended_at = now()")
    world.change_as_owner(
        "UPDATE staff_tokens SET expires_at = now() FROM staff"
        " WHERE staff.id = staff_id AND login = 'olga'"
    )
    assert approved(pair.anna, one).status_code == 200


def test_capitals_make_no_second_person_of_a_settlement(world: World) -> None:
    world.member(joined=day(0))
    run = world.prepare("2011-01", day(40), by="vera")
    with unit_of_work(world.tools.engine) as session, pytest.raises(ApproverPreparedIt):
        approve_run(session, "2011-01", run.sha256, Person("Vera", Role.APPROVER))


def test_lowercase_and_uppercase_logins(world: World) -> None:
    """Two logins that differ by capitals alone are one person everywhere else."""
    vera = desk(world, "vera", Role.ADMIN)
    answer = vera.post("/staff", {"login": "VERA", "role": "viewer", **WHY})
    assert said(answer) == (409, "login_taken")


@pytest.mark.parametrize("how", ["token", "role", "left"])
def test_a_token_taken_back_while_its_holder_reads_approves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    member = world.member()
    olga = hired(world, "olga", Role.OPERATOR)
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "anna", Role.APPROVER)
    one = proposed(olga, member)

    def reads(_: str) -> bool:
        world.change(
            {
                "token": "UPDATE staff_tokens SET revoked_at = now() FROM staff"
                " WHERE staff.id = staff_id AND login = 'anna'",
                "role": "UPDATE staff SET role = 'viewer' WHERE login = 'anna'",
                "left": "UPDATE staff SET active = false WHERE login = 'anna'",
            }[how]
        )
        return True

    monkeypatch.setattr(click, "confirm", reads)
    CliRunner().invoke(
        build(ACTIONS), ["approve", str(one["id"]), "--token", token], obj=lambda: world.tools
    )
    assert world.balance(member).available == 0, "approved by nobody of the team"


@pytest.mark.parametrize("how", ["token", "left"])
def test_a_token_taken_back_while_its_holder_reads_the_list_approves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    world.member()
    world.prepare("2011-01", day(40), by="olga")
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "anna", Role.APPROVER)

    def reads(_: str) -> bool:
        world.change(
            "UPDATE staff_tokens SET revoked_at = now()"
            if how == "token"
            else "UPDATE staff SET active = false"
        )
        return True

    monkeypatch.setattr(click, "confirm", reads)
    words = ["approve", "--period", "2011-01", "--token", token]
    ran = CliRunner().invoke(wsgi.cli.commands["settlement"], words, obj=lambda: world.tools)
    (row,) = world.query("SELECT state FROM settlement_runs")
    assert row.state == "prepared", ran.output


def test_who_left_while_the_approval_waited_for_a_lock_approves_nothing(world: World) -> None:
    member, pair = world.member(), Pair(world)
    vera = hired(world, "vera", Role.ADMIN)
    one = proposed(pair.olga, member)
    found: dict[str, Any] = {}

    def says() -> None:
        found["answer"] = approved(pair.anna, one)

    thread = threading.Thread(target=says)
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("SELECT FROM proposals FOR UPDATE"))
        thread.start()
        time.sleep(0.7)
        left = vera.post("/admin/api/v1/staff/anna/leave", json=WHY)
        assert left.status_code == 200
    thread.join()
    assert found["answer"].status_code in (401, 403), "somebody who had left approved"


def test_what_a_person_proposed_who_was_thrown_out_is_not_done(world: World) -> None:
    member, pair = world.member(), Pair(world)
    vera = hired(world, "vera", Role.ADMIN)
    one = proposed(pair.olga, member)
    vera.post("/admin/api/v1/staff/olga/leave", json={"reason": "fraud"})
    assert told(approved(pair.anna, one)) == (409, "proposer_has_left")
    refused = pair.anna.post(f"{DESK}/{one['id']}/reject", json=WHY)
    assert refused.status_code == 200


def test_the_same_key_at_once_is_one_proposal_for_both(world: World) -> None:
    member, pair = world.member(), Pair(world)
    barrier, found = threading.Barrier(2), []

    def asks() -> None:
        barrier.wait()
        answer = pair.olga.post(DESK, json=wish(member), headers={"Idempotency-Key": "k-1"})
        found.append((answer.status_code, answer.get_json().get("id")))

    for _ in range(10):
        threads = [threading.Thread(target=asks) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert {status for status, _ in found} == {201}, found


@pytest.mark.parametrize("verb", ["reject", "withdraw"])
def test_what_is_over_is_over_for_every_decision(world: World, verb: str) -> None:
    member, pair = world.member(), Pair(world)
    one = proposed(pair.olga, member)
    world.change_as_owner("UPDATE proposals SET expires_at = now()")
    by = pair.anna if verb == "reject" else pair.olga
    answer = by.post(f"/admin/api/v1/proposals/{one['id']}/{verb}", json={"reason": "late"})
    assert answer.status_code == 410, answer.get_json()


def test_what_an_adjustment_was_before_stands_in_the_audit(world: World) -> None:
    member, pair = world.member(), Pair(world)
    pair.adjust(member)
    rows = world.query(
        "SELECT action, before FROM audit_entries WHERE action LIKE 'adjustment%' ORDER BY id"
    )
    assert [(row.action, row.before is not None) for row in rows] == [
        ("adjustment.credit.propose", False),
        ("adjustment.credit.approve", True),
    ]
