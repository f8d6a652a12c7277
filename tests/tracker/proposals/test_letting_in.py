"""Who lets somebody in is not that somebody: by halves of a secret, or by what is known of it."""

import json
from typing import Any

import pytest

from tests.tracker.adjustments.staff import wish
from tests.tracker.team.people import GOOD, Desk, code, desk, said, signs_in
from tests.world import World
from tracker.proposals.rules import fingerprint
from tracker.staff.rules import Role

WHY = {"reason": "why"}


def comes_in_by(world: World, login: str, secret: str, other_half: str | None = None) -> Desk:
    """Whoever holds an enrolment secret, all of it, sets password and telephone, and signs in."""
    stranger, told = Desk(world), {"enrolment": secret}
    if other_half is not None:
        told["other_half"] = other_half
    shown = stranger.post("/enrolment", told).get_json()["totp_secret"]
    chosen = {"password": GOOD, "totp": code(shown, -1)}
    done = stranger.post("/enrolment/confirm", {**told, **chosen})
    assert done.status_code == 200, done.get_json()
    opened = signs_in(world, login, code(shown))
    assert opened.status_code == 201, opened.get_json()
    return Desk(world, opened.get_json()["token"])


def a_viewer(world: World, by: Desk, login: str) -> Desk:
    """Somebody whom one admin alone lets in, and so could be."""
    asked = by.post("/staff", {"login": login, "role": "viewer", **WHY}).get_json()
    return comes_in_by(world, login, asked["enrolment"])


def becomes(one: str, role: str, asks: Desk, agrees: Desk) -> None:
    """Two admins let somebody do more."""
    asked = asks.post(f"/staff/{one}/role", {"role": role, **WHY}).get_json()
    assert approves(agrees, asked["proposal"]).status_code == 200


def approves(by: Desk, one: Any) -> Any:
    return by.post(f"/proposals/{one['id']}/approve", {"sha256": one["payload_sha256"]})


def test_each_of_two_who_let_somebody_in_is_told_half_of_the_secret(world: World) -> None:
    """Neither of them can come in as gleb, so each of them and gleb are two people."""
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    asked = vera.post("/staff", {"login": "gleb", "role": "operator", **WHY}).get_json()
    agreed = approves(olga, asked["proposal"]).get_json()
    half, rest = asked["other_half"], agreed["told"]["enrolment"]
    assert half not in str(agreed), "who approves sees no more than its hash"
    for wrong in (
        {"enrolment": rest},
        {"enrolment": half},
        {"enrolment": half, "other_half": rest},
        {"enrolment": rest, "other_half": rest},
    ):
        assert said(Desk(world).post("/enrolment", wrong)) == (410, "enrolment_over")
    gleb = comes_in_by(world, "gleb", rest, half)
    one = gleb.post("/adjustments", wish(world.member())).get_json()
    body = {"sha256": one["payload_sha256"]}
    assert olga.post(f"/adjustments/{one['id']}/approve", body).status_code == 200


def test_what_was_proposed_before_secrets_had_halves_still_lets_in(world: World) -> None:
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    asked = vera.post("/staff", {"login": "gleb", "role": "operator", **WHY}).get_json()["proposal"]
    payload = {"login": "gleb", "role": "operator"}
    asked["payload_sha256"] = fingerprint(payload)
    world.change_as_owner("ALTER TABLE proposals DISABLE TRIGGER proposals_decided_once")
    world.change_as_owner(
        "UPDATE proposals SET payload = CAST(:payload AS jsonb), payload_sha256 = :sha256",
        payload=json.dumps(payload),
        sha256=asked["payload_sha256"],
    )
    world.change_as_owner("ALTER TABLE proposals ENABLE TRIGGER proposals_decided_once")
    gleb = comes_in_by(world, "gleb", approves(olga, asked).get_json()["told"]["enrolment"])
    one = gleb.post("/adjustments", wish(world.member())).get_json()
    body = {"sha256": one["payload_sha256"]}
    answer = olga.post(f"/adjustments/{one['id']}/approve", body)
    assert said(answer) == (403, "let_in_by_the_other")


def test_a_viewer_let_in_by_one_and_raised_is_not_a_second_self(world: World) -> None:
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    gleb = a_viewer(world, vera, "gleb")
    becomes("gleb", "operator", vera, olga)
    one = gleb.post("/adjustments", wish(world.member())).get_json()
    body = {"sha256": one["payload_sha256"]}
    answer = vera.post(f"/adjustments/{one['id']}/approve", body)
    assert said(answer) == (403, "let_in_by_the_other")
    third = desk(world, "boris", Role.APPROVER)
    assert third.post(f"/adjustments/{one['id']}/approve", body).status_code == 200


@pytest.mark.parametrize("through", [False, True])
def test_two_whom_one_alone_let_in_are_not_two_people(world: World, through: bool) -> None:
    """Nor if one of them let in the other."""
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    gleb = a_viewer(world, vera, "gleb")
    becomes("gleb", "admin", vera, olga)
    dina = a_viewer(world, gleb if through else vera, "dina")
    becomes("dina", "approver", vera, olga)
    one = gleb.post("/adjustments", wish(world.member())).get_json()
    body = {"sha256": one["payload_sha256"]}
    answer = dina.post(f"/adjustments/{one['id']}/approve", body)
    assert said(answer) == (403, "let_in_by_the_other")


def test_who_is_let_in_anew_by_two_is_somebody_else(world: World) -> None:
    vera, olga = desk(world, "vera", Role.ADMIN), desk(world, "olga", Role.ADMIN)
    a_viewer(world, vera, "gleb")
    becomes("gleb", "operator", vera, olga)
    vera.post("/staff/gleb/reset", WHY)
    asked = vera.post("/staff/gleb/enrol", WHY).get_json()
    told = approves(olga, asked["proposal"]).get_json()["told"]
    gleb = comes_in_by(world, "gleb", told["enrolment"], asked["other_half"])
    one = gleb.post("/adjustments", wish(world.member())).get_json()
    body = {"sha256": one["payload_sha256"]}
    assert vera.post(f"/adjustments/{one['id']}/approve", body).status_code == 200
