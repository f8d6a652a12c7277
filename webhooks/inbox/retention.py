"""Letting old raw bytes go, a month at a time, without holding anybody up.

Run as the schema's owner, each statement by itself: a partition is detached CONCURRENTLY, which
waits for those who are reading and makes nobody wait. What is not settled yet loses nothing: its
bytes are carried over first. May be killed at any moment and run again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from psycopg.errors import InsufficientPrivilege, LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tracker.kit.database import make_engine
from tracker.kit.errors import Conflict, Forbidden
from tracker.kit.logs import log

KEEP_MONTHS = 13
"""Besides the present month: a year, and one month for those who are late."""

LOCK_TIMEOUT = "5s"
"""How long to wait for those who have been reading since before."""

_LOG = log("inbox")


class MonthInUse(Conflict):
    """Somebody has been reading the inbox for long: what was begun is finished the next time."""

    code = "month_in_use"


class PruningAlready(Conflict):
    """Somebody else is pruning the inbox."""

    code = "pruning_already"


class NotTheOwner(Forbidden):
    """DATABASE_OWNER_URL has to log in as the owner of the schema."""

    code = "not_the_owner"


@dataclass(frozen=True, slots=True)
class Month:
    """A month of raw bytes that is to go, or has gone."""

    month: str
    bytes: int
    """On the disk, indexes and all."""
    unsettled: int
    """Events that wait or are parked: their bytes are carried over."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go."""

    months: list[Month]
    settled: int
    """Bodies once carried over whose events have been settled since."""
    conflicts: int
    """Other bodies under an id that was used before."""


@dataclass(frozen=True, slots=True)
class _Part:
    table: str
    month: date
    is_attached: bool
    is_pending: bool
    """Its detaching was begun and cut off."""
    bytes: int


def prune(
    owner_url: str,
    keep_months: int,
    now: datetime,
    *,
    dry_run: bool = False,
    lock_timeout: str = LOCK_TIMEOUT,
) -> Pruned:
    """Let raw bytes go that are older than the present month and ``keep_months`` before it, and
    what was counted at the door and came in trials until then.

    Months are UTC's, of the moment at which an event was received; one that is not over by the
    database's clock stays, whatever ``now`` says. Raises MonthInUse, PruningAlready, NotTheOwner.
    """
    before = _months_back(now, keep_months)
    engine = make_engine(owner_url, role=None)
    try:
        with _alone(engine, lock_timeout) as connection:
            return _prune(
                engine, connection, before, lock_timeout=None if dry_run else lock_timeout
            )
    except DBAPIError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise MonthInUse from error
        if isinstance(error.orig, InsufficientPrivilege):
            raise NotTheOwner from error
        raise
    finally:
        engine.dispose()


def _prune(
    engine: Engine, connection: Connection, before: date, *, lock_timeout: str | None
) -> Pruned:
    months = []
    for part in _parts(connection, before):
        unsettled = connection.execute(_UNSETTLED, {"month": part.month}).scalar_one()
        months.append(Month(f"{part.month:%Y-%m}", part.bytes, unsettled))
        if lock_timeout:
            _let_go(engine, connection, part, lock_timeout)
    statements = (_DELETE_SETTLED, _DELETE_CONFLICTS)
    if not lock_timeout:
        statements = (_COUNT_SETTLED, _COUNT_CONFLICTS)
    else:
        for statement in (_DELETE_COUNTS, _DELETE_TRIALS):
            connection.execute(statement, {"before": before})
    settled, conflicts = (connection.scalar(one, {"before": before}) or 0 for one in statements)
    return Pruned(months, settled, conflicts)


def _months_back(now: datetime, months: int) -> date:
    """The first day of the oldest month that stays."""
    here = now.astimezone(UTC)
    year, month = divmod(here.year * 12 + here.month - 1 - months, 12)
    return date(year, month + 1, 1)


