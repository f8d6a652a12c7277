"""Events that come at the same time share a COMMIT, and nothing else."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from tests.doors import both_doors, running_loop
from tests.world import Shop, World
from tracker.kit.database import make_engine
from webhooks.errors import WebhookIdReused
from webhooks.inbox.gathering import WRITERS, Gathering
from webhooks.inbox.store import Inbox, Incoming, Stored
from webhooks.inbox.writer import Writer

pytestmark = both_doors

Keeping = Future[Stored]


class Gathered:
    """The way of the event loop, for threads."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    @property
    def _waiting(self) -> Collection[object]:
        return self._gathering._waiting

    def keep(self, event: Incoming) -> Stored:
        kept = self._gathering.keep(event)
        return asyncio.run_coroutine_threadsafe(kept, running_loop()).result(60)


class Crowd:
    """An inbox, and threads that come to it while it is busy."""

    def __init__(self, house: World, shop: Shop) -> None:
        self.house = house
        self.announced = 0
        self.inbox = self.opened(house.tools.engine)
        (row,) = house.query("SELECT door_version FROM shops WHERE id = :id", id=shop.id)
        self.shop_id, self.version = shop.id, row.door_version

    def opened(self, engine: Engine) -> "Inbox | Gathered":
        """The way into the inbox, as this house's door takes it."""
        if self.house.door == "threads":
            return Inbox(engine, self.announce)
        return Gathered(Gathering(Writer(engine), self.announce, patience=60))

    def event(self, webhook_id: str, body: bytes) -> Incoming:
        """An event of this shop, let in by its door as it is."""
        return Incoming(self.shop_id, self.version, webhook_id, None, "json", True, body)

    def come(self, *events: Incoming, meanwhile: Callable[[], None] | None = None) -> list[Keeping]:
        """Let events arrive while one ahead of them is being written down; that one comes first."""
        with ThreadPoolExecutor(len(events) + 1) as pool, self._shop_locked():
            ahead = pool.submit(self.inbox.keep, self.event("ahead", b"{}"))
            until(self._is_stuck)
            coming = [pool.submit(self.inbox.keep, event) for event in events]
            until(lambda: len(self.inbox._waiting) == len(events))
            if meanwhile:
                meanwhile()
        return [ahead, *coming]

    def stored(self) -> dict[str, bytes]:
        """What is in the inbox of this shop, but for the event ahead."""
        sql = """
            SELECT webhook_id, body FROM inbox_events AS event JOIN inbox_bodies ON event_id = id
            WHERE shop_id = :id AND body <> '{}'
        """
        rows = self.house.query(sql, id=self.shop_id)
        return {row.webhook_id: bytes(row.body) for row in rows}

    def announce(self) -> None:
        self.announced += 1

    def cut_off(self) -> None:
        """End the connection of whoever waits for the shop's row."""
        for row in self.house.query(_STUCK):
            self.house.query("SELECT pg_terminate_backend(:pid)", pid=row.pid)

    @contextmanager
    def _shop_locked(self) -> Iterator[None]:
        """An event refers to its shop, and so waits for whoever has locked the shop's row."""
        with self.house.tools.engine.begin() as connection:
            lock = text("SELECT FROM shops WHERE id = :id FOR UPDATE")
            connection.execute(lock, {"id": self.shop_id})
            yield

    def _is_stuck(self) -> bool:
        return bool(self.house.query(_STUCK))


