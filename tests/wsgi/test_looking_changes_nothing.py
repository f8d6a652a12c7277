"""HEAD and OPTIONS on members' routes leave everything as it is; so does GET, but for a click."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from werkzeug.routing import Rule
from werkzeug.test import Client, TestResponse

from tests.clients import Cabinet
from tests.signing_in import at
from tests.world import World, confirmed, created, day
from tests.wsgi.test_member_routes import routes

NEW = "+79001234567"
PDF = "JVBERi0xLjcgYSByZWNlaXB0"

BOOKKEEPING = {"budget_counts"}
"""Tables in which it is noted how often something was asked for, whoever asks and however."""


@dataclass(slots=True)
class Scene:
    """A deployment with a member, and what the parts of paths are for something to be there."""

    world: World
    member: int
    parts: Mapping[str, str]


@pytest.fixture
def scene(world: World) -> Scene:
    """A member with a past."""
    tea, member = world.shop("tea"), world.member()
    world.tell(tea, created("A-1", world.click(member, tea, day(1)), 1000, at=day(1)))
    world.tell_all(tea, {"later": confirmed("A-1", at=day(2))})
    there = at(world, day(9))
    app = there.signed_in(member)
    relative = app.post("/api/v1/relatives", json={"phone": NEW, "share_percent": "10.00"})
    goal = app.post("/api/v1/goals", json={"name": "a phone", "target": "100.00"})
    certificate = app.post("/api/v1/certificates", json={"amount": "100.00"})
    filing = {"shop": "tea", "order_id": "B-1", "ordered_at": day(2).isoformat()}
    claim = app.post("/api/v1/claims", json=filing | {"amount": "10.00", "evidence": [PDF]})
    (code,) = world.query("SELECT referral_code FROM members")
    (line,) = world.query("SELECT id FROM purchases")
    parts = {
        "slug": "tea",
        "code": code.referral_code,
        "line_id": f"p{line.id}-accrued",
        "relative_id": str(relative.get_json()["id"]),
        "goal_id": str(goal.get_json()["id"]),
        "claim_id": str(claim.get_json()["id"]),
        "certificate_id": str(certificate.get_json()["items"][0]["id"]),
    }
    return Scene(there, member, parts)


def everything(world: World) -> dict[str, str]:
    """Each table's rows, as a digest."""
    tables = world.query(
        "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' AND has_table_privilege(oid, 'SELECT') ORDER BY 1"
    )
    digest = "SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) AS all FROM {} t"
    return {
        row.name: world.query(digest.format(row.name))[0].all
        for row in tables
        if row.name not in BOOKKEEPING
    }


def path_of(scene: Scene, rule: Rule) -> str:
    return re.sub(
        r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda part: scene.parts.get(part[1], "1"), rule.rule
    )


def visit(client: Client, path: str, method: str) -> TestResponse:
    return client.open(path, method=method, follow_redirects=False)


@pytest.mark.parametrize("who", ["member", "stranger"])
def test_looking_leaves_everything_as_it_is(scene: Scene, who: str) -> None:
    world = scene.world
    token = world.signed_in(scene.member).token
    before = everything(world)
    for rule, method in routes(world):
        asked = ["HEAD", "OPTIONS"] + ["GET"] * (method == "GET" and rule.rule != "/go/<slug>")
        for verb in asked:
            client = Cabinet(world.app, token) if who == "member" else world.client()
            said = visit(client, path_of(scene, rule), verb)
            assert said.status_code < 500, f"{verb} {rule.rule}"
            assert everything(world) == before, f"{verb} {rule.rule}"
            if verb != "GET":
                assert "Set-Cookie" not in said.headers, f"{verb} {rule.rule}"
                assert said.data == b"", f"{verb} {rule.rule}"


def test_what_is_only_looked_at_is_found(scene: Scene) -> None:
    """Or the test above would look at nothing."""
    world = scene.world
    app = world.signed_in(scene.member)
    answers = {
        rule.rule: visit(app, path_of(scene, rule), "HEAD").status_code
        for rule, method in routes(world)
        if method == "GET"
    }
    assert set(answers.values()) <= {200, 204, 302}, answers
    assert answers["/go/<slug>"] == 204
    followed = world.client().get(f"/r/{scene.parts['code']}")
    assert "Set-Cookie" in followed.headers
    before = everything(world)
    assert app.get("/go/tea").status_code == 302
    assert everything(world)["clicks"] != before["clicks"]
