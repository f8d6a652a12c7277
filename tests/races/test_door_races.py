"""Many at the door at once."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from tests.doors import both_doors
from tests.races.together import raised, together
from tests.webhooks.letters import body, headers, send, stored
from tests.world import Shop, World, created, day, rubles
from tracker.kit.runtime import Runtime

pytestmark = both_doors

BONUS = rubles(200)


def post(world: World, shop: Shop, raw: bytes, webhook_id: str) -> int:
    return world.post(shop, raw, webhook_id=webhook_id).status_code


def test_the_same_event_fifty_times_at_once_has_one_effect(tools: Runtime, door: str) -> None:
    """At two web processes, half of them at each."""
    here, there = World(tools, door), World(tools, door)
    shop, member = here.shop(), here.member()
    event = created("A-1", here.click(member, shop), 100, at=day(1))
    raw = body(**event["data"])
    doors = [here, there] * 25
    answers = together(*(partial(post, world, shop, raw, "msg") for world in doors))
    assert Counter(answers) == {202: 1, 200: 49}
    assert stored(here, shop) == ["msg"]
    here.work()
    assert here.balance(member).pending == rubles(10) + BONUS
    assert here.differences() == []


def test_two_bodies_under_one_id_at_once_one_is_stored(tools: Runtime, door: str) -> None:
    here, there = World(tools, door), World(tools, door)
    shop = here.shop()
    first, second = body(), body()
    for number in range(10):
        calls = [
            partial(post, world, shop, raw, f"msg_{number}")
            for world in (here, there)
            for raw in (first, second) * 3
        ]
        answers = together(*calls)
        assert Counter(answers) == {202: 1, 200: 5, 409: 6}
    assert len(stored(here, shop)) == 10
    assert here.query("SELECT count(*) FROM inbox_conflicts")[0].count == 10


def test_different_events_at_once_are_all_stored(tools: Runtime, door: str) -> None:
    here, there = World(tools, door), World(tools, door)
    shops = [here.shop(f"shop-{number}") for number in range(4)]
    calls = [
        partial(post, world, shop, body(), f"msg_{number}")
        for number in range(8)
        for world, shop in zip((here, there) * 2, shops, strict=True)
    ]
    assert Counter(together(*calls)) == {202: 32}
    for shop in shops:
        assert sorted(stored(here, shop)) == sorted(f"msg_{number}" for number in range(8))


def test_bad_and_good_letters_at_once_harm_none_of_the_good(tools: Runtime, door: str) -> None:
    world = World(tools, door)
    shop, left = world.shop("stays"), world.shop("goes")
    world.query(
        "UPDATE shops SET status = 'left', door_version = 9 WHERE slug = 'goes' RETURNING id"
    )
    forged = headers(b"not the key", body())
    calls: list[Callable[[], int]] = [
        *(partial(post, world, shop, body(), f"good_{number}") for number in range(12)),
        *(partial(post, world, left, body(), f"gone_{number}") for number in range(6)),
        *(partial(post, world, shop, b"{", f"bad_{number}") for number in range(6)),
        *(lambda: send(world, "stays", body(), forged).status_code for _ in range(6)),
    ]
    answers = together(*calls)
    assert raised(answers) == []
    assert Counter(answers) == {202: 12, 410: 6, 400: 6, 401: 6}
    assert sorted(stored(world, shop)) == sorted(f"good_{number}" for number in range(12))
