"""Reads of the outbox."""

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.notifications.models import Notification

_STATES = ("waiting", "sending", "failed", "expired", "unknown", "sent", "void")
"""In the order in which they concern who looks."""


def standing(session: Session) -> dict[str, Any]:
    """How many messages are in each state and of which kinds, why those that were tried still wait
    and those of the last day were not sent, and how long the oldest wait (seconds), by how urgent
    they are.

    Counted one by one: for a person who asks.
    """
    rows = session.execute(
        select(Notification.state, Notification.kind, func.count())
        .group_by(Notification.state, Notification.kind)
        .order_by(Notification.kind)
    )
    kinds: dict[str, dict[str, int]] = {state: {} for state in _STATES}
    for state, kind, count in rows:
        kinds[state][kind] = count
    reasons = session.execute(_REASONS)
    return {
        **kinds,
        "waiting_because": {row.reason: row.count for row in session.execute(_WAITING_BECAUSE)},
        "reasons_of_a_day": {row.reason: row.count for row in reasons},
        "oldest_urgent_seconds": _oldest(session, urgent=True),
        "oldest_other_seconds": _oldest(session, urgent=False),
    }


def gauges(session: Session) -> dict[str, float]:
    """The outbox in figures for monitoring: what waits, the age in seconds of the oldest urgent
    message that nobody has taken, and what was given up within a day."""
    return {
        "notifications_waiting": session.scalar(_WAITING) or 0,
        "notifications_oldest_urgent_seconds": _oldest(session, urgent=True) or 0,
        "notifications_failed": session.scalar(_FAILED) or 0,
    }


def _oldest(session: Session, *, urgent: bool) -> float | None:
    age = session.scalar(_OLDEST, {"urgent": urgent})
    return None if age is None else round(float(age), 3)


# States are written out, because only then does the planner see the partial indexes.
_WAITING = text("SELECT count(*) FROM notifications WHERE state = 'waiting'")

_WAITING_BECAUSE = text("""
    SELECT reason, count(*) AS count FROM notifications
    WHERE state = 'waiting' AND reason IS NOT NULL
    GROUP BY 1 ORDER BY 2 DESC, 1
""")

_FAILED = text("""
    SELECT count(*) FROM notifications
    WHERE state IN ('expired', 'failed', 'unknown') AND ended_at > now() - interval '1 day'
""")

_REASONS = text("""
    SELECT coalesce(reason, state) AS reason, count(*) AS count FROM notifications
    WHERE state IN ('expired', 'failed', 'unknown') AND ended_at > now() - interval '1 day'
    GROUP BY 1 ORDER BY 2 DESC, 1
""")

_OLDEST = text("""
    SELECT extract(epoch FROM clock_timestamp() - min(queued_at)) FROM notifications
    WHERE state = 'waiting' AND urgent = :urgent
""")
