"""Who joins the team, who may do more, who leaves it: by one person, or by two."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.tracker.team.people import Desk, code, desk, enrolled, said, signs_in
from tests.world import World
from tracker.staff.rules import Role

WHY = {"reason": "why"}


@pytest.fixture
def vera(world: World) -> Desk:
    """An admin."""
    return desk(world, "vera", Role.ADMIN)


@pytest.fixture
def boris(world: World) -> Desk:
    """An approver."""
    return desk(world, "boris", Role.APPROVER)


def approved(by: Desk, outcome: Any) -> Any:
    """Another person's word upon a proposal; what that person is told."""
    one = outcome["proposal"]
    answer = by.post(f"/proposals/{one['id']}/approve", {"sha256": one["payload_sha256"]})
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["told"]


def person(by: Desk, login: str) -> Any:
    return by.get(f"/staff/{login}").get_json()


def test_a_viewer_is_taken_in_by_one_and_comes_in_by_a_secret(world: World, vera: Desk) -> None:
    done = vera.post("/staff", {"login": "gleb", "role": "viewer", **WHY}).get_json()
    assert done["done"]
    assert done["enrolment"].startswith("enr_")
    assert person(vera, "gleb")["signs_in"] is False
    assert Desk(world).post("/enrolment", {"enrolment": done["enrolment"]}).status_code == 200


@pytest.mark.parametrize("role", ["operator", "approver", "admin"])
def test_who_may_propose_or_approve_is_taken_in_by_two(vera: Desk, world: World, role: str) -> None:
    asked = vera.post("/staff", {"login": "gleb", "role": role, **WHY}).get_json()
    assert (asked["done"], asked["proposal"]["action"]) == (False, "staff.add")
    assert vera.get("/staff/gleb").status_code == 404
    one = asked["proposal"]
    own = vera.post(f"/proposals/{one['id']}/approve", {"sha256": one["payload_sha256"]})
    assert said(own)[0] == 403
    told = approved(desk(world, "olga", Role.ADMIN), asked)
    assert told["enrolment"].startswith("enr_")
    assert person(vera, "gleb")["role"] == role
    shown = vera.get(f"/proposals/{one['id']}").get_json()
    assert told["enrolment"] not in str(shown), "it is told once"


def test_nobody_agrees_to_what_is_proposed_for_them(world: World, vera: Desk, boris: Desk) -> None:
    asked = vera.post("/staff/boris/role", {"role": "admin", **WHY}).get_json()
    one = asked["proposal"]
    answer = boris.post(f"/proposals/{one['id']}/approve", {"sha256": one["payload_sha256"]})
    assert said(answer) == (403, "role_too_low")
    assert person(vera, "boris")["role"] == "approver"
    approved(desk(world, "olga", Role.ADMIN), asked)
    assert person(vera, "boris")["role"] == "admin"


def test_a_role_that_changed_meanwhile_is_not_changed_unseen(vera: Desk, world: World) -> None:
    olga = desk(world, "olga", Role.ADMIN)
    gleb = approved(olga, vera.post("/staff", {"login": "g", "role": "operator", **WHY}).get_json())
    assert gleb
    asked = vera.post("/staff/g/role", {"role": "admin", **WHY}).get_json()
    assert vera.post("/staff/g/role", {"role": "viewer", **WHY}).get_json()["done"]
    one = asked["proposal"]
    answer = olga.post(f"/proposals/{one['id']}/approve", {"sha256": one["payload_sha256"]})
    assert said(answer) == (409, "proposal_stale")
    assert person(vera, "g")["role"] == "viewer"


def test_less_is_taken_at_once_and_held_against_the_next_request(vera: Desk, boris: Desk) -> None:
    assert vera.post("/staff/boris/role", {"role": "viewer", **WHY}).get_json()["done"]
    assert said(boris.post("/periods/2011-01/close", WHY)) == (403, "role_too_low")
    assert vera.post("/staff/boris/leave", WHY).get_json()["done"]
    assert said(boris.get("/staff")) == (401, "token_not_accepted")
    assert said(vera.post("/staff/boris/leave", WHY)) == (409, "nothing_to_change")
    assert vera.post("/staff/boris/return", WHY).get_json()["done"]
    assert said(boris.get("/staff")) == (401, "token_not_accepted")


