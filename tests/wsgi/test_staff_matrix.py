"""Every staff route × every way to come × whose things they are: generated from the routes.

A new route is in it without being listed. What belongs to somebody: test_staff_things.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from werkzeug.routing import Rule

from tests.tracker.team.people import Desk, said
from tests.world import World
from tests.wsgi.test_staff_routes import handler, needed, path_of, routes
from tracker.kit.clock import SystemClock
from tracker.kit.database import unit_of_work
from tracker.staff.guard import PREFIX, area_of
from tracker.staff.models import StaffSession
from tracker.staff.rules import Role
from tracker.staff.service import SESSION, give_token, hire
from tracker.team.service import person_named

Made: TypeAlias = Mapping[str, str]
"""What stands for the parts of a path."""

SEAL, WHY = {"sha256": "0" * 64}, {"reason": "why"}


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody comes."""

    role: Role
    scopes: tuple[str, ...] = ("read", "write")
    by_session: bool = False
    state: str = "good"

    def __str__(self) -> str:
        by = "session" if self.by_session else "token of " + " ".join(self.scopes)
        return f"{self.state} {self.role}, {by}"


WAYS = [
    *(Way(role) for role in Role),
    *(Way(role, by_session=True) for role in Role),
    *(Way(Role.ADMIN, scopes) for scopes in (("read",), ("write",), ("funding:write",))),
    *(
        Way(Role.ADMIN, by_session=by_session, state=state)
        for state in ("expired", "revoked", "gone")
        for by_session in (False, True)
    ),
    Way(Role.ADMIN, by_session=True, state="idle"),
]

ENDS = {
    "expired": "UPDATE {} SET expires_at = now() - interval '1 second'",
    "idle": "UPDATE {} SET seen_at = now() - interval '31 minutes'",
    "revoked": "UPDATE {} SET {} = now()",
    "gone": "UPDATE staff SET active = false WHERE login = 'one'",
}


def comes(world: World, way: Way) -> Callable[[], str]:
    """Somebody who comes that way; what they show, anew for each request where it is used up."""
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        hire(session, keys, "one", way.role)
        hire(session, keys, "another", Role.ADMIN)  # or "one" would be the last
        person = person_named(session, "one")
        _, token = give_token(
            session, keys, person.id, name="x", scopes=way.scopes, days=1, by="one"
        )

    def shown() -> str:
        return opened(world, person.id) if way.by_session else token

    if way.state == "good":
        return shown
    kept = shown()
    table, column = (
        ("staff_sessions", "ended_at") if way.by_session else ("staff_tokens", "revoked_at")
    )
    world.change_as_owner(ENDS[way.state].format(table, column))
    return lambda: kept


def opened(world: World, staff_id: int) -> str:
    """A session, without the ceremony."""
    now, token = SystemClock().now(), f"sts_{staff_id}-{next(_NUMBERS)}"
    with unit_of_work(world.tools.engine) as session:
        session.add(
            StaffSession(
                staff_id=staff_id,
                token_hash=world.tools.settings.keys.hash(SESSION, token),
                address_hash=b"",
                created_at=now,
                seen_at=now,
                expires_at=now.replace(year=now.year + 1),
            )
        )
    return token


_NUMBERS = iter(range(10**9))


def expected(world: World, way: Way, rule: Rule, method: str) -> tuple[int, str] | None:
    """The refusal; None: they are let through to the route itself."""
    if way.state != "good":
        return 401, "token_not_accepted"
    if not way.role.includes(needed(world, rule, method)):
        return 403, "role_too_low"
    scope = "read" if method == "GET" else "write"
    if not {scope, f"{area_of(rule.rule)}:{scope}"} & set(way.scopes):
        return 403, "scope_too_narrow"
    return None


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_route_lets_in_whom_it_says_and_nobody_else(world: World, way: Way) -> None:
    shown = comes(world, way)
    for rule, method in routes(world):
        where = f"{method} {rule.rule}"
        answer = asked(Desk(world, shown()), rule, method)
        refusal = expected(world, way, rule, method)
        if refusal is not None:
            assert said(answer) == refusal, where
        else:
            assert answer.status_code not in (401, 405, 500), where
            own = handler(world, rule, method).only_own
            assert answer.status_code != 403 or own, f"{where}: {answer.get_json()}"


def test_a_scope_of_an_area_opens_that_area_alone(world: World) -> None:
    keys = world.tools.settings.keys
    with unit_of_work(world.tools.engine) as session:
        hire(session, keys, "one", Role.ADMIN)
        staff_id = person_named(session, "one").id
    areas = {str(area_of(rule.rule)) for rule, _ in routes(world)}
    assert len(areas) > 10
    for area in sorted(areas):
        with unit_of_work(world.tools.engine) as session:
            _, token = give_token(
                session, keys, staff_id, name="x", scopes=[f"{area}:read"], days=1, by="one"
            )
        for rule, method in routes(world):
            if method == "GET":
                answer = asked(Desk(world, token), rule, method)
                opens = answer.status_code != 403
                assert opens == (area_of(rule.rule) == area), f"{rule.rule} by {area}:read"


def test_what_is_not_there_is_not_there_for_anybody(world: World) -> None:
    """Unknown ids and names: never a success, and never a fault of ours."""
    shown = comes(world, Way(Role.ADMIN))
    for rule, method in routes(world):
        if rule.arguments and rule.rule not in ANYTHING_GOES:
            answer = asked(Desk(world, shown()), rule, method)
            where = f"{method} {rule.rule}: {answer.status_code}"
            assert answer.status_code in (400, 404, 409, 410, 415, 422), where


ANYTHING_GOES: set[str] = set()
"""Routes whose last part names no thing."""


def asked(
    by: Desk,
    rule: Rule,
    method: str,
    made: Made | None = None,
    told: Mapping[str, str] | None = None,
) -> Any:
    """A request at a route; ``made``: of what is there."""
    body = dict(told or SEAL | WHY)
    path = path_of(rule)
    if made is not None:
        path = re.sub(r"<(?:[^:>]*:)?(\w+)>", lambda part: made[part[1]], rule.rule)
        body = dict(told or (SEAL if path.endswith("/approve") else WHY))
    return by.ask(method, path.removeprefix(PREFIX.rstrip("/")), None if method == "GET" else body)
