"""The comparison behind the real server, whichever transport the front door has."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.races.processes import Processes
from tests.webhooks.letters import headers
from tests.webhooks.totals.day import books
from tests.webhooks.totals.exchange import question
from tests.world import Shop, World, created, day
from webhooks.totals.api import MAX_BODY

EVENT = created("A-1", None, 10, at=day(0))
FIRST = question("2010-12-01", books([EVENT]))


@pytest.fixture(scope="module", params=["loop", "threads"])
def port(
    request: pytest.FixtureRequest,
    house_environ: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[int]:
    """Where the web service listens, in a process of its own."""
    environ = {**house_environ, "TRACKER_DOOR": request.param}
    processes = Processes(environ, tmp_path_factory.mktemp("server") / "log")
    yield processes.serve()
    processes.end()


def ask(port: int, shop: Shop, raw: bytes, key: bytes) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        path = f"/webhooks/{shop.slug}/control-totals"
        connection.request("POST", path, raw, headers(key, raw))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_control_totals_are_answered(house: World, shop: Shop, port: int) -> None:
    house.tell(shop, EVENT)
    raw = json.dumps(FIRST).encode()
    assert ask(port, shop, raw, shop.secret) == (200, {"date": "2010-12-01", "status": "match"})
    status, problem = ask(port, shop, raw, b"forged")
    assert (status, problem["code"]) == (401, "not_let_in")
    assert ask(port, shop, raw.ljust(MAX_BODY), shop.secret)[0] == 200
    status, problem = ask(port, shop, raw.ljust(MAX_BODY + 1), shop.secret)
    assert (status, problem["code"]) == (413, "too_large")
