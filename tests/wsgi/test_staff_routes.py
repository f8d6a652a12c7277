"""Every role at every staff route: nobody gets further than their role."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask.views import MethodView
from werkzeug.routing import Rule

from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire

FILLED = {
    "period": "2011-01",
    "slug": "no-such-shop",
    "event_id": "1",
    "purchase_id": "1",
    "flag": "-",
    "member_id": "1",
    "line_id": "p1",
    "friend_id": "1",
    "claim_id": "1",
    "file_id": "1",
    "finding_id": "1",
    "payout_id": "1",
    "certificate_id": "1",
    "void_id": "1",
    "export_id": "1",
    "report_name": "aging",
    "proposal_id": "1",
    "name": "proof",
    "document": "journal",
    "adjustment_id": "1",
}
"""What stands for the parts of a path."""


def routes(world: World) -> Iterator[tuple[Rule, str]]:
    """Every method of every route under /admin."""
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith("/admin"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def needed(world: World, rule: Rule, method: str) -> Role:
    """The role that a route says it needs."""
    found = getattr(class_of(world, rule), method.lower()).required_role
    assert isinstance(found, Role)
    return found


def class_of(world: World, rule: Rule) -> Any:
    view: Any = world.app.view_functions[rule.endpoint]
    return view.view_class


def path_of(rule: Rule) -> str:
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda found: FILLED[found[1]], rule.rule)


@pytest.fixture
def tokens(world: World) -> Mapping[Role, str]:
    """A staff member of each role."""
    with unit_of_work(world.tools.engine) as session:
        key = world.tools.settings.keys
        return {role: hire(session, key, str(role), role) for role in Role}


def ask(world: World, rule: Rule, method: str, authorization: str | None) -> tuple[int, str]:
    headers = {"Authorization": authorization} if authorization is not None else {}
    body = None if method == "GET" else {"sha256": "0" * 64}
    response = world.client().open(path_of(rule), method=method, headers=headers, json=body)
    document = response.get_json()
    return response.status_code, document.get("code", "") if isinstance(document, dict) else ""


def test_there_are_routes_to_look_at(world: World) -> None:
    assert len(list(routes(world))) >= 6
    assert all(issubclass(class_of(world, rule), MethodView) for rule, _ in routes(world))


def test_every_route_names_the_role_it_needs(world: World) -> None:
    for rule, method in routes(world):
        assert needed(world, rule, method) in Role


def test_what_changes_something_needs_more_than_to_look(world: World) -> None:
    for rule, method in routes(world):
        if method != "GET":
            assert needed(world, rule, method) is not Role.VIEWER, rule.rule


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer stf_wrong", "Basic YTpi", "stf_wrong", "Bearer é"],
)
def test_nobody_gets_in_without_a_token(world: World, authorization: str | None) -> None:
    for rule, method in routes(world):
        found = ask(world, rule, method, authorization)
        assert found == (401, "token_not_accepted"), f"{method} {rule.rule}"


def test_no_role_gets_further_than_it_may(world: World, tokens: Mapping[Role, str]) -> None:
    for rule, method in routes(world):
        for role, token in tokens.items():
            status, code = ask(world, rule, method, f"Bearer {token}")
            where = f"{method} {rule.rule} as {role}"
            if role.includes(needed(world, rule, method)):
                assert status not in (401, 403, 405, 500), where
            else:
                assert (status, code) == (403, "role_too_low"), where


def test_a_token_of_somebody_who_has_gone_is_nothing(
    world: World, tokens: Mapping[Role, str]
) -> None:
    world.query("UPDATE staff SET active = false RETURNING id")
    for rule, method in routes(world):
        found = ask(world, rule, method, f"Bearer {tokens[Role.ADMIN]}")
        assert found == (401, "token_not_accepted")


def test_a_stranger_learns_nothing_of_what_the_inbox_takes(world: World) -> None:
    response = world.client().get("/admin/api/v1/inbox?limit=nonsense")
    assert response.status_code == 401
