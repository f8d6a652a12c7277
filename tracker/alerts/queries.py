"""Reads of alerts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.alerts.models import Alert, AlertCondition
from tracker.alerts.rules import Condition

_LATE = 3
"""Looks that were missed, after which nothing is known of a condition."""


def is_due(session: Session, conditions: Sequence[Condition]) -> bool:
    """Whether some condition is to be looked at."""
    return bool(session.scalar(_DUE, {"names": [one.name for one in conditions]}))


def looks(session: Session) -> dict[str, AlertCondition]:
    """When each condition was looked at."""
    return {one.name: one for one in session.scalars(select(AlertCondition))}


def holding(session: Session) -> list[Alert]:
    """What holds now, what began first in front."""
    query = select(Alert).where(Alert.until.is_(None))
    return list(session.scalars(query.order_by(Alert.since, Alert.name, Alert.subject)))


def gauges(session: Session, conditions: Sequence[Condition]) -> dict[str, float]:
    """For monitoring: of how many subjects each condition holds, and of how many conditions
    nothing is known."""
    counts = {row.name: row.subjects for row in session.execute(_COUNTS)}
    now: datetime = session.scalars(text("SELECT clock_timestamp()")).one()
    known = looks(session)
    blind = sum(_is_unknown(one, known.get(one.name), now) for one in conditions)
    found = {f"alert_{one.name}": counts.get(one.name, 0) for one in conditions}
    return {**found, "alerts_blind": blind}


def _is_unknown(one: Condition, look: AlertCondition | None, now: datetime) -> bool:
    if look is None or look.looked_at is None or look.error is not None:
        return True
    return now - look.looked_at > _LATE * one.every


_COUNTS = text("SELECT name, count(*) AS subjects FROM alerts WHERE until IS NULL GROUP BY name")

_DUE = text("""
    SELECT EXISTS (
        SELECT FROM unnest(CAST(:names AS text[])) AS wanted (name)
        LEFT JOIN alert_conditions USING (name)
        WHERE next_at IS NULL OR next_at <= clock_timestamp()
    )
""")
