"""Faults that need the real process: cut connections, crashes, callbacks, kept answers."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sandbox.billing.process import BillingProcess, running_billing
from sandbox.billing.telling import NOBODY, Caller
from sandbox.billing.truth import paid_topups

TOKEN = "disturbed-test-token"
NEW_YEAR = "2011-01-01T00:00:00+03:00 x0 @0"


@contextmanager
def billing(
    folder: Path, *rules: dict[str, Any], caller: Caller = NOBODY, **more: Any
) -> Iterator[tuple[BillingProcess, httpx2.Client]]:
    script = folder / "script.json"
    script.write_text(json.dumps({"rules": rules, **more}))
    with (
        running_billing(
            folder, token=TOKEN, faults=script, clock=NEW_YEAR, caller=caller
        ) as running,
        httpx2.Client(
            base_url=running.url,
            headers={"Authorization": f"Bearer {TOKEN}"},
            trust_env=False,
            timeout=20,
            limits=httpx2.Limits(max_keepalive_connections=0),
        ) as client,
    ):
        yield running, client


def submit(client: httpx2.Client, key: str) -> httpx2.Response:
    topup = {"key": key, "phone": "+79000000001", "amount": "1.00"}
    return client.post("/v1/topups", json={"topups": [topup]})


class Listener(http.server.BaseHTTPRequestHandler):
    """Takes callbacks, and notes when it heard what with which token."""

    heard: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.heard += [(self.headers["Authorization"], one) for one in body["results"]]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def listener() -> Iterator[tuple[Caller, list[tuple[str, dict[str, Any]]]]]:
    heard: list[tuple[str, dict[str, Any]]] = []
    handler = type("Handler", (Listener,), {"heard": heard})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Caller(f"http://127.0.0.1:{server.server_port}/billing/callbacks", "told"), heard
    server.shutdown()
    server.server_close()


def test_calls_that_are_cut_crashed_kept_refused_and_late(tmp_path: Path) -> None:
    rules: list[dict[str, Any]] = [
        {"action": "drop", "match": {"nth": 1}, "bytes": 10},
        {"action": "saved_500", "match": {"nth": 2}, "seconds": 0},
        {"action": "rate_limit", "match": {"nth": 4}, "seconds": 7},
        {"action": "late", "match": {"nth": 5}, "seconds": 0.2},
        {"action": "crash_after_acting", "match": {"nth": 6}},
    ]
    with billing(tmp_path, *rules) as (running, client):
        with pytest.raises(httpx2.RemoteProtocolError):
            submit(client, "cut")
        assert client.get("/v1/topups/cut").json()["status"] == "paid"
        assert submit(client, "kept").status_code == 500
        assert submit(client, "kept").status_code == 500
        assert client.get("/v1/topups/kept").json()["status"] == "paid"
        refused = submit(client, "refused")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
        assert refused.json()["code"] == "rate_limited"
        assert submit(client, "late").status_code == 504
        assert client.get("/v1/topups/late").status_code == 404
        give_up = time.monotonic() + 10
        while client.get("/v1/topups/late").status_code == 404:
            assert time.monotonic() < give_up
        with pytest.raises(httpx2.TransportError):
            submit(client, "crashed")
        running.process.wait(10)
    assert paid_topups(tmp_path).keys() == {"cut", "kept", "late", "crashed"}
    # The count goes on: the sixth call does not end every process that follows.
    with billing(tmp_path, *rules) as (_, client):
        assert submit(client, "after").status_code == 200


def test_what_is_accepted_or_lied_about_is_told(
    tmp_path: Path, listener: tuple[Caller, list[tuple[str, dict[str, Any]]]]
) -> None:
    caller, heard = listener
    rules: list[dict[str, Any]] = [
        {"action": "accept", "match": {"key_suffix": "accepted"}, "seconds": 0.1},
        {"action": "early_callback", "match": {"key_suffix": "early"}},
        {"action": "duplicate_callback", "match": {"key_suffix": "twice"}, "seconds": 0},
        {"action": "contradictory_callback", "match": {"key_suffix": "lied"}, "seconds": 0},
    ]
    with billing(tmp_path, *rules, caller=caller) as (_, client):
        assert submit(client, "early").json()["results"] == [heard[0][1]]
        (accepted,) = submit(client, "accepted").json()["results"]
        assert (accepted["status"], accepted["at"]) == ("accepted", None)
        (twice,) = submit(client, "twice").json()["results"]
        (lied,) = submit(client, "lied").json()["results"]
        give_up = time.monotonic() + 10
        while len(heard) < 5 and time.monotonic() < give_up:
            time.sleep(0.02)
        told = {one["key"]: one for _, one in heard}
        assert [one["key"] for _, one in heard].count("twice") == 2
        assert told["twice"] == twice
        assert told["accepted"] == client.get("/v1/topups/accepted").json()
        assert told["lied"] != lied
    assert {token for token, _ in heard} == {"Bearer told"}
