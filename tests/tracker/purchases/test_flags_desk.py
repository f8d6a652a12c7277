"""Flags as staff see and review them: by the API, on the console, in the metrics."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result
from werkzeug.test import Client, TestResponse

from partners.shops.service import ids_by_slug
from tests.stories.reports import book_all, purchase_id, stated
from tests.world import Shop, World, day
from tracker.kit.database import unit_of_work
from tracker.purchases.cli import build
from tracker.staff.rules import Role
from tracker.staff.service import hire
from wsgi import programme_of

FLAGS = "/admin/api/v1/purchases/flags"
_, PURCHASES = build(programme_of, ids_by_slug)


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop with odd orders A-1 (two flags) and A-2, and another shop's B-1."""
    made, other = world.shop("tea"), world.shop("books")
    member = world.member()
    first, second = world.click(member, made, day(0)), world.click(member, other, day(0))
    book_all(world, stated(made, "A-1", first, {"1": 2_000_000}, ordered_at=day(0)))
    book_all(world, stated(made, "A-2", first, {"1": 10}, ordered_at=day(0)))
    book_all(world, stated(other, "B-1", second, {"1": 10}, ordered_at=day(0)))
    return made


def staff(world: World, role: Role) -> dict[str, str]:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, str(role), role)
    return {"Authorization": f"Bearer {token}"}


def seen(world: World, headers: Mapping[str, str], query: str = "") -> list[tuple[str, str]]:
    answer = Client(world.app).get(f"{FLAGS}?{query}", headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return [(one["order_id"], one["flag"]) for one in answer.get_json()["items"]]


def reviewed(
    world: World, headers: Mapping[str, str], order: str, flag: str, **body: Any
) -> TestResponse:
    path = f"{FLAGS}/{purchase_id(world, order)}/{flag}/review"
    return Client(world.app).post(path, json=body, headers=headers)


def test_staff_see_flags_with_what_they_are_of(world: World, shop: Shop) -> None:
    viewer = staff(world, Role.VIEWER)
    soon = [("A-1", "too_soon"), ("A-2", "too_soon"), ("B-1", "too_soon")]
    assert sorted(seen(world, viewer)) == [("A-1", "large_total"), *soon]
    assert seen(world, viewer, "flag=too_soon") == soon
    assert seen(world, viewer, f"flag=too_soon&shop_id={shop.id}") == soon[:2]
    assert seen(world, viewer, "reviewed=true") == []
    first = (
        Client(world.app).get(f"{FLAGS}?flag=large_total", headers=viewer).get_json()["items"][0]
    )
    assert first["total"] == "2000000.00"
    assert first["status"] == "pending"
    assert first["click_id"].startswith("clk_")
    assert first["reviewed_at"] is first["note"] is None


def test_flags_are_paged(world: World, shop: Shop) -> None:
    viewer, cursor, found = staff(world, Role.VIEWER), "0", []
    while cursor:
        page = Client(world.app).get(f"{FLAGS}?limit=3&cursor={cursor}", headers=viewer).get_json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert found == sorted(set(found))
    assert len(found) == 4
    for query in ("flag=odd", "limit=0", "cursor=x", "cursor=99999999999999999999", "shop_id=a"):
        answer = Client(world.app).get(f"{FLAGS}?{query}", headers=viewer)
        assert answer.status_code == 422, query


def test_a_review_is_kept_and_audited_and_moves_no_money(world: World, shop: Shop) -> None:
    operator = staff(world, Role.OPERATOR)
    before = world.query("SELECT * FROM purchases ORDER BY id")
    answer = reviewed(world, operator, "A-2", "too_soon", note=" slow clock ")
    assert answer.status_code == 200
    assert (answer.get_json()["reviewed_by"], answer.get_json()["note"]) == (
        "operator",
        "slow clock",
    )
    assert answer.get_json()["reviewed_at"]
    assert seen(world, operator, "reviewed=true") == [("A-2", "too_soon")]
    assert ("A-2", "too_soon") not in seen(world, operator, "reviewed=false")
    (entry,) = world.query("SELECT * FROM audit_entries")
    assert (entry.who, entry.action) == ("operator", "purchase.flag.review")
    assert (entry.subject, entry.reason, entry.after) == (
        f"purchase:{purchase_id(world, 'A-2')}",
        "slow clock",
        {"flag": "too_soon"},
    )
    assert world.query("SELECT * FROM purchases ORDER BY id") == before
    assert world.differences() == []


def test_a_review_stands(world: World, shop: Shop) -> None:
    operator = staff(world, Role.OPERATOR)
    assert reviewed(world, operator, "A-2", "too_soon", note="first").status_code == 200
    again = reviewed(world, operator, "A-2", "too_soon", note="second")
    assert (again.status_code, again.get_json()["code"]) == (409, "flag_reviewed")
    assert [row.note for row in world.query("SELECT note FROM purchase_flags")].count("first") == 1
    assert len(world.query("SELECT FROM audit_entries")) == 1


@pytest.mark.parametrize(
    ("flag", "body", "expected"),
    [
        ("large_total", {"note": "x"}, 404),
        ("no-such-flag", {"note": "x"}, 404),
        ("too_soon", {}, 422),
        ("too_soon", {"note": ""}, 422),
        ("too_soon", {"note": " "}, 422),
        ("too_soon", {"note": "a\tb"}, 422),
        ("too_soon", {"note": "x" * 501}, 422),
        ("too_soon", {"note": "x", "reviewed_by": "anna"}, 422),
    ],
)
def test_what_is_no_review_changes_nothing(
    world: World, shop: Shop, flag: str, body: dict[str, str], expected: int
) -> None:
    answer = reviewed(world, staff(world, Role.OPERATOR), "A-2", flag, **body)
    assert answer.status_code == expected
    assert world.query("SELECT FROM purchase_flags WHERE reviewed_at IS NOT NULL") == []
    assert world.query("SELECT FROM audit_entries") == []


def test_who_may_only_look_reviews_nothing(world: World, shop: Shop) -> None:
    answer = reviewed(world, staff(world, Role.VIEWER), "A-2", "too_soon", note="x")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "role_too_low")


