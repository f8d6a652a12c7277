"""What somebody comes in by, made and taken away at once."""

import secrets
import threading
import time
from typing import Any

import pytest
from sqlalchemy import text

from tests.tracker.team.people import Desk, code, desk, enrolled, said, signs_in
from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.team.service import kept, shut_out

WHY = {"reason": "why"}


def test_a_narrow_token_does_not_become_a_session_that_may_all(world: World) -> None:
    boris = desk(world, "boris", Role.APPROVER)
    made = boris.post("/tokens", {"name": "narrow", "scopes": ["staff:write"], "days": 1})
    narrow = Desk(world, made.get_json()["token"])
    assert narrow.get("/audit").status_code == 403
    answer = narrow.post("/staff/boris/enrol", WHY)
    assert said(answer) == (409, "token_too_wide")


def test_what_a_token_began_is_over_when_the_token_is_taken_back(world: World) -> None:
    boris = desk(world, "boris", Role.APPROVER)
    made = boris.post("/tokens", {"name": "leaked"}).get_json()
    thief = Desk(world, made["token"])
    secret = thief.post("/staff/boris/enrol", WHY).get_json()["enrolment"]
    assert boris.delete(f"/tokens/{made['id']}").status_code == 204
    assert thief.get("/staff").status_code == 401
    answer = Desk(world).post("/enrolment", {"enrolment": secret})
    assert answer.status_code == 410, "the thief still sets boris's password"


def test_a_token_that_is_just_being_made_does_not_survive_a_reset(world: World) -> None:
    vera, anna = desk(world, "vera", Role.ADMIN), desk(world, "anna", Role.APPROVER)
    found: dict[str, Any] = {}

    def resets() -> None:
        found["reset"] = vera.post("/staff/anna/reset", WHY)

    def makes() -> None:
        found["made"] = anna.post("/tokens", {"name": "for later"})

    threads = [threading.Thread(target=resets), threading.Thread(target=makes)]
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("SELECT FROM staff WHERE login = 'anna' FOR UPDATE"))
        for one in threads:
            one.start()
            time.sleep(0.7)
    for one in threads:
        one.join()
    assert found["reset"].status_code == 200
    assert anna.get("/staff").status_code == 401
    if found["made"].status_code == 201:
        token = found["made"].get_json()["token"]
        assert Desk(world, token).get("/staff").status_code == 401, "made after the reset"


def test_why_somebody_was_let_in_stands_in_the_audit(world: World) -> None:
    vera = desk(world, "vera", Role.ADMIN)
    vera.post("/staff", {"login": "gleb", "role": "viewer", "reason": "hired"})
    assert vera.post("/staff/gleb/enrol", {"reason": "lost the letter"}).status_code == 200
    rows = world.query("SELECT reason FROM audit_entries WHERE action = 'staff.enrol' ORDER BY id")
    assert rows[-1].reason == "lost the letter"


def test_a_reset_and_a_sign_in_at_once_do_not_wait_in_a_circle(world: World) -> None:
    phone = enrolled(world, "anna", Role.APPROVER)
    engine = world.tools.engine
    found: dict[str, Any] = {}

    def signs() -> None:
        found["sign_in"] = signs_in(world, "anna", code(phone)).status_code

    thread = threading.Thread(target=signs)
    with unit_of_work(engine) as session:
        person = kept(session, "anna", still_admins=True)
        thread.start()
        time.sleep(0.7)
        shut_out(session, person.id)
    thread.join()
    assert found["sign_in"] in (201, 401), found


def test_a_reset_is_not_refused_for_a_sign_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    vera = desk(world, "vera", Role.ADMIN)
    phone = enrolled(world, "anna", Role.APPROVER)
    found: dict[str, Any] = {}
    real = secrets.token_urlsafe
    begun = threading.Event()

    class Slow:
        @staticmethod
        def token_urlsafe(size: int) -> str:
            begun.set()
            time.sleep(0.5)  # a slow moment between two statements
            return real(size)

    monkeypatch.setattr("tracker.team.signing_in.secrets", Slow)

    def signs() -> None:
        found["sign_in"] = signs_in(world, "anna", code(phone))

    thread = threading.Thread(target=signs)
    thread.start()
    begun.wait()
    time.sleep(0.1)
    answer = vera.post("/staff/anna/reset", WHY)
    thread.join()
    assert answer.status_code == 200, (answer.get_json(), found["sign_in"].status_code)
    if found["sign_in"].status_code == 201:
        token = found["sign_in"].get_json()["token"]
        assert Desk(world, token).get("/staff").status_code == 401


def test_the_team_keeps_an_admin_who_can_come_in(world: World) -> None:
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    assert vera.post("/staff/olga/reset", WHY).status_code == 200
    assert olga.get("/staff").status_code == 401
    answer = vera.post("/staff/vera/leave", WHY)
    assert said(answer) == (409, "last_admin")
