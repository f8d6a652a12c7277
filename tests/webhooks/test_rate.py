"""The rate agreed with a shop, in windows of a second for each web process."""

from dataclasses import replace
from datetime import UTC, datetime

from time_machine import travel

from tests.doors import both_doors
from tests.webhooks.letters import body, problem, stored
from tests.world import World

pytestmark = both_doors

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def hasty(world: World, rate: int) -> World:
    """The same deployment with another limit."""
    settings = replace(world.tools.settings, webhook_rate=rate)
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