def test_the_last_admin_stays(world: World, vera: Desk) -> None:
    for path, body in (("role", {"role": "operator"}), ("leave", {})):
        answer = vera.post(f"/staff/vera/{path}", WHY | body)
        assert said(answer) == (409, "last_admin")
    desk(world, "olga", Role.ADMIN)
    assert vera.post("/staff/vera/leave", WHY).get_json()["done"]


def test_of_two_admins_who_take_each_other_out_at_once_one_stays(world: World) -> None:
    admins = {login: desk(world, login, Role.ADMIN) for login in ("vera", "olga")}
    barrier, found = threading.Barrier(2), []

    def takes_out(by: Desk, login: str) -> None:
        barrier.wait()
        found.append(by.post(f"/staff/{login}/role", {"role": "viewer", **WHY}).status_code)

    pairs = ((admins["vera"], "olga"), (admins["olga"], "vera"))
    threads = [threading.Thread(target=takes_out, args=pair) for pair in pairs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    rows = world.query("SELECT login FROM staff WHERE role = 'admin' AND active")
    assert len(rows) == 1
    assert sorted(found) in ([200, 403], [200, 409])


def test_an_admin_cannot_become_somebody_else(world: World, vera: Desk, boris: Desk) -> None:
    """Or who proposes could be whoever approves."""
    # Boris has a token: there is nothing to hand in.
    assert said(vera.post("/staff/boris/enrol", WHY)) == (409, "already_enrolled")
    assert vera.post("/staff/boris/reset", WHY).get_json()["done"]
    assert said(boris.get("/staff")) == (401, "token_not_accepted")
    asked = vera.post("/staff/boris/enrol", WHY).get_json()
    assert (asked["done"], asked.get("enrolment")) == (False, None)
    told = approved(desk(world, "olga", Role.ADMIN), asked)
    assert told["enrolment"].startswith("enr_")
    # Nor by making a token for another.
    assert vera.post("/tokens", {"name": "x", "login": "boris"}).status_code == 422


def test_everybody_enrols_themselves_by_a_token(world: World, boris: Desk) -> None:
    done = boris.post("/staff/boris/enrol", WHY).get_json()
    assert done["enrolment"].startswith("enr_")
    assert said(boris.post("/staff/vera/enrol", WHY)) == (403, "role_too_low")
    phone = enrolled(world, "anna", Role.OPERATOR)
    anna = Desk(world, signs_in(world, "anna", code(phone)).get_json()["token"])
    assert said(anna.post("/staff/anna/enrol", WHY)) == (409, "already_enrolled")


def test_a_reset_ends_whatever_somebody_came_in_by(world: World, vera: Desk) -> None:
    phone = enrolled(world, "anna", Role.VIEWER)
    anna = Desk(world, signs_in(world, "anna", code(phone)).get_json()["token"])
    token = Desk(world, anna.post("/tokens", {"name": "mine"}).get_json()["token"])
    assert vera.post("/staff/anna/reset", WHY).get_json()["done"]
    assert {said(one.get("/staff")) for one in (anna, token)} == {(401, "token_not_accepted")}
    assert said(signs_in(world, "anna", code(phone, 1))) == (401, "sign_in_not_accepted")
    assert vera.post("/staff/anna/enrol", WHY).get_json()["enrolment"].startswith("enr_")


# -- tokens ----------------------------------------------------------------------------------------


def test_a_token_does_what_its_scopes_and_its_owner_may(world: World, boris: Desk) -> None:
    def narrow(*scopes: str) -> Desk:
        made = boris.post("/tokens", {"name": "narrow", "scopes": scopes})
        assert made.status_code == 201, made.get_json()
        return Desk(world, made.get_json()["token"])

    reads, areas = narrow("read"), narrow("audit:read", "tokens:write")
    assert reads.get("/audit").status_code == 200
    assert said(reads.post("/tokens", {"name": "more"})) == (403, "scope_too_narrow")
    assert areas.get("/audit/head").status_code == 200
    assert said(areas.get("/staff")) == (403, "scope_too_narrow")
    # Its owner's role goes before it: see the matrix of routes. And none makes a wider one.
    assert said(areas.post("/tokens", {"name": "more"})) == (409, "token_too_wide")
    assert areas.post("/tokens", {"name": "as", "scopes": ["audit:read"]}).status_code == 201
    assert said(narrow("write").get("/audit")) == (403, "scope_too_narrow")


@pytest.mark.parametrize(
    "scopes", [[], ["all"], ["report:read"], ["read "], ["Reports:read"], ["reports:"], ["x"] * 21]
)
def test_what_is_no_scope_is_refused(boris: Desk, scopes: list[str]) -> None:
    assert boris.post("/tokens", {"name": "x", "scopes": scopes}).status_code == 422


def test_a_token_made_by_a_token_ends_no_later(world: World, boris: Desk) -> None:
    made = boris.post("/tokens", {"name": "long", "days": 3650}).get_json()
    assert made["token"].startswith("stf_")
    rows = world.query("SELECT expires_at FROM staff_tokens WHERE name IN ('first', 'long')")
    assert len({row.expires_at for row in rows}) == 1
    phone = enrolled(world, "anna", Role.OPERATOR)
    anna = Desk(world, signs_in(world, "anna", code(phone)).get_json()["token"])
    anna.post("/tokens", {"name": "ten years", "days": 3650})
    (row,) = world.query("SELECT expires_at FROM staff_tokens WHERE name = 'ten years'")
    assert row.expires_at > datetime.now(UTC) + timedelta(days=3640)


def test_a_token_is_over_when_it_is_over(world: World, boris: Desk) -> None:
    world.change_as_owner("UPDATE staff_tokens SET expires_at = now() - interval '1 second'")
    assert said(boris.get("/staff")) == (401, "token_not_accepted")


def test_when_it_was_last_used_is_known_to_the_minute(world: World, boris: Desk) -> None:
    def used() -> Any:
        return world.query("SELECT last_used_at FROM staff_tokens")[0].last_used_at

    assert used() is None
    boris.get("/staff")
    first = used()
    boris.get("/staff")
    assert first is not None
    assert used() == first
    world.change("UPDATE staff_tokens SET last_used_at = now() - interval '61 seconds'")
    boris.get("/staff")
    assert used() >= first


def test_one_sees_and_revokes_ones_own_tokens_and_admins_everybodys(
    world: World, vera: Desk, boris: Desk
) -> None:
    made = boris.post("/tokens", {"name": "mine"}).get_json()
    own = boris.get("/tokens").get_json()["items"]
    assert [(one["name"], one["live"]) for one in own] == [("first", True), ("mine", True)]
    assert made["token"] not in str(own)
    assert said(boris.get("/tokens?login=vera")) == (403, "role_too_low")
    assert len(vera.get("/tokens?login=boris").get_json()["items"]) == 2
    (hers,) = vera.get("/tokens").get_json()["items"]
    assert said(boris.delete(f"/tokens/{hers['id']}")) == (404, "token_not_found")
    assert boris.delete(f"/tokens/{made['id']}").status_code == 204
    assert said(boris.delete(f"/tokens/{made['id']}")) == (404, "token_not_found")
    assert vera.delete(f"/tokens/{own[0]['id']}").status_code == 204
    assert said(boris.get("/tokens")) == (401, "token_not_accepted")


def test_tokens_are_not_made_without_end(world: World, boris: Desk) -> None:
    made = [boris.post("/tokens", {"name": str(number)}).status_code for number in range(50)]
    assert made == [201] * 49 + [409]
