"""How each shop's reporting goes, as commands and the staff API tell it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from time_machine import travel

from partners.shops.rules import ShopStatus
from tests.world import Shop, World, created
from tracker.kit.database import unit_of_work
from tracker.staff.rules import Role
from tracker.staff.service import hire
from webhooks.observations.cli import health
from webhooks.observations.rules import Outcome
from webhooks.observations.watch import Watch

MOSCOW_NOON = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop("one")


def seen(world: World, shop: Shop, outcome: Outcome, at: datetime, times: int = 1) -> None:
    watch = Watch(world.tools.engine, pause=None)
    for _ in range(times):
        watch.note(shop.id, outcome, at)
    watch.write()


def told(world: World, *arguments: str, at: datetime = MOSCOW_NOON) -> Any:
    """What the command says at a moment."""
    with travel(at, tick=False):
        result = CliRunner().invoke(health, [*arguments, "--json"], obj=lambda: world.tools)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def of_shop(world: World, at: datetime = MOSCOW_NOON) -> Mapping[str, Any]:
    found: Mapping[str, Any] = told(world, "one", at=at)
    return found


def test_a_shop_that_never_sent_anything(world: World, shop: Shop) -> None:
    assert of_shop(world) == {
        "shop": "one",
        "status": "active",
        "last_event_at": None,
        "last_failure_at": None,
        "events_today": 0,
        "events": 0,
        "duplicates": 0,
        "refused": {},
        "median_delay": None,
        "p95_delay": None,
        "waiting": 0,
        "parked": 0,
        "secrets": 1,
        "secrets_ending": [],
        "alarms": [],
    }


def test_counts_are_of_seven_days_and_of_today_in_moscow(world: World, shop: Shop) -> None:
    midnight = MOSCOW_NOON - 12 * HOUR
    for at, times in (
        (MOSCOW_NOON - 8 * DAY, 1),
        (MOSCOW_NOON - 6 * DAY, 10),
        (midnight - timedelta(seconds=1), 100),
        (midnight, 1_000),
        (MOSCOW_NOON - timedelta(seconds=1), 10_000),
    ):
        seen(world, shop, Outcome.ACCEPTED, at, times)
    seen(world, shop, Outcome.DUPLICATE, MOSCOW_NOON - HOUR, 7)
    found = of_shop(world)
    assert (found["events"], found["events_today"], found["duplicates"]) == (11_110, 11_000, 7)
    assert found["last_event_at"] == (MOSCOW_NOON - timedelta(seconds=1)).isoformat()
    assert found["last_failure_at"] is None


def test_refusals_are_told_by_reason(world: World, shop: Shop) -> None:
    reasons = [one for one in Outcome if one not in (Outcome.ACCEPTED, Outcome.DUPLICATE)]
    for times, reason in enumerate(reasons, 1):
        seen(world, shop, reason, MOSCOW_NOON - times * DAY / 2, times)
    found = of_shop(world)
    assert found["refused"] == {str(reason): times for times, reason in enumerate(reasons, 1)}
    assert found["last_failure_at"] == (MOSCOW_NOON - DAY / 2).isoformat()
    assert found["last_event_at"] is None


def test_the_last_event_is_known_however_long_ago_it_was(world: World, shop: Shop) -> None:
    seen(world, shop, Outcome.ACCEPTED, MOSCOW_NOON - 100 * DAY)
    seen(world, shop, Outcome.SIGNATURE, MOSCOW_NOON - 99 * DAY)
    found = of_shop(world)
    assert found["last_event_at"] == (MOSCOW_NOON - 100 * DAY).isoformat()
    assert found["last_failure_at"] == (MOSCOW_NOON - 99 * DAY).isoformat()
    assert found["events"] == 0


def test_delays_are_from_receipt_to_being_booked(world: World, shop: Shop) -> None:
    other = world.shop("other")
    for number in range(20):
        assert world.post(shop, created(f"A-{number}", None, 1)).status_code == 202
    world.post(other, created("B-1", None, 1))
    world.change("""
        UPDATE inbox_events SET state = 'done', handled_at = received_at + id * interval '1 second'
    """)
    world.post(shop, created("waits", None, 1))
    (first,) = world.query("SELECT min(id) FROM inbox_events")[0]
    found = of_shop(world, datetime.now(UTC))
    assert found["median_delay"] == first + 9.5
    assert found["p95_delay"] == pytest.approx(first + 18.05)
    assert found["waiting"] == 1
    assert told(world, "other")["median_delay"] == first + 20


def test_what_waits_and_what_is_parked_is_counted(world: World, shop: Shop) -> None:
    other = world.shop("other")
    for to, count in ((shop, 3), (other, 2)):
        for number in range(count):
            world.post(to, created(f"A-{number}", None, 1))
    world.change("""
        UPDATE inbox_events SET state = 'parked', parked_reason = 'unreadable'
        WHERE id = (SELECT min(id) FROM inbox_events)
    """)
    found = {one["shop"]: (one["waiting"], one["parked"]) for one in told(world)}
    assert found == {"one": (2, 1), "other": (2, 0)}


def test_signatures_that_fail_are_an_alarm(world: World, shop: Shop) -> None:
    seen(world, shop, Outcome.SIGNATURE, MOSCOW_NOON - HOUR, 10)
    assert of_shop(world)["alarms"] == ["signatures_failing"]
    assert of_shop(world, MOSCOW_NOON + HOUR)["alarms"] == []


def test_silence_is_an_alarm(world: World, shop: Shop) -> None:
    """An event an hour for a week, but from midnight to six."""
    for hour in range(7 * 24):
        at = MOSCOW_NOON + hour * HOUR
        if 3 <= at.hour < 21:
            seen(world, shop, Outcome.ACCEPTED, at)
    last = MOSCOW_NOON + 7 * DAY - HOUR
    for after, alarms in ((10, []), (14, ["silent"]), (24 * 60, ["silent"])):
        assert of_shop(world, last + after * HOUR)["alarms"] == alarms
    world.change("UPDATE shops SET status = :left", left=str(ShopStatus.LEFT))
    assert of_shop(world, last + 24 * HOUR)["alarms"] == []


def test_a_secret_that_ends_while_it_is_in_use_is_an_alarm(world: World, shop: Shop) -> None:
    (secret,) = world.query("SELECT id FROM webhook_secrets")
    world.change("UPDATE webhook_secrets SET last_used_at = :at", at=MOSCOW_NOON)
    world.change("UPDATE webhook_secrets SET valid_until = :at", at=MOSCOW_NOON + 20 * HOUR)
    found = of_shop(world)
    assert (found["alarms"], found["secrets_ending"]) == (["secret_ending"], [secret.id])
    assert of_shop(world, MOSCOW_NOON - 5 * HOUR)["alarms"] == []
    ended = of_shop(world, MOSCOW_NOON + 20 * HOUR)
    assert (ended["alarms"], ended["secrets"]) == ([], 0)


def test_all_shops_or_those_alone_that_are_not_well(world: World, shop: Shop) -> None:
    for slug in ("two", "three"):
        world.shop(slug)
    seen(world, world.shop("four"), Outcome.SIGNATURE, MOSCOW_NOON, 10)
    assert [one["shop"] for one in told(world)] == ["four", "one", "three", "two"]
    assert [one["shop"] for one in told(world, "--alarms")] == ["four"]
    assert told(world)[1] == of_shop(world)


def test_for_people_it_is_a_table(world: World, shop: Shop) -> None:
    seen(world, shop, Outcome.SIGNATURE, datetime.now(UTC), 12)
    said = CliRunner().invoke(health, obj=lambda: world.tools).output
    assert "signature 12" in said
    assert "signatures_failing" in said
    alone = CliRunner().invoke(health, ["one"], obj=lambda: world.tools).output
    assert "events today" in alone


def test_a_shop_that_is_not_there(world: World) -> None:
    result = CliRunner().invoke(health, ["nowhere"], obj=lambda: world.tools)
    assert result.exit_code == 1
    assert CliRunner().invoke(health, ["one", "--alarms"], obj=lambda: world.tools).exit_code == 2
    assert told(world) == []


@pytest.fixture
def viewer(world: World) -> dict[str, str]:
    with unit_of_work(world.tools.engine) as session:
        token = hire(session, world.tools.settings.keys, "vera", Role.VIEWER)
    return {"Authorization": f"Bearer {token}"}


def asked(world: World, viewer: dict[str, str], path: str) -> Any:
    answer = world.client().get(f"/admin/api/v1/shops{path}", headers=viewer)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def test_the_staff_api_tells_the_same(world: World, shop: Shop, viewer: dict[str, str]) -> None:
    seen(world, shop, Outcome.SIGNATURE, datetime.now(UTC), 12)
    seen(world, shop, Outcome.ACCEPTED, datetime.now(UTC))
    found = asked(world, viewer, "/one/health")
    expected = dict(told(world, "one", at=datetime.now(UTC)))
    for name in ("last_event_at", "last_failure_at"):
        moments = [datetime.fromisoformat(one.pop(name)) for one in (found, expected)]
        assert moments[0] == moments[1]
    assert found == expected
    assert world.client().get("/admin/api/v1/shops/no/health", headers=viewer).status_code == 404


def test_the_staff_api_pages_and_filters(world: World, viewer: dict[str, str]) -> None:
    slugs = [f"shop-{number}" for number in range(5)]
    for slug in slugs:
        shop = world.shop(slug)
        if slug in slugs[1::2]:
            seen(world, shop, Outcome.SIGNATURE, datetime.now(UTC), 10)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = asked(world, viewer, f"/health?limit=2&cursor={cursor}")
        found += [one["shop"] for one in page["items"]]
        cursor = page["next"]
    assert found == slugs
    page = asked(world, viewer, "/health?alarms=true&limit=1")
    assert [one["shop"] for one in page["items"]] == slugs[1:2]
    page = asked(world, viewer, f"/health?alarms=true&limit=1&cursor={page['next']}")
    assert ([one["shop"] for one in page["items"]], page["next"]) == (slugs[3:4], None)
