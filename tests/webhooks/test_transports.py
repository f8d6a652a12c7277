"""Both transports say the same, byte for byte; and what the event loop alone has to see to."""

from collections.abc import Iterator

import pytest
from werkzeug.test import Client, TestResponse

from partners.dialects.service import speak
from partners.shops.rules import ShopStatus
from tests.doors import Carried, both_doors
from tests.webhooks.letters import body, headers, problem, send, stored
from tests.world import Shop, World
from tracker.kit.bodies import SMALL, Bodies, Receive, Scope, Send
from tracker.kit.database import unit_of_work
from tracker.kit.runtime import Runtime
from webhooks.door.loop import LONG, Loop
from webhooks.door.reception import MAX_BODY
from webhooks.wire import dialect

AWIN = b"""{"orders": [{"orderReference": "W-1", "amount": 15.00, "currency": "RUB", "awc": "clk",
    "commissionGroups": [{"code": "BOOKS", "amount": 15}]}]}"""


@pytest.fixture
def other(tools: Runtime, world: World) -> World:
    """The same deployment by the other door."""
    return World(tools, "loop")


def letters(shop: Shop) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Method, address, body and headers of everything that is answered in its own way."""
    url, raw, conflict = f"/webhooks/{shop.slug}", body(), body()
    good = headers(shop.secret, raw, webhook_id='a "quoted" id')
    yield "POST", url, raw, good
    yield "POST", url, raw, good
    yield "POST", url, conflict, headers(shop.secret, conflict, webhook_id='a "quoted" id')
    for bad in (b"", b"{", b'{"type": "\xff"}', body(currency=None), b"x" * (SMALL + 1)):
        yield "POST", url, bad, headers(shop.secret, bad)
    for size in (dialect.MAX_BODY, dialect.MAX_BODY + 1, MAX_BODY, MAX_BODY + 1):
        long = body().ljust(size)
        yield "POST", url, long, headers(shop.secret, long, webhook_id=f"long-{size}")
        yield "POST", url, long, {**headers(shop.secret, long), "content-type": "text/plain"}
    for change in (
        {"webhook-signature": "v1,AAAA"},
        {"webhook-id": "é"},
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-encoding": "gzip"},
    ):
        yield "POST", url, raw, {**good, **change}
    yield "POST", "/webhooks/nobody", raw, good
    yield "POST", "/webhooks/%00", raw, good
    yield "POST", "/webhooks/%ff%fe", raw, good
    yield "POST", "/webhooks/left", raw, headers(b"key", raw)
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        yield method, url, b"", {}
    yield "GET", f"{url}?key=secret&a=%ff", b"", {}
    for elsewhere in ("/", "/webhooks/", f"{url}/x", "/webhooks/a%2Fb", "/health/live"):
        yield "GET", elsewhere, b"", {}
    yield "GET", "/admin/api/v1/inbox?limit=é", b"", {}
    yield "POST", "/admin/api/v1/inbox/retry", b"{" * 2_000_000, good


def test_every_answer_is_the_same_by_both_doors(world: World, other: World) -> None:
    world.shop("left", status=ShopStatus.LEFT)
    shops = [world.shop("shop-a"), world.shop("shop-b")]
    told = [
        [plain(client(entered), *one) for one in letters(shop)]
        for entered, shop in zip((world, other), shops, strict=True)
    ]
    for by_threads, by_loop in zip(*told, strict=True):
        assert by_threads == by_loop
    statuses = {status for status, _, _ in told[0]}
    assert statuses == {200, 202, 400, 401, 404, 405, 409, 413, 415, 422}
    assert [len(stored(world, shop)) for shop in shops] == [2, 2]


def client(entered: World) -> Client:
    return entered.client()


def plain(
    by: Client, method: str, url: str, raw: bytes, given: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    response = by.open(url, method=method, data=raw, headers=given)
    names = {name.lower(): value for name, value in response.headers.items()}
    if len(raw) > MAX_BODY:
        names.pop("connection", None)  # what is left of such a body is read by threads alone
    return response.status_code, names, response.data.replace(b"shop-b", b"shop-a")


# -- bodies ---------------------------------------------------------------------------------------


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError(f"nothing else is asked for, but {scope['path']} was")


def cramped(world: World, room: int) -> Client:
    """The door with little room for bodies."""
    return Client(Carried(Loop(world.tools, Bodies(seconds=5, room=room), elsewhere=nowhere)))


def post(by: Client, shop: Shop, raw: bytes) -> TestResponse:
    return by.post(f"/webhooks/{shop.slug}", data=raw, headers=headers(shop.secret, raw))


@both_doors
@pytest.mark.parametrize("size", [SMALL, SMALL + 1, LONG, LONG + 1, dialect.MAX_BODY])
def test_bodies_of_every_way_of_reading_are_taken(house: World, shop: Shop, size: int) -> None:
    assert house.post(shop, body().ljust(size)).status_code == 202


@both_doors
def test_a_dialect_that_takes_more_is_known_before_the_body_is_refused(
    house: World, shop: Shop
) -> None:
    """Also when this process has seen the shop with a dialect that takes less."""
    long = AWIN.ljust(MAX_BODY)
    assert house.post(shop, body()).status_code == 202
    problem(house.post(shop, long), 413, "too_large")
    with unit_of_work(house.tools.engine) as session:
        speak(session, shop.id, "awin")
    assert house.post(shop, long).status_code == 202
    assert house.post(shop, long.ljust(MAX_BODY + 1)).status_code == 413
    assert len(stored(house, shop)) == 2


def test_503_when_there_is_no_room_for_a_body_and_small_ones_pass(world: World) -> None:
    shop, by = world.shop(), cramped(world, room=100_000)
    refused = post(by, shop, body().ljust(100_001))
    problem(refused, 503, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Connection"] == "close"
    for size in (SMALL, 100_000, 100_000):
        assert post(by, shop, body().ljust(size)).status_code == 202
    assert len(stored(world, shop)) == 3


def test_room_is_not_lost_to_those_who_are_refused(world: World) -> None:
    shop, by = world.shop(), cramped(world, room=dialect.MAX_BODY)
    for raw in (b"{".ljust(dialect.MAX_BODY), body().ljust(dialect.MAX_BODY + 1)):
        for _ in range(3):
            assert post(by, shop, raw).status_code in (400, 413)
            forged = headers(b"not the key", raw)
            assert by.post("/webhooks/nobody", data=raw, headers=forged).status_code in (404, 413)
    assert post(by, shop, body().ljust(dialect.MAX_BODY)).status_code == 202
    assert send(world, shop.slug, body(), {}).status_code == 415
