"""Bodies that do not come: they are given up on, and meanwhile cost nobody anything."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from tests.races.processes import Processes
from tests.webhooks.letters import body, headers, stored
from tests.webhooks.sockets import begin, end
from tests.world import Shop, World
from tracker.kit.processes import BODY_SECONDS

HALF_BODIES = 500
LARGE = 200_000
"""Bytes of a body that is read piece by piece."""


@pytest.fixture
def port(house_environ: dict[str, str], house: World, processes: Processes) -> int:
    """Where the web service listens, in a process of its own."""
    return processes.serve()


@pytest.fixture
def processes(
    house_environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    """Processes of the house."""
    environ = {**house_environ, "TRACKER_DOOR": "loop"}
    started = Processes(environ, tmp_path_factory.mktemp("server") / "log")
    yield started
    started.end()


def test_hundreds_of_half_bodies_are_given_up_on_and_stop_nobody(
    port: int, house: World, shop: Shop
) -> None:
    """For the door and for all else, of known length and in chunks, small and large."""
    lengths = ["Content-Length: 400", f"Content-Length: {LARGE}", "Transfer-Encoding: chunked"]
    with ExitStack() as slow:
        began = time.monotonic()
        clients = [
            slow.enter_context(begin(port, shop, body(), lengths[number % len(lengths)]))
            for number in range(HALF_BODIES)
        ]
        clients += [slow.enter_context(half_approval(port)) for _ in range(50)]
        for client in clients:
            client.sendall(b"1\r\n{")
        assert others(port, shop, 20) < 5
        with ThreadPoolExecutor(50) as pool:
            assert set(pool.map(end, clients)) == {(408, "body_too_slow")}
        assert BODY_SECONDS - 1 < time.monotonic() - began < BODY_SECONDS + 10
        for client in clients:
            assert client.recv(1) == b"", "and the connection is closed"
    assert len(stored(house, shop)) == 20


def others(port: int, shop: Shop, count: int) -> float:
    """Good messages meanwhile; the seconds that they take."""
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    for _ in range(count):
        raw = body()
        connection.request("POST", f"/webhooks/{shop.slug}", raw, headers(shop.secret, raw))
        assert connection.getresponse().read().endswith(b'"accepted"}')
        connection.request("GET", "/health/live")
        assert connection.getresponse().read() == b'{"status":"live"}\n'
    connection.close()
    return time.monotonic() - began


def half_approval(port: int) -> socket.socket:
    """Half a request that goes elsewhere."""
    client = socket.create_connection(("127.0.0.1", port), timeout=15)
    client.sendall(b"POST /nowhere HTTP/1.1\r\nHost: tracker.example\r\nContent-Length: 90\r\n\r\n")
    return client
