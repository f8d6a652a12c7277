"""Servers that misbehave below the protocol, and clients that are forked."""

import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import pytest

from sandbox.billing.process import running_billing
from tracker.gateways.billing import HttpBilling
from tracker.gateways.exchange import MAX_REPLY
from tracker.settlement.ports import Answer, GatewayUnavailable, Outcome, TopUp

Speech = Callable[[socket.socket], None]
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
KEY = "payout:1"
TOP_UP = TopUp(KEY, "+79000000001", 100)


def read_request(connection: socket.socket) -> None:
    """All of it: a connection closed over unread bytes is reset, answer and all."""
    request = connection.recv(65536)
    end = b"\r\n\r\n" if request.startswith(b"GET") else b"]}"
    while request and not request.endswith(end):
        request += connection.recv(65536)


@contextmanager
def server_that(speaks: Speech) -> Iterator[str]:
    """One connection at a time: reads a request, then says what it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        read_request(connection)
                        speaks(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def saying(data: bytes) -> Speech:
    return lambda connection: connection.sendall(data)


def dripping(connection: socket.socket) -> None:
    connection.sendall(JSON + b"Content-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.05)


def dripping_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def endless(connection: socket.socket) -> None:
    connection.sendall(JSON + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(MAX_REPLY // 65536 + 64):
        connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


@pytest.mark.parametrize(
    ("speaks", "reason"),
    [
        (saying(b""), "connection_lost"),
        (saying(b"SSH-2.0-surprise\r\n"), "connection_lost"),
        (saying(JSON + b"Content-Length: 100\r\n\r\n{"), "connection_lost"),
        (saying(JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"), "connection_lost"),
        (saying(JSON + b"Content-Length: 0\r\n\r\n"), "not_json"),
        (saying(JSON + b"Content-Length: 2\r\n\r\n{}"), "malformed"),
        (saying(b"HTTP/1.1 204 No Content\r\n\r\n"), "http_204"),
        (saying(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), "http_302"),
        (saying(b"HTTP/1.1 302 Found\r\nLocation: \xff:\xff\r\n\r\n"), "http_302"),
        (saying(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "http_503"),
        (dripping, "timeout"),
        (dripping_head, "timeout"),
        (lambda _: time.sleep(0.6), "timeout"),
        (endless, "too_large"),
    ],
)
def test_what_is_no_answer_is_unknown(speaks: Speech, reason: str) -> None:
    expected = Answer(KEY, Outcome.UNKNOWN, reason=reason)
    with server_that(speaks) as url:
        seconds = 20 if reason == "too_large" else 0.3
        submitted = HttpBilling(url, "token", seconds).submit([TOP_UP])
        assert submitted == [expected]
        assert HttpBilling(url, "token", seconds).query(TOP_UP) == expected


@pytest.mark.parametrize(
    "change", [{"count": 2}, {"total": "1.01"}, {"next": KEY}, {"count": 2, "next": KEY}]
)
def test_a_statement_that_does_not_add_up_is_refused(change: dict[str, object]) -> None:
    at = "2011-01-01T09:00:00+00:00"
    line = {"key": KEY, "phone": "+79000000001", "amount": "1.00", "reference": "T1", "at": at}
    page = {"day": "2011-01-01", "count": 1, "total": "1.00", "lines": [line], "next": None}
    body = json.dumps({**page, **change}).encode()
    reply = JSON + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with server_that(saying(reply)) as url:
        gateway = HttpBilling(url, "token", timeout=5)
        with pytest.raises(GatewayUnavailable, match="inconsistent"):
            list(gateway.statement(date(2011, 1, 1)))


def test_nobody_listening_is_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    answer = HttpBilling(url, "token", timeout=5).query(TOP_UP)
    assert answer == Answer(KEY, Outcome.UNKNOWN, reason="not_connected")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8090", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="not the address"):
        HttpBilling(url, "token", timeout=5)


def test_a_forked_child_speaks_over_its_own_connection(tmp_path: Path) -> None:
    def submit_many(name: str) -> bool:
        topups = [TopUp(f"{name}:{n}", "+79000000001", 100) for n in range(50)]
        return all(gateway.submit([topup])[0].outcome is Outcome.PAID for topup in topups)

    def in_child(name: str) -> None:
        raise SystemExit(0 if submit_many(name) else 1)

    with running_billing(tmp_path, token="token") as billing:
        gateway = HttpBilling(billing.url, "token", timeout=20)
        assert submit_many("before")
        fork = multiprocessing.get_context("fork")
        children = [fork.Process(target=in_child, args=(f"child{n}",)) for n in range(3)]
        for child in children:
            child.start()
        assert submit_many("parent")
        for child in children:
            child.join(30)
        assert [child.exitcode for child in children] == [0, 0, 0]
