"""Writing events down: one statement and one COMMIT for as many as are given.

Knows nothing of threads or of an event loop: whoever gathers the events that come at the same time
calls it, from one thread at a time or from several.
"""

import hashlib
import os
import select
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.types.numeric import Int8BinaryDumper
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from tracker.kit.database import AWAY
from tracker.kit.logs import log
from webhooks.errors import WebhookIdReused

_LOG = log("inbox")


@dataclass(frozen=True, slots=True)
class Incoming:
    """An event that was let in, as it is to be kept."""

    shop_id: int
    version: int
    """Of the shop's door, by which it was let in."""
    webhook_id: str
    dialect_id: int | None
    """The shop's setting by which it is to be read; None for our own dialect."""
    shape: str
    """One of ``models.SHAPES``."""
    trusted: bool
    body: bytes


class Stored(StrEnum):
    """What became of an attempt to store."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    DOOR_CHANGED = "door_changed"
    """Nothing was stored: the shop's secrets or status are not what they were thought to be."""


Outcome = Stored | Exception
"""What became of one event; WebhookIdReused when its id was used for another body, which is kept
aside, or what was wrong with this event alone."""

_Key = tuple[int, str]


class Writer:
    """The way into the inbox. Holds connections of its own, one for each thread that is writing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[psycopg.Connection] = deque()
        self._process = os.getpid()
        event.listen(engine, "engine_disposed", lambda _: self.close())

    def write(self, batch: Sequence[Incoming]) -> list[Outcome]:
        """Keep events for good, durable on return; what became of each, in their order.

        Of several with one key, the first is stored and the others are compared with it. An event
        that PostgreSQL cannot take (a NUL in its id) fails alone. Raises what ``AWAY`` names when
        the database is away: then nothing is known of any of them, and sending them again is
        harmless.
        """
        try:
            return self._write(batch)
        except AWAY:
            raise
        except Exception as error:
            if len(batch) == 1:
                return [error]
            return [outcome for one in batch for outcome in self.write([one])]

    def close(self) -> None:
        """Close the connections that are idle, as when the engine is disposed of. In a forked
        process they are the parent's, and are let go of."""
        while self._idle:
            connection = self._idle.pop()
            if os.getpid() == self._process:
                connection.close()

    def _write(self, batch: Sequence[Incoming]) -> list[Outcome]:
        places: dict[_Key, int] = {}
        for place, one in enumerate(batch):
            places.setdefault((one.shop_id, one.webhook_id), place)
        firsts = batch if len(places) == len(batch) else [batch[place] for place in places.values()]
        with self._connection() as connection:
            fresh = _insert(connection, firsts)
            if fresh.rowcount == len(batch):
                return [Stored.ACCEPTED] * len(batch)
            accepted = {places[key] for key in fresh}
            others = [place for place in range(len(batch)) if place not in accepted]
            known = _look_up(connection, [batch[place] for place in others])
        outcomes: list[Outcome] = [Stored.ACCEPTED] * len(batch)
        for place, outcome in zip(others, known, strict=True):
            outcomes[place] = outcome
        return outcomes

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        """A connection that nobody else uses; closed when anything goes wrong with it."""
        try:
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as error:
            # As the engine would have told it, so that edges need to know one kind of error.
            raise DBAPIError.instance(
                None, None, error, psycopg.Error, hide_parameters=True
            ) from error
        self._idle.append(connection)

    def _take(self) -> psycopg.Connection:
        while self._idle:
            connection = self._idle.pop()
            if not _has_news(connection):
                return connection
            connection.close()
        return _open(self._engine)


def _has_news(connection: psycopg.Connection) -> bool:
    """Whether the server has said something unasked: that it ends the connection, as a rule.

    Costs no round trip, unlike asking it. Who is cut off without a word fails once.
    """
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _open(engine: Engine) -> psycopg.Connection:
    """A connection as the engine makes them, set up for the one statement it is for."""
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    pooled.detach()
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the inbox is written by psycopg")
    connection.autocommit = True
    # Ids and versions have one type whatever their size: the statement is prepared once.
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection


