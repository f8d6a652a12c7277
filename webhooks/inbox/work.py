"""Claiming events, finishing and parking them. The caller owns the unit of work."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from tracker.kit.errors import Conflict
from tracker.kit.logs import log
from webhooks.inbox.bodies import bodies_of
from webhooks.inbox.models import ParkedReason

LEASE_SECONDS = 30
MAX_ATTEMPTS = 5
MAX_DETAIL = 1_000

CLAIM_BYTES = 8 * 1024 * 1024
"""Of bodies in one worker's hands; what is larger comes alone."""

_LOG = log("inbox")


class LeaseLost(Conflict):
    """The lease was over and another worker has taken the events: nothing of ours may stay."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A stored event with its raw bytes."""

    id: int
    shop_id: int
    webhook_id: str
    body: bytes
    received_at: datetime
    attempts: int
    dialect_id: int | None = None
    """The shop's setting by which it is to be read; None for our own dialect."""
    shape: str = "json"
    trusted: bool = True
    notices_done: int = 0
    """How many of its notices were booked when it was last in hand."""
    parked_detail: str | None = None
    """What was wrong with some of those."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Events in this worker's hands, under one fencing token, until the lease is over."""

    fence: int
    events: tuple[Event, ...]


def claim(session: Session, limit: int) -> Claim:
    """Take the oldest events that nobody ever had in hand: at most ``limit``, and no more than
    CLAIM_BYTES of bodies."""
    return _claim(session, _CLAIM_FRESH, limit=limit, bytes=CLAIM_BYTES)


def claim_suspect(session: Session, before: int | None = None) -> Claim:
    """Take the oldest event that a worker had in hand and did not finish: alone, since it may be
    what that worker died of. ``before``: only among events with smaller ids."""
    return _claim(session, _CLAIM_SUSPECT, before=before)


def _claim(session: Session, statement: TextClause, **values: int | None) -> Claim:
    fence = session.scalar(_NEXT_FENCE)
    taken = session.execute(statement, {"fence": fence, "lease": LEASE_SECONDS, **values})
    rows = sorted(taken.all(), key=lambda row: row.id)
    bodies = bodies_of(session, rows)
    events = []
    for row in rows:
        if row.id not in bodies:
            # Never happens, they say: then it is parked as unreadable, and nobody else is held up.
            _LOG.error("body_missing", event_id=row.id)
        events.append(Event(body=bodies.get(row.id, b""), **row._asdict()))
    return Claim(int(fence or 0), tuple(events))


def finish(session: Session, fence: int, ids: Collection[int]) -> None:
    """These events are handled. Raises LeaseLost, upon which the work must be rolled back."""
    done: Any = session.execute(_FINISH, {"ids": list(ids), "fence": fence})
    if done.rowcount != len(ids):
        raise LeaseLost


def park(session: Session, fence: int, parked: Mapping[int, tuple[ParkedReason, str]]) -> None:
    """Set events aside, each with a reason and a detail. Raises LeaseLost."""
    if not parked:
        return
    values = {
        "ids": list(parked),
        "reasons": [str(reason) for reason, _ in parked.values()],
        "details": [detail[:MAX_DETAIL] for _, detail in parked.values()],
        "fence": fence,
    }
    done: Any = session.execute(_PARK, values)
    if done.rowcount != len(parked):
        raise LeaseLost


def rest(session: Session, fence: int, event_id: int, seconds: int) -> None:
    """Put a failing event back, to be taken up again after a while."""
    session.execute(_REST, {"id": event_id, "fence": fence, "seconds": seconds})


def put_back(
    session: Session, fence: int, event_id: int, notices_done: int, detail: str | None
) -> None:
    """Give back an event of which a portion is booked: its first ``notices_done`` notices.

    ``detail`` is what was wrong with some of them. It can be claimed at once, as if nobody had
    failed over it. Raises LeaseLost.
    """
    kept = detail and detail[:MAX_DETAIL]
    values = {"id": event_id, "fence": fence, "done": notices_done, "detail": kept}
    done: Any = session.execute(_PUT_BACK, values)
    if done.rowcount != 1:
        raise LeaseLost