_STUCK = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND query LIKE '%INSERT INTO inbox_events%'
"""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


@pytest.fixture
def crowd(house: World, shop: Shop) -> Crowd:
    return Crowd(house, shop)


def test_all_who_wait_are_written_down_together(crowd: Crowd) -> None:
    events = [crowd.event(f"msg_{number}", b"{%d}" % number) for number in range(8)]
    ahead, *coming = crowd.come(*events)
    assert [one.result() for one in (ahead, *coming)] == [Stored.ACCEPTED] * 9
    assert crowd.stored() == {event.webhook_id: event.body for event in events}
    assert crowd.announced == 2, "one COMMIT ahead, one for all the others"


def test_of_the_same_event_one_is_accepted(crowd: Crowd) -> None:
    _, *coming = crowd.come(*[crowd.event("msg", b"{1}")] * 8)
    assert sorted(one.result() for one in coming) == [Stored.ACCEPTED] + [Stored.DUPLICATE] * 7
    assert crowd.stored() == {"msg": b"{1}"}
    assert crowd.announced == 2, "one COMMIT ahead, one for all the others"


def test_the_body_that_is_accepted_is_the_body_that_is_stored(crowd: Crowd) -> None:
    bodies = [b"{%d}" % number for number in range(8)]
    _, *coming = crowd.come(*[crowd.event("msg", body) for body in bodies])
    reused = [isinstance(one.exception(), WebhookIdReused) for one in coming]
    assert reused.count(False) == 1
    accepted = reused.index(False)
    assert coming[accepted].result() is Stored.ACCEPTED
    assert crowd.stored() == {"msg": bodies[accepted]}
    sql = """
        SELECT aside.body FROM inbox_conflicts AS aside
        JOIN inbox_events ON inbox_events.id = event_id WHERE shop_id = :id
    """
    aside = {bytes(row.body) for row in crowd.house.query(sql, id=crowd.shop_id)}
    assert aside == set(bodies) - {bodies[accepted]}


def test_a_door_that_has_changed_stops_its_own_event_alone(crowd: Crowd) -> None:
    def stale(event: Incoming) -> Incoming:
        return replace(event, version=event.version - 1)

    _, first, second, third = crowd.come(
        stale(crowd.event("msg_1", b"{1}")),
        crowd.event("msg_2", b"{2}"),
        stale(crowd.event("msg_2", b"{3}")),
    )
    assert first.result() is Stored.DOOR_CHANGED
    assert second.result() is Stored.ACCEPTED
    assert third.result() is Stored.DOOR_CHANGED
    assert crowd.stored() == {"msg_2": b"{2}"}


def test_what_goes_wrong_is_told_to_everyone(crowd: Crowd) -> None:
    nowhere = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    inbox = crowd.opened(nowhere)
    with ThreadPoolExecutor(8) as pool:
        coming = [pool.submit(inbox.keep, crowd.event(f"msg_{n}", b"{1}")) for n in range(24)]
    assert {type(one.exception()) for one in coming} == {OperationalError}
    assert (crowd.stored(), crowd.announced) == ({}, 0)


def test_a_connection_that_is_lost_takes_only_its_own_batch_along(crowd: Crowd) -> None:
    events = [crowd.event(f"msg_{number}", b"{%d}" % number) for number in range(4)]
    ahead, *coming = crowd.come(*events, meanwhile=crowd.cut_off)
    assert isinstance(ahead.exception(), OperationalError)
    assert [one.result() for one in coming] == [Stored.ACCEPTED] * 4
    assert len(crowd.stored()) == 4
    assert crowd.announced == 1


def test_nobody_is_forgotten_in_a_long_rush(crowd: Crowd) -> None:
    def send(sender: int) -> list[Stored]:
        """Events of one's own, and between them one that all others send as well."""
        names = [f"msg_{sender}_{n}" if n % 2 else f"shared_{n}" for n in range(40)]
        return [crowd.inbox.keep(crowd.event(one, b"{%d}" % n)) for n, one in enumerate(names)]

    with ThreadPoolExecutor(16) as pool:
        said = [one for found in pool.map(send, range(16)) for one in found]
    shared, own = 20, 16 * 20
    assert said.count(Stored.ACCEPTED) == shared + own == len(crowd.stored())
    assert said.count(Stored.DUPLICATE) == 15 * shared
    assert 0 < crowd.announced <= shared + own


def test_a_batch_that_is_stuck_does_not_hold_up_those_of_the_loop(house: World) -> None:
    """Each of these waits for its shop's row; whoever comes next goes by them."""
    gathering = Gathering(Writer(house.tools.engine), announce=lambda: None)
    stuck = [Crowd(house, house.shop(f"stuck-{house.door}-{n}")) for n in range(WRITERS - 1)]
    free = Crowd(house, house.shop(f"free-{house.door}"))
    with ThreadPoolExecutor(WRITERS) as pool, ExitStack() as locked:
        waiting = []
        for place, one in enumerate(stuck):
            locked.enter_context(one._shop_locked())
            waiting.append(pool.submit(Gathered(gathering).keep, one.event("msg", b"{1}")))
            until(partial(_are_stuck, house, place + 1))
        assert Gathered(gathering).keep(free.event("msg", b"{1}")) is Stored.ACCEPTED
        assert not any(one.done() for one in waiting)
    assert [one.result() for one in waiting] == [Stored.ACCEPTED] * (WRITERS - 1)


def _are_stuck(house: World, count: int) -> bool:
    return len(house.query(_STUCK)) == count
