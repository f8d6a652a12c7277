"""People who sign in: what they have (a password, an address, a telephone) and what they do."""

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import altcha
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.world import World
from tracker.access.captcha import challenge
from tracker.access.passwords import hash_password, keep_password
from tracker.kit.clock import FixedClock, SystemClock
from tracker.kit.database import unit_of_work
from tracker.members.service import set_email
from tracker.notifications.service import open_sealed

PASSWORD = "Korova-9-letit"
"""A password that is none too easy."""


def solved(world: World) -> str:
    """A captcha that asked for next to no work, solved."""
    made = challenge(world.tools.settings.keys, SystemClock().now(), work=1)
    asked = altcha.Challenge.from_dict(made)
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    said = altcha.Payload(asked, solution).to_dict()
    return base64.b64encode(json.dumps(said).encode()).decode()


def at(world: World, moment: datetime) -> World:
    """The same deployment at another business moment."""
    tools = replace(world.tools, settings=replace(world.tools.settings, clock=FixedClock(moment)))
    later = World(tools)
    later._numbers = world._numbers
    return later


def pass_time(world: World, by: timedelta) -> None:
    """So much real time passes for all sessions: they do not go by business time."""
    world.change(
        "UPDATE sessions SET created_at = created_at - :by, seen_at = seen_at - :by,"
        " expires_at = expires_at - :by",
        by=by,
    )


def proved(world: World, member: int, moment: datetime) -> None:
    """The member's number was last proved then."""
    world.change("UPDATE numbers SET proved_at = :at WHERE member_id = :id", at=moment, id=member)


def fresh(world: World) -> int:
    """A member who has just proved the number."""
    member = world.member()
    proved(world, member, world.tools.clock.now() - timedelta(days=1))
    return member


def give_password(world: World, member: int, password: str = PASSWORD) -> None:
    """Let a member have a password."""
    with unit_of_work(world.tools.engine) as session:
        keep_password(session, member, hash_password(password), world.tools.clock.now())


def give_email(world: World, member: int, email: str) -> str:
    """Let a member have an address that they proved."""
    with unit_of_work(world.tools.engine) as session:
        set_email(session, world.tools.settings.keys, member, email, world.tools.clock.now())
    return email


def code_sent(world: World, to: str) -> str:
    """The last code that went to a number or an address."""
    with unit_of_work(world.tools.engine) as session:
        rows = session.execute(
            text("SELECT key, sealed FROM notifications WHERE sealed IS NOT NULL ORDER BY id DESC")
        ).all()
    for row in rows:
        found = open_sealed(world.tools.settings.keys, row.key, row.sealed)
        if found.to == to and found.code is not None:
            return found.code
    raise AssertionError("no code was sent there")


def notices(world: World, member: int) -> list[str]:
    """The kinds of what a member was told, in order."""
    told = "SELECT kind FROM notifications WHERE member_id = :id ORDER BY id"
    return [row.kind for row in world.query(told, id=member)]


def by_password(world: World, name: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    """Try to sign in by a number or address and a password, from an app."""
    who = {"email" if "@" in name else "phone": name}
    body = {**who, "password": password, "kind": "app", **more}
    return world.client().post("/api/v1/sign-in/password", json=body)


def ask_code(world: World, phone: str) -> str:
    """Ask for a code by SMS; the name of the sign-in."""
    body = {"phone": phone, "captcha": solved(world)}
    response = world.client().post("/api/v1/sign-in/code", json=body)
    assert response.status_code == 202, response.get_json()
    return str(response.get_json()["sign_in"])


def answer_code(world: World, sign_in: str, code: str, **more: Any) -> TestResponse:
    """Answer a code by SMS, from an app."""
    body = {"sign_in": sign_in, "code": code, "kind": "app", **more}
    return world.client().post("/api/v1/sign-in/code/answer", json=body)


def by_code(world: World, phone: str, **more: Any) -> TestResponse:
    """Ask for a code and answer it."""
    sign_in = ask_code(world, phone)
    return answer_code(world, sign_in, code_sent(world, phone), **more)


def step_up(world: World, sign_in: str, **proof: str) -> TestResponse:
    """Give the second proof."""
    body = {"sign_in": sign_in, "kind": "app", **proof}
    return world.client().post("/api/v1/sign-in/step-up", json=body)


def works(world: World, token: str) -> bool:
    """Whether a token opens the account."""
    headers = {"Authorization": f"Bearer {token}"}
    return world.client().get("/api/v1/sessions", headers=headers).status_code == 200


def other(code: str) -> str:
    """A code that is another one."""
    return f"{(int(code) + 1) % 10**6:06}"
