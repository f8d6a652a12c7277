"""Claiming events, finishing and parking them. The caller owns the unit of work."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from tracker.kit.errors import Conflict
from webhooks.inbox.models import FENCES, ParkedReason

LEASE_SECONDS = 30
MAX_ATTEMPTS = 5


class LeaseLost(Conflict):
    """The lease was over and another worker has taken the events: nothing of ours may stay."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True)
class Event:
    """A claimed event."""

    id: int
    shop_id: int
    webhook_id: str
    body: bytes
    received_at: datetime
    attempts: int
    dialect_id: int | None = None
    shape: str = "json"
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """Events in this worker's hands, under one fencing token, until the lease is over."""

    fence: int
    events: tuple[Event, ...]


def claim(session: Session, limit: int) -> Claim:
    """Take the oldest events that nobody ever had in hand."""
    return _claim(session, _CLAIM_FRESH, limit=limit)


def claim_suspect(session: Session, before: int | None = None) -> Claim:
    """Take the oldest event that a worker had in hand and did not finish: alone, since it may be
    what that worker died of. ``before``: only among events with smaller ids."""
    return _claim(session, _CLAIM_SUSPECT, before=before)


def _claim(session: Session, statement: TextClause, **values: int | None) -> Claim:
    fence = session.scalar(FENCES.next_value())
    rows = session.execute(statement, {"fence": fence, "lease": LEASE_SECONDS, **values})
    events = sorted((Event(**row) for row in rows.mappings()), key=lambda event: event.id)
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
        "details": [detail[:1000] for _, detail in parked.values()],
        "fence": fence,
    }
    done: Any = session.execute(_PARK, values)
    if done.rowcount != len(parked):
        raise LeaseLost


def rest(session: Session, fence: int, event_id: int, seconds: int) -> None:
    """Put a failing event back, to be taken up again after a while."""
    session.execute(_REST, {"id": event_id, "fence": fence, "seconds": seconds})


def retry(session: Session, ids: Collection[int]) -> int:
    """Let parked events wait for a worker again; returns how many there were."""
    done: Any = session.execute(_RETRY, {"ids": list(ids)})
    return int(done.rowcount)


def is_waiting(session: Session) -> bool:
    """Whether some event waits that nobody has in hand."""
    return bool(session.scalar(_IS_WAITING))


_TAKE = """
    UPDATE inbox_events
    SET fence = :fence, attempts = attempts + 1,
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    WHERE id IN ({found})
    RETURNING id, shop_id, webhook_id, body, received_at, attempts
"""

_CLAIM_FRESH = text(
    _TAKE.format(
        found="""
        SELECT id FROM inbox_events
        WHERE state = 'waiting' AND attempts = 0
        ORDER BY id
        LIMIT :limit
        FOR UPDATE SKIP LOCKED
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

_RETRY = text("""
    UPDATE inbox_events
    SET state = 'waiting', attempts = 0, handled_at = NULL, lease_until = NULL,
        parked_reason = NULL, parked_detail = NULL
    WHERE id = ANY (:ids) AND state = 'parked'
""")

_IS_WAITING = text("""
    SELECT EXISTS (
        SELECT FROM inbox_events
        WHERE state = 'waiting' AND (lease_until IS NULL OR lease_until < clock_timestamp())
    )
""")
