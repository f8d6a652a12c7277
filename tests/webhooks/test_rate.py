"""The rate agreed with a shop, and what a web process takes in all: a second's worth at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from time_machine import travel

from partners.shops.service import change_the_door
from tests.doors import both_doors
from tests.webhooks.letters import body, headers, problem, send, stored
from tests.world import World
from tracker.kit.database import unit_of_work

pytestmark = both_doors

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def hasty(world: World, rate: int, total: int = 1_000) -> World:
    """The same deployment with other limits."""
    settings = replace(world.tools.settings, webhook_rate=rate, webhook_rate_total=total)
    return World(replace(world.tools, settings=settings), world.door)


def test_429_above_the_shops_rate_with_a_word_when_to_come_back(world: World) -> None:
    world = hasty(world, 3)
    shop, other = world.shop("hasty"), world.shop("calm")
    with travel(NOON, tick=False) as clock:
        assert [world.post(shop, body()).status_code for _ in range(3)] == [202] * 3
        refused = world.post(shop, body())
        problem(refused, 429, "rate_exceeded")
        assert world.post(other, body()).status_code == 202
        clock.shift(int(refused.headers["Retry-After"]))
        assert world.post(shop, body()).status_code == 202
    assert len(stored(world, shop)) == 4


def test_duplicates_and_bad_bodies_use_the_rate_as_well(world: World) -> None:
    world = hasty(world, 3)
    shop = world.shop("noisy")
    raw = body()
    with travel(NOON, tick=False):
        assert world.post(shop, raw, webhook_id="msg").status_code == 202
        assert world.post(shop, raw, webhook_id="msg").status_code == 200
        assert world.post(shop, b"{").status_code == 400
        assert world.post(shop, raw, webhook_id="msg").status_code == 429


def test_strangers_use_nothing_of_a_shops_rate(world: World) -> None:
    world = hasty(world, 5)
    shop = world.shop("known")
    for _ in range(20):
        forged = world.post(shop, body(), headers={"webhook-signature": "v1,AAAA"})
        assert forged.status_code == 401
    assert world.post(shop, body()).status_code == 202


def test_what_is_used_comes_back_evenly(world: World) -> None:
    """Not a second's worth whenever a second of the clock begins."""
    world = hasty(world, 4)
    shop = world.shop("steady")
    with travel(NOON + timedelta(seconds=0.99), tick=False) as clock:
        assert [world.post(shop, body()).status_code for _ in range(5)] == [202] * 4 + [429]
        clock.shift(timedelta(seconds=0.02))
        assert world.post(shop, body()).status_code == 429
        clock.shift(timedelta(seconds=0.23))
        assert [world.post(shop, body()).status_code for _ in range(2)] == [202, 429]


def test_an_event_counts_once_though_the_door_changed_meanwhile(world: World) -> None:
    world = hasty(world, 3)
    shop = world.shop("changing")
    with travel(NOON, tick=False):
        for expected in (202, 202, 202, 429):
            assert world.post(shop, body()).status_code == expected
            with unit_of_work(world.tools.engine) as session:
                change_the_door(session, shop.id)


def test_the_total_is_for_all_strangers_too(world: World) -> None:
    world = hasty(world, 1_000, total=3)
    shop = world.shop("known")
    raw = body()
    with travel(NOON, tick=False) as clock:
        assert send(world, "nowhere", raw, headers(b"any", raw)).status_code == 404
        assert send(world, shop.slug, raw, headers(b"any", raw)).status_code == 401
        assert world.post(shop, body()).status_code == 202
        refused = [world.post(shop, body()), send(world, "nowhere", raw, headers(b"any", raw))]
        for one in refused:
            problem(one, 429, "rate_exceeded")
        assert refused[0].data == refused[1].data
        assert [one.headers["Retry-After"] for one in refused] == ["1", "1"]
        clock.shift(int(refused[0].headers["Retry-After"]))
        assert world.post(shop, body()).status_code == 202
    assert len(stored(world, shop)) == 2


def test_above_the_rate_nothing_is_read(world: World) -> None:
    """What comes above it may be as broken as it likes: it is not looked at, nor asked about."""
    world = hasty(world, 1)
    shop = world.shop("broken")
    with travel(NOON, tick=False):
        assert world.post(shop, b"{").status_code == 400
        assert world.post(shop, b"{").status_code == 429
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert world.post(shop, b"{", headers=form).status_code == 429