def run(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(PURCHASES, list(arguments), obj=lambda: world.tools)


def test_the_console_lists_and_reviews(world: World, shop: Shop) -> None:
    listed = json.loads(run(world, "flags", "--json").stdout)
    assert len(listed) == 4
    assert {one["flag"] for one in listed} == {"too_soon", "large_total"}
    found = str(purchase_id(world, "B-1"))
    assert run(world, "review", found, "too_soon", "--reason", "tried").exit_code == 0
    assert len(json.loads(run(world, "flags", "--json").stdout)) == 3
    assert len(json.loads(run(world, "flags", "--all", "--json").stdout)) == 4
    (one,) = json.loads(run(world, "flags", "--flag", "large_total", "--json").stdout)
    assert (one["order_id"], one["total"]) == ("A-1", "2000000.00")
    by_shop = json.loads(run(world, "flags", "--shop-id", str(shop.id), "--json").stdout)
    assert {one["order_id"] for one in by_shop} == {"A-1", "A-2"}
    (entry,) = world.query("SELECT * FROM audit_entries")
    assert entry.who.startswith("console:")
    assert run(world, "review", found, "odd", "--reason", "x").exit_code == 2


def test_the_metrics_tell_how_many_wait(world: World, shop: Shop) -> None:
    def waiting() -> str:
        scraped = world.client().get("/metrics").text
        return str(re.findall(r"^tracker_purchases_flagged (\S+)$", scraped, re.M)[0])

    assert waiting() == "4.0"
    reviewed(world, staff(world, Role.OPERATOR), "A-2", "too_soon", note="seen")
    assert waiting() == "3.0"
