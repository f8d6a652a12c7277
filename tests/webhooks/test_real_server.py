"""The door behind its real server: what sockets allow and a test client does not."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection

import pytest

from tests.doors import both_doors
from tests.races.processes import Processes
from tests.webhooks.letters import body, headers, stored
from tests.webhooks.sockets import answer, begin, end
from tests.world import Shop, World
from tracker.kit.processes import REQUESTS
from webhooks.wire.dialect import MAX_BODY

pytestmark = both_doors

Headers = dict[str, str]


HALF_BODIES = {"loop": 600, "threads": REQUESTS - 8}
"""Many more than a process has threads; or as many as a process with threads can wait for."""


@pytest.fixture(scope="module")
def port(
    house_environ: dict[str, str], door: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Where the web service listens, in a process of its own."""
    environ = {**house_environ, "TRACKER_DOOR": door}
    processes = Processes(environ, tmp_path_factory.mktemp("server") / "log")
    yield processes.serve()
    processes.end()


@contextmanager
def connected(port: int) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        yield connection
    finally:
        connection.close()


def post(connection: HTTPConnection, shop: Shop, raw: bytes, given: Headers) -> int:
    connection.request("POST", f"/webhooks/{shop.slug}", raw, given)
    return answer(connection.getresponse())[0]


def in_chunks(raw: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(raw), size):
        piece = raw[start : start + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def test_a_body_of_known_length(port: int, house: World, shop: Shop) -> None:
    raw = body()
    with connected(port) as connection:
        assert post(connection, shop, raw, headers(shop.secret, raw, webhook_id="msg")) == 202
        assert post(connection, shop, raw, headers(shop.secret, raw, webhook_id="msg")) == 200
    assert stored(house, shop) == ["msg"]


@pytest.mark.parametrize("size", [7, 1_000, MAX_BODY])
def test_a_body_in_chunks(port: int, house: World, shop: Shop, size: int) -> None:
    raw = body().ljust(MAX_BODY if size > 7 else 0)
    with begin(port, shop, raw, "Transfer-Encoding: chunked") as client:
        for piece in in_chunks(raw, size):
            client.sendall(piece)
        assert end(client) == (202, "")
    assert len(stored(house, shop)) == 1


def test_413_for_a_body_in_chunks_that_never_ends(port: int, house: World, shop: Shop) -> None:
    """Read to the limit and no further; it is not taken for a shorter body with a bad signature."""
    raw = body().ljust(MAX_BODY + 1)
    with begin(port, shop, raw, "Transfer-Encoding: chunked") as client:
        for piece in in_chunks(raw, 4_096):
            client.sendall(piece)
        assert end(client) == (413, "too_large")
    assert stored(house, shop) == []


def test_413_before_the_body_is_sent(port: int, shop: Shop) -> None:
    with begin(port, shop, b"", f"Content-Length: {2**40}") as client:
        assert end(client) == (413, "too_large")


def test_a_connection_goes_on_after_a_refusal(port: int, house: World, shop: Shop) -> None:
    """The refused body is read to its end, however slowly it comes."""
    raw = body()
    given = headers(shop.secret, raw)
    length = f"Content-Length: {len(raw)}\r\nContent-Encoding: gzip"
    with begin(port, shop, raw, length) as client:
        time.sleep(0.2)
        client.sendall(raw)
        assert end(client) == (415, "unsupported_media_type")
    with connected(port) as connection:
        assert post(connection, shop, raw, {**given, "content-encoding": "gzip"}) == 415
        assert post(connection, shop, raw, {**given, "webhook-signature": "v1,AAAA"}) == 401
        assert post(connection, shop, raw, given) == 202
    assert stored(house, shop) == [given["webhook-id"]]


def test_half_a_body_is_not_an_event(port: int, house: World, shop: Shop) -> None:
    raw = body()
    with begin(port, shop, raw, f"Content-Length: {len(raw)}") as client:
        client.sendall(raw[: len(raw) // 2])
        client.shutdown(socket.SHUT_WR)
        client.settimeout(5)
        assert b" 2" not in client.recv(100)[:14]
    assert stored(house, shop) == []


def test_slow_bodies_do_not_hold_up_others(port: int, house: World, shop: Shop) -> None:
    with ExitStack() as slow:
        clients = [
            slow.enter_context(begin(port, shop, body(), "Content-Length: 400"))
            for _ in range(HALF_BODIES[house.door])
        ]
        for client in clients:
            client.sendall(b"{")
        started = time.monotonic()
        with connected(port) as connection:
            for _ in range(20):
                raw = body()
                assert post(connection, shop, raw, headers(shop.secret, raw)) == 202
        assert time.monotonic() - started < 5
    assert len(stored(house, shop)) == 20


def test_slow_headers_hold_nobody_up(port: int, house: World, shop: Shop) -> None:
    raw = body()
    with ExitStack() as slow:
        for _ in range(100):
            client = socket.create_connection(("127.0.0.1", port), timeout=15)
            slow.enter_context(client)
            client.sendall(b"POST /webhooks/shop HTTP/1.1\r\nHost: tracker.example\r\n")
        with connected(port) as connection:
            assert post(connection, shop, raw, headers(shop.secret, raw)) == 202


def test_many_clients_at_once(port: int, house: World, shop: Shop) -> None:
    """Each event sent twice, by two clients at about the same time."""
    letters = [body() for _ in range(100)]

    def client(first: int) -> list[int]:
        with connected(port) as connection:
            return [
                post(connection, shop, raw, headers(shop.secret, raw, webhook_id=f"msg_{number}"))
                for number, raw in list(enumerate(letters))[first::5]
            ]

    with ThreadPoolExecutor(10) as pool:
        statuses = [status for found in pool.map(client, [0, 1, 2, 3, 4] * 2) for status in found]
    assert Counter(statuses) == {202: 100, 200: 100}
    assert len(stored(house, shop)) == 100


@pytest.mark.parametrize("twice", ["webhook-id", "webhook-signature", "webhook-timestamp"])
def test_a_header_that_stands_twice_lets_nobody_in(port: int, shop: Shop, twice: str) -> None:
    raw = body()
    with begin(port, shop, raw, f"Content-Length: {len(raw)}\r\n{twice}: 1") as client:
        client.sendall(raw)
        assert end(client)[0] in (400, 401)
