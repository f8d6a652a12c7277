"""Staff who come and go, at their desks."""

from dataclasses import dataclass
from typing import Any

import pyotp
from werkzeug.test import TestResponse

from tests.world import World
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import add_person, hire
from tracker.team.enrolling import enrol

BASE = "/admin/api/v1"
GOOD = "Zebra-42-idet-domoy"


@dataclass(slots=True)
class Desk:
    """Where somebody sits, with a token of theirs or without."""

    world: World
    token: str | None = None
    address: str = "127.0.0.1"

    def ask(self, method: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.world.client().open(
            BASE + path,
            method=method,
            headers=headers,
            json=body,
            environ_overrides={"REMOTE_ADDR": self.address},
        )

    def get(self, path: str) -> TestResponse:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.ask("POST", path, {} if body is None else body)

    def delete(self, path: str) -> TestResponse:
        return self.ask("DELETE", path)


def desk(world: World, login: str, role: Role) -> Desk:
    """Somebody new with an API token."""
    with unit_of_work(world.tools.engine) as session:
        return Desk(world, hire(session, world.tools.settings.keys, login, role))


def enrolment_of(world: World, login: str, role: Role | None = None) -> str:
    """The secret handed to somebody; with a role: somebody new."""
    with unit_of_work(world.tools.engine) as session:
        if role is not None:
            add_person(session, login, role)
        secret, _ = enrol(session, world.tools.settings.keys, "console", login, SystemClock().now())
    return secret


def enrolled(world: World, login: str, role: Role, password: str = GOOD) -> str:
    """Somebody who can sign in; what the telephone makes codes from."""
    stranger, secret = Desk(world), enrolment_of(world, login, role)
    shown = stranger.post("/enrolment", {"enrolment": secret}).get_json()["totp_secret"]
    body = {"enrolment": secret, "password": password, "totp": code(shown, -1)}
    answer = stranger.post("/enrolment/confirm", body)
    assert answer.status_code == 200, answer.get_json()
    return str(shown)


def code(secret: str, steps: int = 0) -> str:
    """What the telephone shows, so many half-minutes from now."""
    now = int(SystemClock().now().timestamp())
    return pyotp.TOTP(secret).at(now + 30 * steps)


def signs_in(
    world: World, login: str, totp: str, password: str = GOOD, address: str = "127.0.0.1"
) -> TestResponse:
    """A try."""
    body = {"login": login, "password": password, "totp": totp}
    return Desk(world, address=address).post("/session", body)


def said(answer: TestResponse) -> tuple[int, str]:
    """A refusal in short."""
    return answer.status_code, answer.get_json()["code"]
