"""docs/members/clicks.md is true: its routes, fields, codes, placeholders and limits."""

import re

import partners.links.queries
import partners.links.service
import tracker.access.rules
from partners.links.schemas import FollowedSchema
from partners.shops.links import PLACEHOLDERS, LinkNotUsable
from partners.shops.rules import ShopNotFound
from tests.docs.pages import blocks, code, page, table, tables
from tests.world import World
from tracker.clicks.rules import ALLOWANCES, MAX_SUB_ID, TooManyClicks

PAGE = page("members/clicks.md")


def test_its_requests_do_what_it_says(world: World) -> None:
    world.shop("brunarard")
    client = world.signed_in(world.member())
    (shown,) = [one.text for one in blocks(PAGE) if one.language == "sh"]
    body = re.findall(r"-d '(.*)'", shown)[0]
    made = client.post("/api/v1/clicks", data=body, content_type="application/json")
    assert made.status_code == 201
    assert made.get_json()["sub_id"] == "banner-7"
    assert client.get("/go/brunarard").status_code == 302
    assert len(client.get("/api/v1/clicks?limit=10").get_json()["items"]) == 2


def test_the_routes_and_fields_are_these(world: World) -> None:
    routes, fields = tables(PAGE)[:2]
    told = {word.partition(" ")[2] for row in routes.rows for word in code(row["route"])}
    rules = {rule.rule.replace("<slug>", "<shop>") for rule in world.app.url_map.iter_rules()}
    assert told <= rules
    named = {word for row in fields.rows for word in code(row["field"])}
    assert named == set(FollowedSchema().fields)


def test_the_codes_are_these() -> None:
    told = {
        word
        for row in table(PAGE, "What may be refused").rows
        for word in code(row["status, `code`"])
    }
    assert told == {
        tracker.access.rules.NotSignedIn.code,
        tracker.access.rules.FromAnotherSite.code,
        ShopNotFound.code,
        partners.links.service.NothingPromised.code,
        partners.links.service.ShopLeft.code,
        partners.links.queries.CursorNotUsable.code,
        LinkNotUsable.code,
        TooManyClicks.code,
        "invalid",
    }


def test_the_placeholders_and_limits_are_these() -> None:
    rows = table(PAGE, "Where a link may lead").rows
    assert [word.strip("{}") for row in rows for word in code(row["placeholder"])] == [
        *PLACEHOLDERS
    ]
    hour, day = ALLOWANCES
    assert f"more than {hour.clicks} clicks in an hour or {day.clicks} in a day" in PAGE
    assert f"1 to {MAX_SUB_ID} of" in PAGE
