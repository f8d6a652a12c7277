"""Web processes that stop, or are killed: a 202 that was seen is in the database."""

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException

import pytest
from sqlalchemy import text

from tests.doors import both_doors
from tests.races.held import lock_waiters, wait_until
from tests.races.processes import Processes
from tests.webhooks.letters import body, headers, stored
from tests.webhooks.sockets import end, has_news, whole
from tests.world import Shop, World
from tracker.kit.database import unit_of_work

pytestmark = both_doors

CLIENTS = 24


@pytest.fixture
def environ(environ: dict[str, str], door: str) -> dict[str, str]:
    """By either door."""
    return {**environ, "TRACKER_DOOR": door}


@contextmanager
def no_commits(world: World, shop: Shop) -> Iterator[None]:
    """Whoever stores an event of this shop waits, before COMMIT, until the block ends."""
    with unit_of_work(world.tools.engine) as session:
        session.execute(text("SELECT FROM shops WHERE id = :id FOR UPDATE"), {"id": shop.id})
        yield


class Clients:
    """Many senders, each sending one event after another until its connection breaks."""

    def __init__(self, port: int, shop: Shop) -> None:
        self.accepted: list[str] = []
        self.sent: list[str] = []
        self._threads = [
            threading.Thread(target=self._send, args=(port, shop, number))
            for number in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, port: int, shop: Shop, client: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=15)
        for number in range(10_000):
            raw, webhook_id = body(), f"msg_{client}_{number}"
            given = headers(shop.secret, raw, webhook_id=webhook_id)
            self.sent.append(webhook_id)
            try:
                connection.request("POST", f"/webhooks/{shop.slug}", raw, given)
                response = connection.getresponse()
                response.read()
            except (OSError, HTTPException):
                break
            assert response.status == 202
            self.accepted.append(webhook_id)
        connection.close()

    def wait_for(self, count: int) -> None:
        """Until so many events are accepted."""
        wait_until(lambda: len(self.accepted) > count)

    def wait(self) -> None:
        """Until all of them have found the door gone."""
        for thread in self._threads:
            thread.join(30)


def test_a_202_that_was_seen_before_the_process_was_killed_is_stored(
    world: World, processes: Processes
) -> None:
    for round_ in range(3):
        shop = world.shop(f"shop-{round_}")
        clients = Clients(processes.serve(), shop)
        clients.wait_for(200 + 150 * round_)
        processes.end()
        clients.wait()
        kept = set(stored(world, shop))
        assert set(clients.accepted) <= kept <= set(clients.sent)


def test_no_answer_is_sent_while_the_commit_is_held_back(
    world: World, processes: Processes
) -> None:
    port, shop = processes.serve(), world.shop()
    with ExitStack() as opened:
        with no_commits(world, shop):
            clients = [opened.enter_context(whole(port, shop, body())) for _ in range(10)]
            wait_until(lambda: lock_waiters(world) > 0)
            assert not any(has_news(client, 0.1) for client in clients)
            assert stored(world, shop) == []
        assert [end(client) for client in clients] == [(202, "")] * 10
    assert len(stored(world, shop)) == 10


def test_killed_before_the_commit_nobody_was_told_anything(
    world: World, processes: Processes
) -> None:
    port, shop = processes.serve(), world.shop()
    with ExitStack() as opened, no_commits(world, shop):
        clients = [opened.enter_context(whole(port, shop, body())) for _ in range(10)]
        wait_until(lambda: lock_waiters(world) > 0)
        processes.end()
        for client in clients:
            with pytest.raises((ConnectionError, HTTPException)):
                end(client)


def test_told_to_stop_it_answers_what_it_has_read(world: World, processes: Processes) -> None:
    port, shop = processes.serve(), world.shop()
    with ExitStack() as opened:
        with no_commits(world, shop):
            clients = [opened.enter_context(whole(port, shop, body())) for _ in range(10)]
            wait_until(lambda: lock_waiters(world) > 0)
            processes.last.send_signal(signal.SIGTERM)
            assert not any(has_news(client, 0.1) for client in clients)
        assert [end(client) for client in clients] == [(202, "")] * 10
    assert processes.last.wait(15) == 0
    assert len(stored(world, shop)) == 10