def _insert(connection: psycopg.Connection, batch: Sequence[Incoming]) -> psycopg.Cursor[_Key]:
    """The keys that were not there yet and whose doors are as they were thought to be."""
    try:
        return _store(connection, batch)
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name:
            raise
        # No partition for this month: the workers make them in time, if there are any.
        _LOG.error("partition_missing")
        connection.execute(_MAKE_PARTITION)
        return _store(connection, batch)


def _store(connection: psycopg.Connection, batch: Sequence[Incoming]) -> psycopg.Cursor[_Key]:
    columns = (
        [one.shop_id for one in batch],
        [one.version for one in batch],
        [one.webhook_id for one in batch],
        [one.dialect_id or 0 for one in batch],
        [one.shape for one in batch],
        [one.trusted for one in batch],
        [one.body for one in batch],
    )
    rows: psycopg.Cursor[Any] = connection.execute(_STORE, columns, prepare=True, binary=True)
    return rows


def _look_up(connection: psycopg.Connection, batch: Sequence[Incoming]) -> list[Outcome]:
    """What there is in the way of events that were not stored."""
    hashes = [hashlib.sha256(one.body).digest() for one in batch]
    columns = (
        [one.shop_id for one in batch],
        [one.version for one in batch],
        [one.webhook_id for one in batch],
        hashes,
    )
    outcomes: list[Outcome] = [Stored.DOOR_CHANGED] * len(batch)
    for number, event_id, is_same in connection.execute(_KNOWN, columns, prepare=True):
        place = number - 1
        if is_same:
            outcomes[place] = Stored.DUPLICATE
        else:
            one = batch[place]
            _keep_aside(connection, event_id, hashes[place], one)
            said = f"webhook-id {one.webhook_id!r} came before with another body"
            outcomes[place] = WebhookIdReused(said)
    return outcomes


def _keep_aside(
    connection: psycopg.Connection, event_id: int, sha256: bytes, one: Incoming
) -> None:
    if connection.execute(_KEEP_ASIDE, (event_id, sha256, one.body)).rowcount == 1:
        # The alert to staff: monitoring counts such bodies as well, in inbox_conflicts.
        _LOG.error("webhook_id_reused", shop_id=one.shop_id, event_id=event_id)


# The plan is made once, perhaps while tables are empty, and it has to be right when they are not.
_SETTINGS = (
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)

# In the order of the keys, so that two processes that store the same events do not wait for each
# other in a circle. %b: in PostgreSQL's own binary forms, which cost neither side any reading.
_STORE = """
    WITH given AS MATERIALIZED (
        SELECT given.*
        FROM unnest(%b::bigint[], %b::bigint[], %b::text[], %b::bigint[], %b::text[],
                    %b::boolean[], %b::bytea[])
             AS given (shop_id, version, webhook_id, dialect_id, shape, trusted, body)
        JOIN shops ON shops.id = given.shop_id AND shops.door_version = given.version
    ), fresh AS (
        INSERT INTO inbox_events
            (shop_id, webhook_id, sha256, size, dialect_id, shape, trusted)
        SELECT shop_id, webhook_id, sha256(body), octet_length(body), nullif(dialect_id, 0),
               shape, trusted
        FROM given
        ORDER BY shop_id, webhook_id COLLATE "C"
        ON CONFLICT DO NOTHING
        RETURNING id, shop_id, webhook_id, received_at
    ), written AS (
        INSERT INTO inbox_bodies (event_id, received_at, body)
        SELECT id, received_at, body FROM fresh JOIN given USING (shop_id, webhook_id)
    )
    SELECT shop_id, webhook_id FROM fresh
"""

_KNOWN = """
    SELECT given.number, known.id, known.sha256 = given.sha256
    FROM unnest(%b::bigint[], %b::bigint[], %b::text[], %b::bytea[])
         WITH ORDINALITY AS given (shop_id, version, webhook_id, sha256, number)
    JOIN shops ON shops.id = given.shop_id AND shops.door_version = given.version
    JOIN inbox_events AS known
         ON known.shop_id = given.shop_id AND known.webhook_id = given.webhook_id
"""

_KEEP_ASIDE = """
    INSERT INTO inbox_conflicts (event_id, sha256, body) VALUES (%b, %b, %b)
    ON CONFLICT DO NOTHING
"""

_MAKE_PARTITION = "SELECT inbox_make_partition((now() AT TIME ZONE 'UTC')::date)"
