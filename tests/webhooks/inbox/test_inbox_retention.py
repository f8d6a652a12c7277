"""Raw bytes go by the month; what was seen stays known, what is unsettled keeps its bytes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.webhooks.inbox.test_inbox_store import until
from tests.webhooks.letters import body
from tests.world import Shop, World
from tracker.kit.database import snapshot, unit_of_work
from webhooks.errors import WebhookIdReused
from webhooks.inbox.cli import prune_inbox
from webhooks.inbox.models import ParkedReason
from webhooks.inbox.queries import event_with_body, handled
from webhooks.inbox.retention import (
    MonthInUse,
    NotTheOwner,
    Pruned,
    PruningAlready,
    prune,
)
from webhooks.inbox.store import Inbox, Incoming, Stored
from webhooks.inbox.work import claim, discard, finish, park, retry
from webhooks.proof import prove

OLD = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)
"""The month of all that is pruned here."""
NOW = datetime(2024, 4, 30, tzinfo=UTC)
WHY = (ParkedReason.KEEPS_FAILING, "because")
NAMES = ("done", "waiting", "parked", "discarded")


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop()


@pytest.fixture
def events(world: World, shop: Shop) -> dict[str, int]:
    """One event of an old month in each state, by its webhook-id, which is its state."""
    for month, after in (("2024-02", "2024-03"), ("2024-03", "2024-04")):
        world.change_as_owner(
            f"CREATE TABLE inbox_bodies_{month.replace('-', '_')} PARTITION OF inbox_bodies"
            f" FOR VALUES FROM ('{month}-01 00:00+00') TO ('{after}-01 00:00+00')"
        )
    ids = dict(zip(NAMES, world.store(shop, {name: raw(name) for name in NAMES}, OLD), strict=True))
    with unit_of_work(world.tools.engine) as session:
        fence = claim(session, 9).fence
        finish(session, fence, [ids["done"]])
        park(session, fence, {ids[name]: WHY for name in ("parked", "discarded")})
        discard(session, [ids["discarded"]])
        session.execute(text("UPDATE inbox_events SET attempts = 0, lease_until = NULL"))
    return ids


def raw(name: str) -> bytes:
    return b'{"of": "%s"}' % name.encode()


def incoming(shop: Shop, world: World, webhook_id: str, raw_body: bytes) -> Incoming:
    (row,) = world.query("SELECT door_version FROM shops WHERE id = :id", id=shop.id)
    return Incoming(shop.id, row.door_version, webhook_id, None, "json", True, raw_body)


def inbox(world: World) -> Inbox:
    return Inbox(world.tools.engine, lambda: None)


def pruned(world: World, keep_months: int = 1, lock_timeout: str = "5s") -> Pruned:
    url = world.tools.settings.database_owner_url
    return prune(url, keep_months, NOW, lock_timeout=lock_timeout)


def bodies(world: World, events: dict[str, int]) -> dict[str, bytes]:
    with unit_of_work(world.tools.engine) as session:
        found = {name: event_with_body(session, event) for name, event in events.items()}
    return {name: one[1] for name, one in found.items() if one and one[1] is not None}


def months(world: World) -> list[str]:
    sql = "SELECT right(relname, 7) AS month FROM pg_class WHERE relname ~ '^inbox_bodies_20..'"
    return [row.month for row in world.query(sql + " AND relkind = 'r' ORDER BY 1")]


def test_what_is_not_settled_keeps_its_bytes(world: World, events: dict[str, int]) -> None:
    (month,) = pruned(world).months
    assert (month.month, month.unsettled) == ("2024-02", 2)
    assert "2024_02" not in months(world)
    assert "2024_03" in months(world)
    assert bodies(world, events) == {name: raw(name) for name in ("waiting", "parked")}
    with unit_of_work(world.tools.engine) as session:
        done = retry(session, list(events.values()))
        assert done == {events["parked"]: "parked"}, "the discarded one has no bytes"
        claimed = claim(session, 9)
    assert {event.body for event in claimed.events} == {raw("waiting"), raw("parked")}


def test_what_was_carried_over_goes_once_it_is_settled(
    world: World, events: dict[str, int]
) -> None:
    pruned(world)
    with unit_of_work(world.tools.engine) as session:
        claimed = claim(session, 9)
        finish(session, claimed.fence, [event.id for event in claimed.events])
    assert (pruned(world).months, pruned(world).settled) == ([], 0)
    assert bodies(world, events) == {"parked": raw("parked")}


def test_an_id_that_was_seen_is_never_taken_twice(
    world: World, shop: Shop, events: dict[str, int]
) -> None:
    pruned(world)
    door = inbox(world)
    for name in NAMES:
        assert door.keep(incoming(shop, world, name, raw(name))) is Stored.DUPLICATE
    with pytest.raises(WebhookIdReused):
        door.keep(incoming(shop, world, "done", b"{}"))
    assert world.query("SELECT event_id, body FROM inbox_conflicts") == [(events["done"], b"{}")]


def test_nothing_young_goes_and_neither_does_the_present(
    world: World, events: dict[str, int]
) -> None:
    assert pruned(world, keep_months=2).months == []
    assert bodies(world, events) == {name: raw(name) for name in NAMES}
    far = datetime(2900, 1, 1, tzinfo=UTC)
    present = months(world)[2:]
    prune(world.tools.settings.database_owner_url, 1, far)
    assert months(world) == present
    assert len(present) == 3


def test_conflicts_go_with_their_month(world: World, shop: Shop, events: dict[str, int]) -> None:
    for name, at in (("done", OLD), ("parked", NOW)):
        world.change(
            "INSERT INTO inbox_conflicts VALUES (:event, '\\x00', '{}', :at)",
            event=events[name],
            at=at,
        )
    assert pruned(world).conflicts == 1
    assert world.query("SELECT event_id FROM inbox_conflicts") == [(events["parked"],)]


def test_the_proof_goes_on_with_what_is_left(world: World, events: dict[str, int]) -> None:
    with snapshot(world.tools.engine) as session:
        assert [event.id for part in handled(session) for event in part] == [events["done"]]
        assert [one.what for one in prove(session)] == [f"event {events['done']}"], "it is no event"
    pruned(world)
    with snapshot(world.tools.engine) as session:
        assert [event for part in handled(session) for event in part] == []
        assert list(prove(session)) == []


@contextmanager
def reading(world: World) -> Iterator[None]:
    """Somebody has looked into the inbox, and their transaction goes on."""
    with Session(world.tools.engine) as session:
        session.execute(text("SELECT count(*) FROM inbox_bodies"))
        yield
        session.rollback()


def is_detaching(world: World) -> bool:
    """A month is no longer seen by who comes now, and waits for those who came before."""
    return world.query("SELECT FROM pg_inherits WHERE inhdetachpending") != []


def test_nobody_waits_for_the_pruning(world: World, shop: Shop, events: dict[str, int]) -> None:
    door = inbox(world)
    with ThreadPoolExecutor(1) as pool, reading(world):
        pruning = pool.submit(pruned, world, lock_timeout="60s")
        until(lambda: is_detaching(world))
        assert door.keep(incoming(shop, world, "new", b"{}")) is Stored.ACCEPTED
        assert door.keep(incoming(shop, world, "done", raw("done"))) is Stored.DUPLICATE
        with unit_of_work(world.tools.engine) as session:
            claimed = claim(session, 9)
            assert [event.body for event in claimed.events] == [raw("waiting"), b"{}"]
            finish(session, claimed.fence, [event.id for event in claimed.events])
            assert set(retry(session, [events["parked"]])) == {events["parked"]}
            assert claim(session, 9).events[0].body == raw("parked")
        with pytest.raises(PruningAlready):
            pruned(world)
        assert not pruning.done()
    assert [month.month for month in pruning.result().months] == ["2024-02"]


def test_a_pruning_that_was_cut_off_is_finished_by_the_next(
    world: World, events: dict[str, int]
) -> None:
    with reading(world), pytest.raises(MonthInUse):
        pruned(world, lock_timeout="100ms")
    assert is_detaching(world)
    assert bodies(world, events) == {name: raw(name) for name in ("waiting", "parked")}
    assert [month.month for month in pruned(world).months] == ["2024-02"]
    assert "2024_02" not in months(world)
    assert bodies(world, events) == {name: raw(name) for name in ("waiting", "parked")}


def test_a_month_that_was_detached_and_not_dropped_goes_too(
    world: World, events: dict[str, int]
) -> None:
    world.change_as_owner("ALTER TABLE inbox_bodies DETACH PARTITION inbox_bodies_2024_02")
    assert [month.unsettled for month in pruned(world).months] == [2]
    assert bodies(world, events) == {name: raw(name) for name in ("waiting", "parked")}


def test_who_does_not_own_the_schema_prunes_nothing(world: World, events: dict[str, int]) -> None:
    with pytest.raises(NotTheOwner):
        prune(world.tools.settings.database_url, 1, NOW)
    assert bodies(world, events) == {name: raw(name) for name in NAMES}


def command(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(prune_inbox, list(arguments), obj=lambda: world.tools)


def test_the_command_tells_what_would_go_and_then_what_went(
    world: World, events: dict[str, int]
) -> None:
    asked = ("--keep-months", "1", "--as-of", NOW.isoformat(), "--json")
    told = json.loads(command(world, *asked, "--dry-run").output)
    (month,) = told["months"]
    assert (told["dry_run"], month["month"], month["unsettled"]) == (True, "2024-02", 2)
    assert month["bytes"] > 0
    assert bodies(world, events) == {name: raw(name) for name in NAMES}

    assert json.loads(command(world, *asked).output) == {**told, "dry_run": False}
    assert "none" in command(world, *asked[:-1]).output
    assert command(world, "--keep-months", "0").exit_code == 2
    assert world.post(world.shop("other"), body()).status_code == 202
