"""The hand of staff on the inbox, by command and by endpoint: every act is audited."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.world import BONUS, Shop, World, created, day, returned, rubles
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire
from webhooks.desk.cli import commands

API = "/admin/api/v1/inbox"


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop whose return R-1 came with two contents: the second is parked."""
    made = world.shop()
    click = world.click(world.member(), made)
    world.tell(made, created("A-1", click, 100, at=day(1)), webhook_id="first")
    world.tell(made, returned("A-1", "R-1", {"1": 1}, at=day(2)), webhook_id="returned")
    world.tell(made, returned("A-1", "R-1", {"1": 2}, at=day(2)), webhook_id="differs")
    return made


def run(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments), obj=lambda: world.tools)


def told(world: World, *arguments: str) -> Any:
    result = run(world, *arguments, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def event_of(world: World, webhook_id: str) -> Any:
    return world.query("SELECT * FROM inbox_events WHERE webhook_id = :id", id=webhook_id)[0]


def acts(world: World) -> list[tuple[str, str, str, str | None]]:
    rows = world.query("SELECT who, action, subject, reason FROM audit_entries ORDER BY id")
    return [tuple(row) for row in rows]


class Caller:
    """A staff member at the API."""

    def __init__(self, world: World, role: Role) -> None:
        self.client = world.client()
        with unit_of_work(world.tools.engine) as session:
            token = hire(session, world.tools.settings.keys, str(role), role)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        return self.client.get(f"{API}{path}", headers=self.headers)

    def post(self, path: str, **said: str) -> Any:
        return self.client.post(f"{API}{path}", headers=self.headers, json=said)


def test_search_by_everything_that_is_known_of_an_event(world: World, shop: Shop) -> None:
    world.tell(world.shop("other"), created("A-1", None, 5, at=day(1)), webhook_id="theirs")

    def found(*arguments: str) -> list[str]:
        return [one["webhook_id"] for one in told(world, "search", *arguments)]

    assert found() == ["first", "returned", "differs", "theirs"]
    assert found("--shop", shop.slug) == ["first", "returned", "differs"]
    assert found("--state", "parked") == ["differs"]
    assert found("--reason", "return_differs") == ["differs"]
    assert found("--webhook-id", "returned") == ["returned"]
    assert found("--shop", shop.slug, "--order", "A-1") == ["first", "returned"]
    assert found("--until", "2011-01-01T00:00:00Z") == []
    assert found("--since", "2011-01-01T00:00:00Z", "--limit", "1") == ["first"]
    assert found("--untrusted") == []
    assert type(run(world, "search", "--order", "A-1").exception).__name__ == "ShopNotNamed"
    seen = Caller(world, Role.VIEWER).get(f"?shop_id={shop.id}&order_id=A-1").get_json()
    assert [one["webhook_id"] for one in seen["items"]] == ["first", "returned"]
    assert Caller(world, Role.OPERATOR).get("?order_id=A-1").status_code == 422


def test_an_event_is_shown_raw_and_decoded_with_what_came_under_its_id(
    world: World, shop: Shop
) -> None:
    world.post(shop, b'{"type": "another body"}', webhook_id="first")
    event = event_of(world, "first")
    document = Caller(world, Role.VIEWER).get(f"/{event.id}").get_json()
    assert json.loads(document["raw"])["data"]["order_id"] == "A-1"
    (decoded,) = document["decoded"]
    assert (decoded["report"], decoded["order_id"]) == ("PurchaseStated", "A-1")
    assert decoded["lines"][0]["amount"] == 10_000
    assert told(world, "show", str(event.id))["decoded"][0]["order_id"] == "A-1"
    assert Caller(world, Role.OPERATOR).get("/999").status_code == 404


def test_another_body_under_its_id_is_shown_beside_it(world: World, shop: Shop) -> None:
    world.post(shop, created("A-1", None, 7, at=day(3)), webhook_id="first")
    (other,) = told(world, "show", str(event_of(world, "first").id))["conflicts"]
    assert json.loads(other["raw"])["data"]["lines"][0]["amount"] == "7.00"


def test_a_discarded_event_is_kept_and_can_still_be_retried(world: World, shop: Shop) -> None:
    event = event_of(world, "differs")
    assert told(world, "discard", str(event.id), "--reason", "the shop says R-1 was right") == {
        "discarded": 1
    }
    assert event_of(world, "differs").state == "discarded"
    assert told(world, "status")["discarded"] == 1
    assert run(world, "discard", str(event.id), "--reason", "again").exit_code == 1
    assert told(world, "retry", str(event.id)) == {"retried": 1}
    world.work()
    assert event_of(world, "differs").state == "parked"
    said = [act[1:] for act in acts(world)]
    assert said == [
        ("inbox.discard", f"event:{event.id}", "the shop says R-1 was right"),
        ("inbox.retry", f"event:{event.id}", None),
    ]
    assert all(act[0].startswith("console:") for act in acts(world))
    assert world.differences() == []


def test_by_the_api_it_is_the_same_and_signed_by_the_caller(world: World, shop: Shop) -> None:
    event = event_of(world, "differs")
    operator = Caller(world, Role.OPERATOR)
    assert operator.post(f"/{event.id}/discard", reason="no").get_json() == {"done": True}
    assert operator.post(f"/{event.id}/discard", reason="no").get_json() == {"done": False}
    assert operator.post(f"/{event.id}/retry", reason="yes").get_json() == {"done": True}
    assert acts(world) == [
        ("operator", "inbox.discard", f"event:{event.id}", "no"),
        ("operator", "inbox.retry", f"event:{event.id}", "yes"),
    ]


@pytest.mark.parametrize("verb", ["retry", "discard", "reattribute"])
def test_viewers_touch_nothing_and_a_reason_is_asked_for(
    world: World, shop: Shop, verb: str
) -> None:
    event = event_of(world, "differs")
    said = {"reason": "why"} | ({"click_id": "clk_x"} if verb == "reattribute" else {})
    assert Caller(world, Role.VIEWER).post(f"/{event.id}/{verb}", **said).status_code == 403
    operator = Caller(world, Role.OPERATOR)
    assert operator.post(f"/{event.id}/{verb}").status_code == 422
    assert operator.post(f"/999/{verb}", **said).status_code == 404
    assert event_of(world, "differs").state == "parked"
    assert acts(world) == []


def test_a_command_may_be_signed_by_a_token_of_the_right_role(world: World, shop: Shop) -> None:
    event = str(event_of(world, "differs").id)
    with unit_of_work(world.tools.engine) as session:
        key = world.tools.settings.keys
        viewer = hire(session, key, "vera", Role.VIEWER)
        operator = hire(session, key, "olga", Role.OPERATOR)
    asked = ("discard", event, "--reason", "no")
    assert type(run(world, *asked, "--token", viewer).exception).__name__ == "RoleTooLow"
    assert told(world, *asked, "--token", operator) == {"discarded": 1}
    assert [act[0] for act in acts(world)] == ["olga"]


def test_a_purchase_that_is_nobodys_is_credited_to_a_click(world: World) -> None:
    shop, member = world.shop(), world.member()
    world.tell(shop, created("A-1", None, 100, at=day(1)), webhook_id="lost")
    event = event_of(world, "lost")
    click = world.click(member, shop)
    given = ("reattribute", str(event.id), "--click", click, "--reason", "the shop lost it")
    told(world, *given, "--as-of", day(2).isoformat())
    assert world.balance(member).pending == rubles(10) + BONUS
    (act,) = acts(world)
    assert act[1:] == ("purchase.reattribute", act[2], "the shop lost it")
    world.tell(shop, created("A-1", None, 50, at=day(3), kind="updated", ordered_at=day(1)))
    assert world.balance(member).pending == rubles(5) + BONUS
    assert world.differences() == []


def test_an_event_that_is_in_no_book_is_not_credited(world: World) -> None:
    shop = world.shop()
    foreign = created("A-1", None, 100, at=day(1))
    foreign["data"]["currency"] = "USD"
    world.tell(shop, foreign, webhook_id="foreign")
    event = event_of(world, "foreign")
    click = world.click(world.member(), shop)
    result = run(world, "reattribute", str(event.id), "--click", click, "--reason", "why")
    assert type(result.exception).__name__ == "NothingToAttribute"
    assert acts(world) == []
