"""docs/webhooks.md is true: its commands are run, its bodies sent, its answers provoked."""

import json
import runpy
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from partners.shops.rules import ShopStatus
from sandbox.servers import EmbeddedServers
from tests.docs.pages import Block, blocks, code, matches, page, table, tables
from tests.docs.served import Answer, Served, serving
from tests.world import Shop, World, confirmed, created, day
from tracker.kit.errors import TrackerError
from tracker.kit.money import MAX_KOPECKS, format_rubles
from tracker.kit.runtime import Runtime
from tracker.kit.settings import Settings, load_settings
from tracker.kit.strict_json import MAX_DEPTH, MAX_DIGITS
from webhooks import signatures
from webhooks.adapters import native
from webhooks.signatures import sign
from webhooks.wire import reading
from webhooks.wire.dialect import MAX_BODY

PAGE = page("webhooks.md")
URL_SHOWN = "http://127.0.0.1:8000"
CLICK_SHOWN = "clk_7Vd0bVvXkJ4mFQm3l2T9xA"
KINDS = ("created", "updated", "returned", "confirmed", "cancelled")


@pytest.fixture(scope="module")
def served(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The product, served."""
    with serving(servers, tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def settings(served: Served) -> Settings:
    """Those of the served product, so that `tools` and `world` see what it sees."""
    return load_settings(served.stack.environ, served.stack.data)


def test_a_reader_who_follows_the_page_sees_what_it_shows(
    served: Served, world: World, tmp_path: Path
) -> None:
    shown = [one for one in blocks(PAGE) if one.language in ("sh", "text")]
    commands = [one.text.replace(URL_SHOWN, served.stack.url) for one in shown if is_run(one)]
    outputs = iter(served.bash(commands, tmp_path))
    for one, following in zip(shown, [*shown[1:], None], strict=True):
        if is_run(one):
            got = next(outputs)
            expected = following.text if following and not is_run(following) else ""
            assert matches(expected, got), f"{one.text}\nprinted\n{got}"
    assert world.differences() == []


def is_run(block: Block) -> bool:
    return block.language == "sh"


def test_every_event_shown_is_accepted_and_booked(served: Served, world: World) -> None:
    bodies = [one for one in blocks(PAGE) if one.text.startswith('{"type": "purchase.')]
    assert {one.heading for one in bodies} == {f"`purchase.{kind}`" for kind in KINDS}
    shop, member = world.shop("events"), world.member()
    click = world.click(member, shop)
    for number, one in enumerate(bodies):
        body = one.text.replace(CLICK_SHOWN, click)
        assert served.send(shop, body, f"event-{number}")[0] == 202, body
    world.work()
    states = "SELECT DISTINCT state FROM inbox_events WHERE shop_id = :shop"
    assert [row.state for row in world.query(states, shop=shop.id)] == ["done"]
    (first,) = world.query("SELECT * FROM purchases WHERE order_id = '536365'")
    assert first.status == "confirmed"
    assert first.confirmed_cashback == (102_000 + 203_400 - 67_800) // 10
    assert world.differences() == []


def test_every_answer_is_as_shown(served: Served, tools: Runtime, world: World) -> None:
    shop, left = world.shop("answers"), world.shop("left-us", status=ShopStatus.LEFT)
    event = json.dumps(confirmed("A-1", at=day(1)))
    assert [
        served.send(shop, event, "msg-1"),
        served.send(shop, event, "msg-1"),
        served.send(shop, '{"type": "purchase.created",}', "msg-2"),
        served.send(shop, event, "msg-2", webhook_signature="v1,AAAA"),
        served.send(replace(shop, slug="nowhere"), event, "msg-2"),
        served.send(shop, event, "msg-2", method="PUT"),
        served.send(shop, event + " ", "msg-1"),
        served.send(left, event, "msg-2"),
        served.send(shop, b" " * (MAX_BODY + 1), "msg-2"),
        served.send(shop, event, "msg-2", content_encoding="gzip"),
        served.send(shop, with_two_faults(), "msg-2"),
        too_fast(tools, shop),
        without_database(served, shop, event),
    ] == answers_shown()


def test_the_table_of_answers_names_every_answer_shown() -> None:
    rows = {int(row["status"]): code(row["`code`"]) for row in table(PAGE, "Answers").rows}
    shown = {status: [body["code"]] if "code" in body else [] for status, body in answers_shown()}
    assert rows == shown | {500: ["unexpected_error"]}


def answers_shown() -> list[Answer]:
    """The bodies under "Answers", by status."""
    (shown,) = [one.text for one in blocks(PAGE) if one.language == "http"]
    pairs = [entry.split("\n", 1) for entry in shown.strip().split("\n\n")]
    return [(int(status), json.loads(body)) for status, body in pairs]


def with_two_faults() -> str:
    event = created("A-1", None, 10)
    del event["data"]["order_id"]
    event["data"]["lines"][0]["quantity"] = 0
    return json.dumps(event)


def too_fast(tools: Runtime, shop: Shop) -> Answer:
    """The answer to a shop that may send once a second and sends more often."""
    slow = World(replace(tools, settings=replace(tools.settings, webhook_rate=1)))
    answers = [
        slow.post(shop, confirmed("A-1", at=day(1)), webhook_id=f"fast-{number}")
        for number in range(10)
    ]
    refused = next(one for one in answers if one.status_code not in (200, 202))
    assert refused.headers["Retry-After"] == "1"
    return refused.status_code, refused.get_json()


def without_database(served: Served, shop: Shop, event: str) -> Answer:
    with served.without_database():
        return served.send(shop, event, "msg-2")


def test_the_vectors_are_what_our_code_and_the_library_make() -> None:
    (vectors,) = [one.text for one in blocks(PAGE) if one.heading == "Test vectors"]
    for one in json.loads(vectors):
        key = b64decode(one["secret"].removeprefix("whsec_"))
        assert sign(key, one["id"], one["timestamp"], one["body"].encode()) == one["signature"]
        moment = datetime.fromtimestamp(int(one["timestamp"]), UTC)
        assert Webhook(one["secret"]).sign(one["id"], moment, one["body"]) == one["signature"]


@pytest.mark.parametrize("heading", ["In Python, with the library", "In Python, without it"])
def test_the_samples_in_python_work(
    heading: str, served: Served, world: World, tmp_path: Path
) -> None:
    (sample,) = [one.text for one in blocks(PAGE) if one.heading == heading]
    (tmp_path / "sample.py").write_text(sample)
    send = runpy.run_path(str(tmp_path / "sample.py"))["send"]
    shop = world.shop(f"sample-{len(heading)}")
    url = f"{served.stack.url}/webhooks/{shop.slug}"
    secret = "whsec_" + b64encode(shop.secret).decode()
    event = created("заказ-1", None, 10)
    assert [send(url, secret, "msg-1", event) for _ in range(2)] == [202, 200]
    assert send(url, "whsec_AAAA", "msg-2", event) == 401


def test_amounts_and_moments_are_right_and_wrong_as_the_tables_say() -> None:
    sums, moments = [one for one in tables(PAGE) if one.heading == "Amounts and moments"]
    for row in sums.rows:
        for shown in code(row["1"]):
            assert is_taken(shown, "data", "lines", 0, "amount") == (row["0"] == "right"), shown
    for row in moments.rows:
        for shown in code(row["1"]):
            assert is_taken(shown, "timestamp") == (row["0"] == "right"), shown


def is_taken(shown: str, *path: str | int) -> bool:
    """Whether an event is read in which one field says what is shown."""
    event: Any = created("A-1", None, 10)
    inner = event
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = json.loads(shown)
    try:
        native.read(json.dumps(event).encode())
    except TrackerError:
        return False
    return True


def test_the_limits_are_those_of_the_code() -> None:
    limits = {row["0"]: row["1"] for row in table(PAGE, "Limits").rows}
    assert limits["body"].startswith(f"{MAX_BODY // 1024} KiB ({MAX_BODY:,} bytes)")
    assert limits["`lines`"].startswith(f"1 to {reading.MAX_ITEMS:,} ")
    ids = "`order_id`, `line_id`, `return_id`, `click_id`"
    assert limits[ids].startswith(f"1 to {reading.MAX_ID_BYTES} bytes")
    assert limits["`webhook-id`"].startswith(f"1 to {signatures.MAX_ID_BYTES} ")
    assert limits["`sku`, `category`, `reason`"] == f"up to {reading.MAX_TEXT} characters"
    assert limits["`quantity`"] == f"1 to {reading.MAX_QUANTITY:,}"
    assert limits["`amount`"] == f'`"0"` to `"{format_rubles(MAX_KOPECKS)}"`'
    assert limits["clock"].startswith(f"{signatures.TOLERANCE.seconds // 60} minutes")
    assert limits["nesting, digits"].startswith(f"{MAX_DEPTH} levels, {MAX_DIGITS} digits")
