"""Every route that is no staff's: guarded by a member's session, or public and named here."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

from tests.world import World

PREFIXES = ("/api/v1", "/go", "/r/")

PUBLIC = {
    "GET /api/v1/catalogue",
    "GET /api/v1/catalogue/<slug>",
    "GET /api/v1/catalogue/sections",
    "GET /api/v1/captcha",
    "GET /r/<code>",
    "POST /api/v1/joining",
    "POST /api/v1/joining/email",
    "POST /api/v1/joining/email-code",
    "POST /api/v1/joining/password",
    "POST /api/v1/joining/phone-code",
    "POST /api/v1/joining/resend",
    "POST /api/v1/joining/state",
    "POST /api/v1/referral/touch",
    "POST /api/v1/sign-in/password",
    "POST /api/v1/sign-in/code",
    "POST /api/v1/sign-in/code/answer",
    "POST /api/v1/sign-in/step-up",
    "POST /api/v1/sign-in/step-up/code",
    "POST /api/v1/sign-out",
}
"""What somebody may call who is not signed in, each for a reason that its room tells."""


def routes(world: World) -> Iterator[tuple[Rule, str]]:
    """Every method of every route for members."""
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith(PREFIXES):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def is_guarded(world: World, rule: Rule, method: str) -> bool:
    view: Any = world.app.view_functions[rule.endpoint]
    handler = getattr(view.view_class, method.lower()) if hasattr(view, "view_class") else view
    return bool(getattr(handler, "for_members", False))


def path_of(rule: Rule) -> str:
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", "1", rule.rule)


def test_there_are_routes_to_look_at(world: World) -> None:
    assert len(list(routes(world))) >= len(PUBLIC) + 3


def test_a_route_is_for_members_or_on_the_list(world: World) -> None:
    open_to_all = {
        f"{method} {rule.rule}"
        for rule, method in routes(world)
        if not is_guarded(world, rule, method)
    }
    assert open_to_all == PUBLIC


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer ses_wrong", "Basic YTpi", "ses_wrong", "Bearer é"],
)
def test_nobody_gets_in_without_a_session(world: World, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    for rule, method in routes(world):
        if is_guarded(world, rule, method):
            response = world.client().open(path_of(rule), method=method, headers=headers, json={})
            found = response.status_code, response.get_json()["code"]
            assert found == (401, "not_signed_in"), f"{method} {rule.rule}"


def test_no_route_for_members_is_cached_by_others(world: World) -> None:
    for rule, method in routes(world):
        if is_guarded(world, rule, method):
            response = world.client().open(path_of(rule), method=method, json={})
            assert response.headers["Cache-Control"] == "no-store", rule.rule
