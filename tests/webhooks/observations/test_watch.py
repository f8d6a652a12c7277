"""Counting at the door, over a real database: all processes together, in outages, and the alarm."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
from structlog.testing import capture_logs

from partners.shops.rules import ShopStatus
from sandbox.servers.processes import wait_until
from tests.doors import both_doors
from tests.webhooks.letters import body, headers, now, send
from tests.webhooks.observations.counted import HOUR, MINUTE, NOON, counts, quiet, see
from tests.world import Shop, World
from tracker.kit.database import make_engine
from webhooks.inbox.retention import prune
from webhooks.observations.rules import Outcome
from webhooks.observations.watch import Watch
from webhooks.wire.dialect import MAX_BODY


@both_doors
def test_what_comes_to_the_door_is_counted_for_its_shop(world: World) -> None:
    shop, left = world.shop("shop"), world.shop("left", status=ShopStatus.LEFT)
    raw = body()
    for status, given in (
        (202, world.post(shop, raw, webhook_id="msg")),
        (200, world.post(shop, raw, webhook_id="msg")),
        (409, world.post(shop, body(), webhook_id="msg")),
        (400, world.post(shop, b"{")),
        (422, world.post(shop, body(currency=None))),
        (413, world.post(shop, b" " * (MAX_BODY + 1))),
        (401, world.post(shop, raw, headers={"webhook-signature": "v1,AAAA"})),
        (401, world.post(shop, raw, timestamp=now() - 301)),
        (401, send(world, shop.slug, raw, {"content-type": "application/json"})),
        (410, world.post(left, raw)),
        (404, send(world, "nowhere", raw, headers(b"any", raw))),
        (404, send(world, "neither", raw, headers(b"any", raw))),
    ):
        assert given.status_code == status
    expected = {
        "accepted": 1,
        "duplicate": 1,
        "conflict": 1,
        "invalid": 2,
        "too_large": 1,
        "signature": 2,
        "timestamp": 1,
    }
    assert wait_until(lambda: counts(world, shop.id) == expected, 15), counts(world, shop.id)
    assert counts(world, left.id) == {"left": 1}
    assert counts(world, 0) == {"signature": 2}
    assert len(world.query("SELECT DISTINCT shop_id FROM door_counts")) == 3


@both_doors
def test_it_is_known_which_secret_let_an_event_in(world: World) -> None:
    shop = world.shop()
    world.post(shop, b"{", headers={"webhook-signature": "v1,AAAA"})
    assert world.post(shop, body()).status_code == 202
    used = "SELECT last_used_at > now() - interval '1 minute' AS lately FROM webhook_secrets"
    assert wait_until(lambda: world.query(used) == [(True,)], 15)


def test_a_use_is_noted_to_a_minute_and_never_put_back(world: World, shop: Shop) -> None:
    (secret,) = world.query("SELECT id FROM webhook_secrets")
    used = "SELECT last_used_at FROM webhook_secrets"
    first, second = quiet(world), quiet(world)
    for watch, at, known in (
        (first, NOON, NOON),
        (first, NOON + 0.5 * MINUTE, NOON),
        (second, NOON - MINUTE, NOON),
        (first, NOON + MINUTE, NOON + MINUTE),
    ):
        watch.note(shop.id, Outcome.ACCEPTED, at, secret.id)
        watch.write()
        assert world.query(used) == [(known,)]
    assert counts(world, shop.id) == {"accepted": 4}


def test_hours_add_up_with_their_first_and_last_moments(
    world: World, shop: Shop, watch: Watch
) -> None:
    for minutes in (20, 5, 40):
        see(watch, shop, Outcome.ACCEPTED, NOON - 30 * MINUTE + minutes * MINUTE)
    see(watch, shop, Outcome.ACCEPTED, NOON + HOUR)
    noon = NOON.replace(minute=0)
    assert world.query("SELECT hour, count, first_at, last_at FROM door_counts ORDER BY hour") == [
        (noon, 3, noon + 5 * MINUTE, noon + 40 * MINUTE),
        (noon + HOUR, 1, NOON + HOUR, NOON + HOUR),
    ]


def test_processes_that_write_at_once_lose_nothing_and_do_not_stand_in_each_others_way(
    world: World,
) -> None:
    """Each counts the same shops in an order of its own, and writes again and again."""
    shops = [world.shop(f"shop-{number}") for number in range(10)]
    watches = [quiet(world) for _ in range(6)]
    start = threading.Barrier(2 * len(watches))
    done = threading.Event()

    def note(shift: int, watch: Watch) -> None:
        start.wait()
        for number in range(1_000):
            one = shops[(number * (shift + 1)) % len(shops)]
            watch.note(one.id, Outcome.ACCEPTED, NOON + number * timedelta(seconds=1))

    def write(watch: Watch) -> None:
        start.wait()
        while not done.is_set():
            watch.write()

    noting = [threading.Thread(target=note, args=given) for given in enumerate(watches)]
    writing = [threading.Thread(target=write, args=(watch,)) for watch in watches]
    with capture_logs() as logs:
        for one in (*noting, *writing):
            one.start()
        for one in noting:
            one.join()
        done.set()
        for one in writing:
            one.join()
        for watch in watches:
            watch.write()
    assert sum(counts(world, shop.id)["accepted"] for shop in shops) == 6_000
    assert logs == []


@contextmanager
def locked(world: World) -> Iterator[Callable[[], bool]]:
    """Nobody can write down counts; whether somebody is waiting to."""
    with psycopg.connect(world.tools.settings.database_owner_url) as connection:
        connection.execute("LOCK TABLE door_counts IN ACCESS EXCLUSIVE MODE")
        waiting = """
            SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
                           AND relation = 'door_counts'::regclass)
        """
        yield lambda: connection.execute(waiting).fetchone() == (True,)
        connection.rollback()


def test_what_cannot_be_written_is_kept_and_noting_waits_for_nothing(
    world: World, shop: Shop
) -> None:
    watch = Watch(world.tools.engine, pause=0.05)
    with locked(world) as is_waited_for:
        watch.note(shop.id, Outcome.ACCEPTED, NOON)
        assert wait_until(is_waited_for, 15)
        started = time.monotonic()
        for number in range(5_000):
            watch.note(shop.id, Outcome.ACCEPTED, NOON + number * timedelta(seconds=0.1))
        assert time.monotonic() - started < 1
        assert wait_until(lambda: not is_waited_for(), 15), "it gives up"
    watch.note(shop.id, Outcome.DUPLICATE, NOON)
    expected = {"accepted": 5_001, "duplicate": 1}
    assert wait_until(lambda: counts(world, shop.id) == expected, 15)


def test_a_database_that_is_away_fails_nothing(shop: Shop) -> None:
    away = make_engine("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    for pause in (None, 0.0):
        watch = Watch(away, pause)
        for _ in range(100):
            watch.note(shop.id, Outcome.FAILED, NOON)
        watch.write()
        watch.write()


def test_old_counts_go_with_the_inboxs_old_months(world: World, shop: Shop, watch: Watch) -> None:
    for days in (0, 30, 400, 500):
        see(watch, shop, Outcome.ACCEPTED, NOON - days * 24 * HOUR)
    owner = world.tools.settings.database_owner_url
    prune(owner, 12, NOON, dry_run=True)
    assert counts(world, shop.id) == {"accepted": 4}
    prune(owner, 12, NOON)
    assert counts(world, shop.id) == {"accepted": 2}
