"""Every role at every staff route: nobody gets further than their role."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask.views import MethodView
from werkzeug.routing import Rule

from tests.world import World
from tracker.kit.database import unit_of_work
from tracker.staff.guard import area_of
from tracker.staff.rules import AREAS, Role
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
    "statement_id": "1",
    "part": "1",
    "proposal_id": "1",
    "name": "proof",
    "document": "journal",
    "adjustment_id": "1",
    "invoice_id": "1",
    "match_id": "1",
}
"""What stands for the parts of a path."""


WAYS_IN = {
    ("POST", "/admin/api/v1/session"),
    ("POST", "/admin/api/v1/enrolment"),
    ("POST", "/admin/api/v1/enrolment/confirm"),
}
"""Where no token is asked for: what is sent proves who it is."""

_UNKNOWN = {"int": "999999999", "default": "no-such-thing", "string": "no-such-thing"}


def every_route(world: World) -> Iterator[tuple[Rule, str]]:
    """Every method of every route under /admin."""
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith("/admin"):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def routes(world: World) -> Iterator[tuple[Rule, str]]:
    """Those that ask for a token."""
    return (
        (rule, method) for rule, method in every_route(world) if (method, rule.rule) not in WAYS_IN
    )


def handler(world: World, rule: Rule, method: str) -> Any:
    """The code of a route."""
    return getattr(class_of(world, rule), method.lower())


def needed(world: World, rule: Rule, method: str) -> Role:
    """The role that a route says it needs."""
    found = handler(world, rule, method).required_role
    assert isinstance(found, Role)
    return found


def class_of(world: World, rule: Rule) -> Any:
    view: Any = world.app.view_functions[rule.endpoint]
    return view.view_class


def path_of(rule: Rule) -> str:
    """Its path, with something that is not there where nothing is filled in."""

    def filled(found: re.Match[str]) -> str:
        return FILLED.get(found[2], _UNKNOWN[found[1] or "default"])

    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", filled, rule.rule)


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


def test_what_tokens_may_be_of_are_the_areas_that_there_are(world: World) -> None:
    assert list(AREAS) == sorted({str(area_of(rule.rule)) for rule, _ in routes(world)})


def test_no_route_passes_over_a_filter_that_it_does_not_know(
    world: World, tokens: Mapping[Role, str]
) -> None:
    headers = {"Authorization": f"Bearer {tokens[Role.ADMIN]}"}
    for rule, method in routes(world):
        if method == "GET":
            path = path_of(rule)
            refused = world.client().get(f"{path}?no_such_filter=1", headers=headers).get_json()
            assert refused["status"] == 422, rule
            assert "no_such_filter" in str(refused["errors"]), rule


def test_there_is_no_other_way_in(world: World) -> None:
    found = {
        (method, rule.rule)
        for rule, method in every_route(world)
        if handler(world, rule, method).required_role is None
    }
    assert found == WAYS_IN


def test_what_changes_something_needs_more_than_to_look(world: World) -> None:
    """But for what is one's own."""
    for rule, method in routes(world):
        if method != "GET" and not handler(world, rule, method).only_own:
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
                refused = {401, 405, 500}
                if not handler(world, rule, method).only_own:
                    refused.add(403)
                assert status not in refused, where
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
