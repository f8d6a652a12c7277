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
from tests.tracker.team.people import GOOD, Desk, code, desk, said, signs_in
from tests.world import World, day
from tracker.kit.database import unit_of_work
from tracker.proposals.cli import build
from tracker.settlement.rules import ApproverPreparedIt
from tracker.settlement.service import approve as approve_run
from tracker.staff.rules import Role
from tracker.staff.service import Person, hire
from wiring.proposals import ACTIONS

WHY = {"reason": "why"}


def comes_in_by(world: World, secret: str, login: str) -> Desk:
    """Whoever holds an enrolment secret sets password and telephone, and signs in."""
    stranger = Desk(world)
    shown = stranger.post("/enrolment", {"enrolment": secret}).get_json()["totp_secret"]
    done = stranger.post(
        "/enrolment/confirm", {"enrolment": secret, "password": GOOD, "totp": code(shown, -1)}
    )
    assert done.status_code == 200, done.get_json()
    opened = signs_in(world, login, code(shown))
    assert opened.status_code == 201, opened.get_json()
    return Desk(world, opened.get_json()["token"])


def approves(by: Desk, one: Any) -> Any:
    return by.post(f"/proposals/{one['id']}/approve", {"sha256": one["payload_sha256"]})


def test_who_let_somebody_in_is_not_two_people(world: World) -> None:
    """olga approves that gleb joins, is told his secret, comes in as him, proposes and approves."""
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    asked = vera.post("/staff", {"login": "gleb", "role": "operator", **WHY}).get_json()
    secret = approves(olga, asked["proposal"]).get_json()["told"]["enrolment"]
    gleb = comes_in_by(world, secret, "gleb")
    made = gleb.post("/adjustments", wish(world.member()))
    assert made.status_code == 201
    one = made.get_json()
    answer = olga.post(f"/adjustments/{one['id']}/approve", {"sha256": one["payload_sha256"]})
    assert said(answer) == (403, "let_in_by_the_other")
    third = desk(world, "boris", Role.APPROVER)
    answer = third.post(f"/adjustments/{one['id']}/approve", {"sha256": one["payload_sha256"]})
    assert answer.status_code == 200


def test_a_viewer_let_in_by_one_and_raised_is_not_a_second_self(world: World) -> None:
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    secret = vera.post("/staff", {"login": "gleb", "role": "viewer", **WHY}).get_json()["enrolment"]
    gleb = comes_in_by(world, secret, "gleb")
    asked = vera.post("/staff/gleb/role", {"role": "operator", **WHY}).get_json()
    answer = approves(olga, asked["proposal"])
    assert answer.status_code == 200, answer.get_json()
    made = gleb.post("/adjustments", wish(world.member()))
    one = made.get_json()
    answer = vera.post(f"/adjustments/{one['id']}/approve", {"sha256": one["payload_sha256"]})
    assert said(answer) == (403, "let_in_by_the_other")


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
