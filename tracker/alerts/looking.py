"""The workers' part: conditions that are due are looked at, and logs say what begins and ends."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from tracker.alerts.rules import Condition
from tracker.alerts.service import Look, introduce, look, next_due
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log

_LOG = log("alerts")


def look_at_one(engine: Engine, conditions: Sequence[Condition], now: datetime) -> bool:
    """Look at the condition that is due longest; False when none is.

    All that a look reads belongs to one moment, as the proof needs it.
    """
    with unit_of_work(engine) as session:
        introduce(session, conditions)
    with unit_of_work(engine, one_moment=True) as session:
        due = next_due(session, conditions)
        found = look(session, due, now) if due else None
    if found:
        _tell(found)
    return found is not None


def _tell(found: Look) -> None:
    name = found.condition.name
    if found.error:
        _LOG.error("alert_blind", alert=name, error=found.error)
    for one in found.raised:
        _LOG.error(
            "alert_raised",
            alert=name,
            severity=str(found.condition.severity),
            subject=one.subject,
            value=one.value,
            limit=one.limit,
            said=one.said,
        )
    for subject in found.over:
        _LOG.warning("alert_over", alert=name, subject=subject)
