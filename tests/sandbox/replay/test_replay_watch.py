"""Waiting until the inbox is empty, by what a server of our own says of its readiness."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sandbox.replay import watch
from sandbox.replay.watch import EventsParked, InboxStuck, InboxWatch

AWAY = -1


@contextmanager
def product(*waiting: int, parked: int = 0) -> Iterator[str]:
    """Says one after the other how many events wait, the last one for ever; AWAY is a 503."""
    left = list(waiting)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece

        def do_GET(self) -> None:
            now = left.pop(0) if len(left) > 1 else left[0]
            figures = {"inbox_waiting": now, "inbox_parked": parked}
            said = json.dumps({"status": "not_ready"} if now == AWAY else figures).encode()
            self.send_response(503 if now == AWAY else 200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_LOOK", 0.005)
    monkeypatch.setattr(watch, "_NUDGE", 0.05)
    monkeypatch.setattr(watch, "PATIENCE", 0.5)


def wait(url: str) -> int:
    """Waits; how often a nudge was asked for."""
    nudges: list[None] = []
    InboxWatch(url, lambda: nudges.append(None)).wait()
    return len(nudges)


def test_an_empty_inbox_is_not_waited_for() -> None:
    with product(0) as url:
        assert wait(url) == 0


def test_events_are_waited_for_while_they_are_handled() -> None:
    with product(5, 4, 3, AWAY, 2, 1, 0) as url:
        assert wait(url) == 0


def test_a_nudge_is_asked_for_when_nothing_moves() -> None:
    with product(*[5] * 20, 0) as url:
        assert wait(url) >= 1


def test_patience_ends_when_nobody_handles_anything() -> None:
    with product(5) as url, pytest.raises(InboxStuck, match="5 events wait"):
        wait(url)


def test_patience_ends_when_nobody_is_there() -> None:
    with product(0) as url:
        pass
    with pytest.raises(InboxStuck):
        wait(url)


def test_parked_events_are_told_at_once() -> None:
    with product(5, parked=2) as url, pytest.raises(EventsParked, match="2 events are parked"):
        wait(url)
