"""Sending events as shops do, to a server of our own that answers as it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sandbox.replay import sender
from sandbox.replay.sender import EventRefused, ProductAway, Sender, message
from webhooks.signatures import verify

KEYS = {"one": b"a key of thirty-two bytes, or so.", "two": b"another key"}
LOSE_THE_ANSWER = 0


@dataclass
class Door:
    """Answers by a script for each webhook-id, then with 202; keeps what came."""

    script: dict[str, list[int]] = field(default_factory=dict)
    genuine: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    peers: set[tuple[str, int]] = field(default_factory=set)
    url: str = ""

    def answer(self, webhook_id: str) -> int:
        self.attempts.append(webhook_id)
        left = self.script.get(webhook_id, [])
        return left.pop(0) if left else 202


def handler(door: Door) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece

        def do_POST(self) -> None:
            door.peers.add(self.client_address)
            body = self.rfile.read(int(self.headers["content-length"]))
            key = KEYS[self.path.removeprefix("/webhooks/")]
            webhook_id = verify(dict(self.headers), body, [key], datetime.now(UTC))
            status = door.answer(webhook_id)
            if status == LOSE_THE_ANSWER:
                self.close_connection = True
                return
            if status < 300:
                door.genuine.append(webhook_id)
            said = b'{"code": "no", "detail": "Because."}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler


@contextmanager
def open_door(**script: list[int]) -> Iterator[Door]:
    door = Door(script)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(door)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        door.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield door
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "_REST", 0.01)
    monkeypatch.setattr(sender, "_LONGEST_REST", 0.01)


def send(
    door: Door, *ids: str, told: Callable[[], object] = lambda: None, connections: int = 1
) -> tuple[int, int, int]:
    """Sends events, alternating between two shops; sent, accepted, duplicates."""
    with Sender(door.url, KEYS, connections=connections) as hands:
        hands.send(
            (
                message("two" if place % 2 else "one", one, {"n": 1})
                for place, one in enumerate(ids)
            ),
            told,
        )
        return hands.tally.sent, hands.tally.accepted, hands.tally.duplicates


def test_events_are_signed_with_the_secrets_of_their_shops() -> None:
    with open_door() as door:
        assert send(door, "a", "b", "c") == (3, 3, 0)
    assert door.genuine == ["a", "b", "c"]


def test_one_connection_is_kept_open_for_all() -> None:
    with open_door() as door:
        send(door, *map(str, range(50)))
    assert len(door.peers) == 1


def test_several_connections_share_the_events_and_lose_none() -> None:
    ids = [str(number) for number in range(300)]
    told: list[None] = []
    with open_door() as door:
        assert send(door, *ids, told=lambda: told.append(None), connections=8) == (300, 300, 0)
    assert sorted(door.genuine) == sorted(ids)
    assert 1 < len(door.peers) <= 8
    assert len(told) == 300


@pytest.mark.parametrize("first", [429, 503, LOSE_THE_ANSWER])
def test_the_same_event_is_offered_until_it_is_taken(first: int) -> None:
    with open_door(a=[first, first]) as door:
        assert send(door, "a") == (1, 1, 0)
    assert door.attempts == ["a", "a", "a"]


def test_a_duplicate_after_a_lost_answer_had_been_accepted() -> None:
    with open_door(a=[LOSE_THE_ANSWER, 200], b=[200]) as door:
        assert send(door, "a", "b") == (2, 1, 1)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422, 500])
def test_a_refusal_ends_the_replay_and_says_why(status: int) -> None:
    with open_door(b=[status]) as door, pytest.raises(EventRefused) as caught:
        send(door, "a", "b")
    assert caught.value.detail == f"b of two: {status} no Because."


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PATIENCE", 0.1)
    with open_door(a=[503] * 1000) as door, pytest.raises(ProductAway, match="a of one: 503"):
        send(door, "a")


def test_nobody_waits_for_a_sender_that_failed() -> None:
    """One hand is refused while another one rests: the rest is cut short."""
    with open_door(a=[503] * 10_000, b=[422]) as door, pytest.raises(EventRefused):
        send(door, "a", "b", connections=2)
