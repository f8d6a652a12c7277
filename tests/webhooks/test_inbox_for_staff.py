"""The inbox as staff see it: commands, the API, and its part of the ledger proof."""

import json
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis
from sqlalchemy import text

from tests.webhooks.letters import body
from tests.world import Shop, World, created, day, returned, rubles
from tracker.kit.database import snapshot, unit_of_work
from tracker.kit.errors import NotFound
from tracker.kit.tasks import connect_redis
from tracker.staff.rules import Role
from tracker.staff.service import hire
from webhooks.desk.cli import commands
from webhooks.proof import prove


@pytest.fixture
def shop(world: World) -> Shop:
    """A shop with one event done, two parked and one that waits."""
    made = world.shop()
    click = world.click(world.member(), made)
    foreign = created("A-2", click, 100, at=day(1))
    foreign["data"]["currency"] = "USD"
    for event in (
        created("A-1", click, 100, at=day(1)),
        foreign,
        returned("A-1", "R-1", {"1": 1}, at=day(2)),
        returned("A-1", "R-1", {"1": 2}, at=day(2)),
    ):
        world.post(made, event)
    world.work()
    world.post(made, body())
    return made


def inbox(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments), obj=lambda: world.tools)


def told(world: World, *arguments: str) -> Any:
    result = inbox(world, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def ids(world: World, state: str) -> list[int]:
    sql = "SELECT id FROM inbox_events WHERE state = :state ORDER BY id"
    return [row.id for row in world.query(sql, state=state)]


def queued(world: World) -> int:
    redis: Redis = connect_redis(world.tools.settings.redis_url)
    return int(redis.llen("rq:queue:tracker"))


def test_status_tells_what_waits_and_what_is_parked_and_why(world: World, shop: Shop) -> None:
    found = told(world, "status")
    assert (found["waiting"], found["done"], found["parked"]) == (1, 2, 2)
    assert found["parked_by_reason"] == {"currency_not_taken": 1, "return_differs": 1}
    assert found["oldest_waiting_seconds"] > 0
    assert found["conflicts"] == 0
    assert "waiting" in inbox(world, "status").output


def test_status_lists_what_is_parked(world: World, shop: Shop) -> None:
    rows = told(world, "status", "--parked")
    assert [row["reason"] for row in rows] == ["currency_not_taken", "return_differs"]
    assert [row["id"] for row in rows] == ids(world, "parked")
    assert "USD" in rows[0]["detail"]
    assert inbox(world, "status", "--parked").exit_code == 0


def test_show_tells_all_of_one_event(world: World, shop: Shop) -> None:
    event = ids(world, "parked")[0]
    found = told(world, "show", str(event))
    assert (found["state"], found["parked_reason"]) == ("parked", "currency_not_taken")
    assert found["body"]["data"]["currency"] == "USD"


def test_show_takes_a_body_that_is_no_json(world: World) -> None:
    made = world.shop()
    world.store(made, {"x": b"\xff"})
    assert told(world, "show", "1")["webhook_id"] == "x"


def test_show_of_nothing_is_told(world: World) -> None:
    assert isinstance(inbox(world, "show", "12345").exception, NotFound)


def test_retry_by_id_and_by_reason(world: World, shop: Shop) -> None:
    first, second = ids(world, "parked")
    assert told(world, "retry", str(first)) == {"retried": 1}
    assert first in ids(world, "waiting")
    assert told(world, "retry", "--reason", "return_differs") == {"retried": 1}
    assert second in ids(world, "waiting")
    nothing = inbox(world, "retry", str(first), str(second), "999", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)) == (1, {"retried": 0})
    assert nothing.stderr.splitlines() == [
        f"event {event} is not parked" for event in (first, second, 999)
    ]
    world.work()
    assert ids(world, "parked") == [first, second]


def test_retry_and_nudge_wake_the_workers(world: World, shop: Shop) -> None:
    redis = connect_redis(world.tools.settings.redis_url)
    for command in (("retry", str(ids(world, "parked")[0])), ("nudge",)):
        redis.flushall()
        told(world, *command)
        assert queued(world) == 1


def ask(world: World, query: str) -> Mapping[str, Any]:
    with unit_of_work(world.tools.engine) as session:
        login = f"viewer-{token_hex(4)}"
        token = hire(session, world.tools.settings.keys, login, Role.VIEWER)
    headers = {"Authorization": f"Bearer {token}"}
    response = world.client().get(f"/admin/api/v1/inbox{query}", headers=headers)
    document: Mapping[str, Any] = response.get_json()
    return {**document, "http": response.status_code}


def test_the_api_lists_events_by_state_and_reason(world: World, shop: Shop) -> None:
    assert [one["id"] for one in ask(world, "")["items"]] == [1, 2, 3, 4, 5]
    parked = ask(world, "?state=parked")["items"]
    assert [one["id"] for one in parked] == ids(world, "parked")
    (differs,) = ask(world, "?reason=return_differs")["items"]
    assert differs["parked_reason"] == "return_differs"
    assert differs["received_at"].endswith("+00:00")
    assert "body" not in differs


def test_the_api_turns_pages(world: World, shop: Shop) -> None:
    seen: list[int] = []
    cursor = "0"
    while cursor:
        page = ask(world, f"?limit=2&cursor={cursor}")
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?state=lost", "state"),
        ("?reason=bad", "reason"),
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?cursor=x", "cursor"),
    ],
)
def test_the_api_names_what_is_wrong_with_a_question(world: World, query: str, field: str) -> None:
    found = ask(world, query)
    assert found["http"] == 422
    assert [one["field"] for one in found["errors"]] == [field]


@pytest.mark.parametrize(("cursor", "status"), [(-1, 200), (2**63 - 1, 200), (2**63, 422)])
def test_a_cursor_may_be_any_number_that_an_id_may_be(
    world: World, cursor: int, status: int
) -> None:
    assert ask(world, f"?cursor={cursor}")["http"] == status


def test_the_proof_misses_what_an_event_reported(world: World) -> None:
    """An event marked as handled whose purchase, return or confirmation is not in the books."""
    made, member = world.shop(), world.member()
    click = world.click(member, made)
    world.tell(made, created("A-1", click, 100, at=day(1)))
    world.post(made, created("A-2", click, 100, at=day(1)))
    world.post(made, returned("A-1", "R-9", {"1": 1}, at=day(2)))
    assert world.differences() == []
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("UPDATE inbox_events SET state = 'done' WHERE state = 'waiting'"))
    with snapshot(world.tools.engine) as session:
        found = list(prove(session))
    assert len(found) == 2
    assert world.balance(member).pending == rubles(10) + rubles(200)


def test_the_proof_misses_the_sense_of_an_event_that_cannot_be_read(world: World) -> None:
    made = world.shop()
    world.store(made, {"x": b"{"})
    world.change("UPDATE inbox_events SET state = 'done'")
    with snapshot(world.tools.engine) as session:
        (found,) = prove(session)
    assert found.what == "event 1"