def retry(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Let parked or discarded events wait for a worker again; returns which did, with the state
    that each was in.

    Not those whose raw bytes were pruned: there is nothing to try.
    """
    # The lock first: then what the next statement sees of the bodies holds for good.
    locked = session.execute(_LOCK_SET_ASIDE, {"ids": list(ids)}).all()
    done = set(session.scalars(_RETRY, {"ids": list(ids)}))
    return {row.id: row.state for row in locked if row.id in done}


def discard(session: Session, ids: Collection[int]) -> set[int]:
    """Nothing is to come of these events; returns which of them were parked until now."""
    return set(session.scalars(_DISCARD, {"ids": list(ids)}))


def is_waiting(session: Session) -> bool:
    """Whether some event waits that nobody has in hand."""
    return bool(session.scalar(_IS_WAITING))


# And for this transaction: in the order of the index, as far as is needed and no further. Where
# little waits, as a rule, the planner expects no more, and would sort a backlog for every chunk.
_NEXT_FENCE = text("""
    SELECT nextval('inbox_fences'), set_config('enable_bitmapscan', 'off', true),
           set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true)
""")

_TAKE = """
    UPDATE inbox_events
    SET fence = :fence, attempts = attempts + 1,
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    WHERE id IN ({found})
    RETURNING id, shop_id, webhook_id, received_at, attempts, dialect_id, shape, trusted,
              notices_done, parked_detail
"""

_CLAIM_FRESH = text(
    _TAKE.format(
        found="""
        SELECT id FROM (
            SELECT id, size, sum(size) OVER (ORDER BY id) AS so_far
            FROM (
                SELECT id, size FROM inbox_events
                WHERE state = 'waiting' AND attempts = 0
                ORDER BY id
                LIMIT :limit
                FOR UPDATE SKIP LOCKED
            ) AS free
        ) AS counted
        WHERE so_far <= :bytes OR so_far = size -- the first comes in any case
        """
    )
)

_CLAIM_SUSPECT = text(
    _TAKE.format(
        found="""
        SELECT id FROM inbox_events
        WHERE state = 'waiting' AND attempts > 0
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
          AND id < coalesce(CAST(:before AS bigint), 9223372036854775807)
        ORDER BY id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        """
    )
)

_FINISH = text("""
    UPDATE inbox_events SET state = 'done', handled_at = clock_timestamp(), lease_until = NULL
    WHERE id = ANY (:ids) AND fence = :fence AND state = 'waiting'
""")

_PARK = text("""
    UPDATE inbox_events
    SET state = 'parked', handled_at = clock_timestamp(), lease_until = NULL,
        parked_reason = given.reason, parked_detail = given.detail
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[]), CAST(:details AS text[]))
         AS given (id, reason, detail)
    WHERE inbox_events.id = given.id AND fence = :fence AND state = 'waiting'
""")

_REST = text("""
    UPDATE inbox_events SET lease_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id = :id AND fence = :fence AND state = 'waiting'
""")

_PUT_BACK = text("""
    UPDATE inbox_events
    SET attempts = 0, lease_until = NULL, notices_done = :done, parked_detail = :detail
    WHERE id = :id AND fence = :fence AND state = 'waiting'
""")

_LOCK_SET_ASIDE = text("""
    SELECT id, state FROM inbox_events WHERE id = ANY (:ids) AND state IN ('parked', 'discarded')
    ORDER BY id FOR UPDATE
""")

_RETRY = text("""
    UPDATE inbox_events
    SET state = 'waiting', attempts = 0, handled_at = NULL, lease_until = NULL, notices_done = 0,
        parked_reason = NULL, parked_detail = NULL
    WHERE id = ANY (:ids) AND state IN ('parked', 'discarded') AND (
        EXISTS (
            SELECT FROM inbox_bodies
            WHERE event_id = inbox_events.id AND received_at = inbox_events.received_at
        ) OR EXISTS (SELECT FROM inbox_bodies_kept WHERE event_id = inbox_events.id)
    )
    RETURNING id
""")

_DISCARD = text("""
    UPDATE inbox_events SET state = 'discarded', handled_at = clock_timestamp()
    WHERE id = ANY (:ids) AND state = 'parked'
    RETURNING id
""")

_IS_WAITING = text("""
    SELECT EXISTS (
        SELECT FROM inbox_events
        WHERE state = 'waiting' AND (lease_until IS NULL OR lease_until < clock_timestamp())
    )
""")
