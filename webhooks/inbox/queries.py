"""Reads of the inbox."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal_column, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.kit.logs import log
from webhooks.inbox.bodies import bodies_of
from webhooks.inbox.models import EventState, InboxConflict, InboxEvent, ParkedReason
from webhooks.inbox.work import Event

_STREAM = 2_000
_PORTION = 1_000
_PORTION_BYTES = 16 * 1024 * 1024
_LOG = log("inbox")

BUSY = timedelta(minutes=1)
"""An event that has waited for less is on its way: a busy front door always has some."""


def standing(session: Session) -> dict[str, Any]:
    """How many events are in each state, how old the oldest unhandled one is (seconds), and how
    many bodies were kept aside because their webhook-id was used before.

    Those that are done are counted one by one: for a person who asks, not for every scrape.
    """
    reasons = session.execute(
        select(InboxEvent.parked_reason, func.count())
        .where(_is(EventState.PARKED))
        .group_by(InboxEvent.parked_reason)
        .order_by(InboxEvent.parked_reason)
    )
    return {
        **{str(state): _count(session, state) for state in EventState},
        "parked_by_reason": {str(reason): count for reason, count in reasons},
        "oldest_waiting_seconds": oldest_waiting(session),
        "conflicts": _conflicts(session),
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


def unhandled(session: Session, parked_days: int) -> Iterator[str]:
    """What of the inbox ought to be in the books and is not, in sentences: events that have waited
    for more than a minute, as none does that workers get to, and those that have been parked for
    more than some days."""
    late = select(func.count()).where(
        _is(EventState.WAITING), InboxEvent.received_at < func.now() - BUSY
    )
    if waiting := session.scalar(late) or 0:
        said = "1 event has" if waiting == 1 else f"{waiting} events have"
        yield f"{said} waited for more than a minute to be handled"
    too_old = select(func.count()).where(
        _is(EventState.PARKED),
        InboxEvent.received_at < func.now() - timedelta(days=parked_days),
    )
    if parked := session.scalar(too_old) or 0:
        said = "1 event has" if parked == 1 else f"{parked} events have"
        days = "a day" if parked_days == 1 else f"{parked_days} days"
        yield f"{said} been parked for more than {days}"


def gauges(session: Session) -> dict[str, float]:
    """The inbox in figures for monitoring. What is done is not counted: it only ever grows."""
    return {
        **readiness(session),
        "inbox_discarded": _count(session, EventState.DISCARDED),
        "inbox_conflicts": _conflicts(session),
    }


def _count(session: Session, state: EventState) -> int:
    return session.scalar(select(func.count()).select_from(InboxEvent).where(_is(state))) or 0


def _conflicts(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboxConflict)) or 0


def _is(state: EventState) -> ColumnElement[bool]:
    # Written out, because only then does the planner see the partial indexes.
    return InboxEvent.state == literal_column(f"'{state}'")


def search(
    session: Session,
    *,
    shop_id: int | None = None,
    state: EventState | None = None,
    reason: ParkedReason | None = None,
    webhook_ids: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    trusted: bool | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[InboxEvent]:
    """Events in the order they came in, received from ``since`` to before ``until``; ``after`` is
    the id of the last one seen. ``reason`` finds parked and discarded ones."""
    wanted = [_follows(session, after)] if after else []
    if state is not None:
        wanted.append(_is(state))
    if since is not None:
        wanted.append(InboxEvent.received_at >= since)
    if until is not None:
        wanted.append(InboxEvent.received_at < until)
    if webhook_ids is not None:
        wanted.append(InboxEvent.webhook_id.in_(list(webhook_ids)))
    for column, value in (
        (InboxEvent.shop_id, shop_id),
        (InboxEvent.parked_reason, reason),
        (InboxEvent.trusted, trusted),
    ):
        if value is not None:
            wanted.append(column == value)
    query = select(InboxEvent).where(*wanted).order_by(*_ARRIVAL).limit(limit)
    return list(session.scalars(query))


def _follows(session: Session, after: int) -> ColumnElement[bool]:
    last = session.execute(select(*_ARRIVAL).where(InboxEvent.id == after)).one_or_none()
    return tuple_(*_ARRIVAL) > tuple(last) if last else InboxEvent.id > after


def event_with_body(session: Session, event_id: int) -> tuple[InboxEvent, bytes | None] | None:
    """An event and its raw bytes, None in their place when they were pruned; None for no event."""
    event = session.get(InboxEvent, event_id)
    if event is None:
        return None
    return event, bodies_of(session, [event]).get(event_id)


def conflicts_of(session: Session, event_id: int) -> list[InboxConflict]:
    """Other bodies that came under the event's id."""
    query = select(InboxConflict).where(InboxConflict.event_id == event_id)
    return list(session.scalars(query.order_by(InboxConflict.received_at)))


def as_event(event: InboxEvent, body: bytes) -> Event:
    """A stored event with its raw bytes, for whoever reads it."""
    return Event(body=body, **{column.key: getattr(event, column.key) for column in _OF_EVENT})


def handled(session: Session) -> Iterator[list[Event]]:
    """Every handled event whose raw bytes are still there, in portions of flat size.

    How many others there are, whose bytes were pruned, is told in the log.
    """
    return _with_bodies(session, _is(EventState.DONE), order=(InboxEvent.id,))


def received(
    session: Session, shop_id: int, since: datetime, until: datetime | None = None
) -> Iterator[list[Event]]:
    """What a shop has sent since a moment, in whatever state, with its raw bytes as above."""
    wanted = [InboxEvent.shop_id == shop_id, InboxEvent.received_at >= since]
    if until is not None:
        wanted.append(InboxEvent.received_at < until)
    return _with_bodies(session, *wanted, order=_ARRIVAL)


def _with_bodies(
    session: Session,
    *wanted: ColumnElement[bool],
    order: Sequence[InstrumentedAttribute[Any]],
) -> Iterator[list[Event]]:
    pruned = 0
    rows: Iterable[Row[Any]] = session.execute(
        select(*_OF_EVENT, InboxEvent.size)
        .where(*wanted)
        .order_by(*order)
        .execution_options(yield_per=_STREAM)
    )
    for portion in _portions(rows):
        bodies = bodies_of(session, portion)
        pruned += len(portion) - len(bodies)
        yield [
            Event(
                body=bodies[row.id],
                **{column.key: getattr(row, column.key) for column in _OF_EVENT},
            )
            for row in portion
            if row.id in bodies
        ]
    if pruned:
        _LOG.warning("bodies_pruned", events=pruned)


def _portions(rows: Iterable[Row[Any]]) -> Iterator[list[Row[Any]]]:
    """Rows in portions that are small both in number and in the bodies to be read for them."""
    portion: list[Row[Any]] = []
    size = 0
    for row in rows:
        if portion and (len(portion) == _PORTION or size + row.size > _PORTION_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += row.size
    if portion:
        yield portion


_ARRIVAL = (InboxEvent.received_at, InboxEvent.id)
"""By this order an index finds a stretch of time."""

_OF_EVENT = (
    InboxEvent.id,
    InboxEvent.shop_id,
    InboxEvent.webhook_id,
    InboxEvent.received_at,
    InboxEvent.attempts,
    InboxEvent.dialect_id,
    InboxEvent.shape,
    InboxEvent.trusted,
    InboxEvent.notices_done,
)

_OLDEST = text("""
    SELECT extract(epoch FROM clock_timestamp() - received_at)
    FROM inbox_events WHERE state = 'waiting' ORDER BY id LIMIT 1
""")
