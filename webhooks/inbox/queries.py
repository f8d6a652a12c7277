"""Reads of the inbox."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import func, literal_column, select, text
from sqlalchemy.orm import Session

from webhooks.inbox.models import EventState, InboxConflict, InboxEvent, ParkedReason
from webhooks.inbox.work import Event

_STREAM = 2_000


def standing(session: Session) -> dict[str, Any]:
    """How many events are in each state, how old the oldest unhandled one is (seconds), and how
    many bodies were kept aside because their webhook-id was used before."""
    rows = session.execute(select(InboxEvent.state, func.count()).group_by(InboxEvent.state))
    counts = dict(rows.all())
    reasons = session.execute(
        select(InboxEvent.parked_reason, func.count())
        .where(InboxEvent.state == EventState.PARKED)
        .group_by(InboxEvent.parked_reason)
    )
    return {
        "waiting": counts.get(EventState.WAITING, 0),
        "done": counts.get(EventState.DONE, 0),
        "parked": counts.get(EventState.PARKED, 0),
        "parked_by_reason": {str(reason): count for reason, count in reasons},
        "oldest_waiting_seconds": oldest_waiting(session),
        "conflicts": session.scalar(select(func.count()).select_from(InboxConflict)) or 0,
    }


def oldest_waiting(session: Session) -> float | None:
    """The age in seconds of the oldest event that is not handled yet; None when there is none."""
    age = session.scalar(_OLDEST)
    return None if age is None else round(float(age), 3)


def readiness(session: Session) -> dict[str, float]:
    """How many events wait, the age in seconds of the oldest, and how many are parked."""
    return {
        "inbox_waiting": _count(session, EventState.WAITING),
        "inbox_oldest_seconds": oldest_waiting(session) or 0,
        "inbox_parked": _count(session, EventState.PARKED),
    }


def _count(session: Session, state: EventState) -> int:
    # Written out, because only then does the planner see the partial indexes.
    query = select(func.count()).where(InboxEvent.state == literal_column(f"'{state}'"))
    return session.scalar(query) or 0


def gauges(session: Session) -> dict[str, float]:
    """The inbox in figures for monitoring."""
    found = standing(session)
    return {
        "inbox_waiting": found["waiting"],
        "inbox_parked": found["parked"],
        "inbox_conflicts": found["conflicts"],
        "inbox_oldest_seconds": found["oldest_waiting_seconds"] or 0,
    }


def events(
    session: Session,
    *,
    state: EventState | None,
    reason: ParkedReason | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[InboxEvent]:
    """Events in the order they came in."""
    query = select(InboxEvent).where(InboxEvent.id > after).order_by(InboxEvent.id).limit(limit)
    if state is not None:
        query = query.where(InboxEvent.state == state)
    if reason is not None:
        query = query.where(InboxEvent.parked_reason == reason)
    return list(session.scalars(query))


def parked_among(session: Session, ids: Collection[int]) -> set[int]:
    """Those of the ids that are of parked events."""
    query = select(InboxEvent.id).where(
        InboxEvent.id.in_(list(ids)), InboxEvent.state == EventState.PARKED
    )
    return set(session.scalars(query))


def handled(session: Session) -> Iterator[Event]:
    """Every handled event with its raw bytes, in flat memory."""
    rows = session.execute(
        select(
            InboxEvent.id,
            InboxEvent.shop_id,
            InboxEvent.webhook_id,
            InboxEvent.body,
            InboxEvent.received_at,
            InboxEvent.attempts,
        )
        .where(InboxEvent.state == EventState.DONE)
        .order_by(InboxEvent.id)
        .execution_options(yield_per=_STREAM)
    )
    return (Event(**row) for row in rows.mappings())


_OLDEST = text("""
    SELECT extract(epoch FROM clock_timestamp() - received_at)
    FROM inbox_events WHERE state = 'waiting' ORDER BY id LIMIT 1
""")
