"""A batch is written by one statement, and each event in it hears its own outcome."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.world import Shop, World
from tracker.kit.database import make_engine
from webhooks.errors import WebhookIdReused
from webhooks.inbox.writer import Incoming, Outcome, Stored, Writer


@pytest.fixture
def writer(world: World) -> Iterator[Writer]:
    made = Writer(world.tools.engine)
    yield made
    made.close()


@pytest.fixture
def event(world: World) -> Incoming:
    """An event such as others are made from."""
    return event_of(world, world.shop())


def event_of(world: World, shop: Shop) -> Incoming:
    (row,) = world.query("SELECT door_version FROM shops WHERE id = :id", id=shop.id)
    return Incoming(shop.id, row.door_version, "msg", None, "json", True, b"{1}")


def stored(world: World) -> dict[str, bytes]:
    sql = "SELECT webhook_id, body FROM inbox_events JOIN inbox_bodies ON event_id = id"
    return {row.webhook_id: bytes(row.body) for row in world.query(sql)}


def kinds(outcomes: list[Outcome]) -> list[Stored | type[Exception]]:
    return [type(one) if isinstance(one, Exception) else one for one in outcomes]


def test_all_that_is_known_of_an_event_is_kept(
    world: World, writer: Writer, event: Incoming
) -> None:
    sql = "INSERT INTO shop_dialects (shop_id, dialect) VALUES (:shop, 'awin') RETURNING id"
    dialect = world.query(sql, shop=event.shop_id)[0].id
    other = replace(event, webhook_id="next", dialect_id=dialect, shape="xml", trusted=False)
    assert writer.write([event, other]) == [Stored.ACCEPTED] * 2
    first, second = world.query("SELECT * FROM inbox_events ORDER BY id")
    assert (first.dialect_id, first.shape, first.trusted) == (None, "json", True)
    assert (second.dialect_id, second.shape, second.trusted) == (dialect, "xml", False)
    assert {one.state for one in (first, second)} == {"waiting"}
    assert (bytes(first.sha256), first.size) == (hashlib.sha256(b"{1}").digest(), 3)
    bodies = world.query("SELECT event_id, received_at FROM inbox_bodies ORDER BY event_id")
    assert bodies == [(one.id, one.received_at) for one in (first, second)]


def test_each_hears_its_own_outcome(world: World, writer: Writer, event: Incoming) -> None:
    left = replace(event, webhook_id="left", version=event.version - 1)
    nobody = replace(event, shop_id=10_000)
    writer.write([event])
    outcomes = writer.write(
        [
            replace(event, webhook_id="b"),
            event,
            left,
            replace(event, body=b"{2}"),
            nobody,
            replace(event, webhook_id="a"),
        ]
    )
    assert kinds(outcomes) == [
        Stored.ACCEPTED,
        Stored.DUPLICATE,
        Stored.DOOR_CHANGED,
        WebhookIdReused,
        Stored.DOOR_CHANGED,
        Stored.ACCEPTED,
    ]
    assert stored(world) == dict.fromkeys(("msg", "a", "b"), b"{1}")
    assert world.query("SELECT body FROM inbox_conflicts") == [(b"{2}",)]


def test_of_several_with_one_key_the_first_is_stored(
    world: World, writer: Writer, event: Incoming
) -> None:
    outcomes = writer.write([event, event, replace(event, body=b"{2}"), event])
    assert kinds(outcomes) == [
        Stored.ACCEPTED,
        Stored.DUPLICATE,
        WebhookIdReused,
        Stored.DUPLICATE,
    ]
    assert stored(world) == {"msg": b"{1}"}


def test_the_same_id_of_two_shops_is_two_events(
    world: World, writer: Writer, event: Incoming
) -> None:
    other = event_of(world, world.shop("other"))
    assert writer.write([event, other]) == [Stored.ACCEPTED] * 2


@pytest.mark.parametrize("webhook_id", ["nul\0", "half of a pair \ud800"], ids=["nul", "surrogate"])
def test_what_postgresql_cannot_take_fails_alone(
    world: World, writer: Writer, event: Incoming, webhook_id: str
) -> None:
    bad = replace(event, webhook_id=webhook_id)
    good = [replace(event, webhook_id=f"msg_{number}") for number in range(3)]
    outcomes = writer.write([good[0], bad, *good[1:]])
    assert outcomes[:1] + outcomes[2:] == [Stored.ACCEPTED] * 3
    assert isinstance(outcomes[1], Exception)
    assert stored(world).keys() == {one.webhook_id for one in good}


def test_a_large_batch_and_large_bodies(world: World, writer: Writer, event: Incoming) -> None:
    batch = [replace(event, webhook_id=f"msg_{number}") for number in range(1_000)]
    batch.append(replace(event, body=b"x" * 8 * 1024 * 1024))
    assert set(writer.write(batch)) == {Stored.ACCEPTED}
    assert set(writer.write(batch)) == {Stored.DUPLICATE}
    assert len(stored(world)) == 1_001


def test_a_connection_that_the_server_has_closed_is_replaced(
    world: World, writer: Writer, event: Incoming
) -> None:
    writer.write([event])
    (connection,) = writer._idle
    world.query("SELECT pg_terminate_backend(:pid)", pid=connection.info.backend_pid)
    while not world.query(
        "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)",
        pid=connection.info.backend_pid,
    ):
        pass
    assert writer.write([replace(event, webhook_id="next")]) == [Stored.ACCEPTED]


def test_who_is_away_is_told_as_the_engine_tells_it(writer: Writer, event: Incoming) -> None:
    nowhere = Writer(make_engine("postgresql://nobody@127.0.0.1:1/nothing"))
    with pytest.raises(OperationalError):
        nowhere.write([event, event])


def test_a_month_without_a_partition_gets_one_and_loses_nothing(
    world: World, writer: Writer, event: Incoming
) -> None:
    parts = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1"
    before = world.query(parts)
    for part in before:
        world.change_as_owner(f"DROP TABLE {part.relname}")
    assert writer.write([event]) == [Stored.ACCEPTED]
    assert stored(world) == {"msg": b"{1}"}
    assert world.query(parts) == before[:1]


def test_a_statement_that_hangs_is_given_up(world: World, event: Incoming) -> None:
    hurried = make_engine(world.tools.settings.database_url, patience=1)
    writer = Writer(hurried)
    with world.tools.engine.begin() as other:
        other.execute(text("LOCK TABLE inbox_bodies IN ROW EXCLUSIVE MODE"))
        other.execute(text("SELECT FROM shops WHERE id = :id FOR UPDATE"), {"id": event.shop_id})
        with pytest.raises(OperationalError, match="statement timeout"):
            writer.write([event])
    assert stored(world) == {}
    assert writer.write([event]) == [Stored.ACCEPTED]
    hurried.dispose()
    assert not writer._idle