@contextmanager
def _alone(engine: Engine, lock_timeout: str) -> Iterator[Connection]:
    """A connection on which each statement is its own transaction; one such at a time."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(_PATIENCE, {"timeout": lock_timeout, "is_local": False})
        if not connection.scalar(_LOCK):
            raise PruningAlready
        yield connection


def _parts(connection: Connection, before: date) -> list[_Part]:
    """The months before, the oldest first; also those that a pruning that was cut off has detached
    and not dropped."""
    parts = [_Part(**row._asdict()) for row in connection.execute(_PARTS)]
    return [part for part in parts if part.month < before]


def _let_go(engine: Engine, connection: Connection, part: _Part, lock_timeout: str) -> None:
    carry_over = text(_CARRY_OVER.format(table=part.table))
    # Before it is gone, so that whoever looks in the meantime finds them.
    connection.execute(carry_over, {"month": part.month})
    if part.is_attached:
        how = "FINALIZE" if part.is_pending else "CONCURRENTLY"
        connection.execute(text(_DETACH.format(table=part.table, how=how)))
    with engine.begin() as last:
        last.execute(_PATIENCE, {"timeout": lock_timeout, "is_local": True})
        # Again: what was discarded could be taken up until it was detached.
        last.execute(carry_over, {"month": part.month})
        last.execute(text(_DROP.format(table=part.table)))
    _LOG.info("month_pruned", table=part.table, bytes=part.bytes)


_PATIENCE = text("SELECT set_config('lock_timeout', :timeout, :is_local)")

_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('inbox_prune', 0))")

_PARTS = text("""
    SELECT relname AS table, to_date(right(relname, 7), 'YYYY_MM') AS month,
           relispartition AS is_attached, coalesce(inhdetachpending, false) AS is_pending,
           pg_total_relation_size(pg_class.oid) AS bytes
    FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
      AND relname ~ '^inbox_bodies_[0-9]{4}_[0-9]{2}$'
      AND to_date(right(relname, 7), 'YYYY_MM') < date_trunc('month', now() AT TIME ZONE 'UTC')
    ORDER BY relname
""")

_UNSETTLED = text("""
    SELECT count(*) FROM inbox_events
    WHERE (state = 'waiting' OR state = 'parked')
      AND received_at >= CAST(:month AS date)::timestamp AT TIME ZONE 'UTC'
      AND received_at < (CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'
""")

_CARRY_OVER = """
    INSERT INTO inbox_bodies_kept (event_id, body)
    SELECT event_id, body
    FROM {table} JOIN inbox_events ON inbox_events.id = event_id
    WHERE (state = 'waiting' OR state = 'parked')
      AND inbox_events.received_at >= CAST(:month AS date)::timestamp AT TIME ZONE 'UTC'
      AND inbox_events.received_at < (CAST(:month AS date) + interval '1 month') AT TIME ZONE 'UTC'
    ON CONFLICT DO NOTHING
"""

_DELETE_COUNTS = text("DELETE FROM door_counts WHERE hour < :before")

_DETACH = "ALTER TABLE inbox_bodies DETACH PARTITION {table} {how}"

_DROP = "DROP TABLE {table}"

# Each event is locked first: whoever lets it be tried again does the same, and then looks whether
# its bytes are still there.
_DELETE_SETTLED = text("""
    WITH settled AS (
        SELECT id FROM inbox_events JOIN inbox_bodies_kept ON event_id = id
        WHERE state IN ('done', 'discarded')
          AND received_at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC'
        ORDER BY id FOR UPDATE OF inbox_events
    ), gone AS (
        DELETE FROM inbox_bodies_kept USING settled WHERE event_id = id RETURNING event_id
    )
    SELECT count(*) FROM gone
""")

_DELETE_TRIALS = text("""
    DELETE FROM trial_events
    WHERE received_at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC'
""")

_COUNT_SETTLED = text("""
    SELECT count(*) FROM inbox_events JOIN inbox_bodies_kept ON event_id = id
    WHERE state IN ('done', 'discarded')
      AND received_at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC'
""")

_DELETE_CONFLICTS = text("""
    WITH gone AS (
        DELETE FROM inbox_conflicts
        WHERE received_at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC'
        RETURNING event_id
    )
    SELECT count(*) FROM gone
""")

_COUNT_CONFLICTS = text("""
    SELECT count(*) FROM inbox_conflicts
    WHERE received_at < CAST(:before AS date)::timestamp AT TIME ZONE 'UTC'
""")
