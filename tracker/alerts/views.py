"""Conditions and what holds, put together for people."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from tracker.alerts.models import Alert
from tracker.alerts.queries import holding, looks
from tracker.alerts.rules import Condition


def shown(session: Session, conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """Every condition, those that hold first."""
    known = looks(session)
    held: dict[str, list[Alert]] = {}
    for alert in holding(session):
        held.setdefault(alert.name, []).append(alert)
    rows = [
        {
            "name": one.name,
            "about": one.about,
            "severity": str(one.severity),
            "unit": one.unit,
            "limit": one.limit,
            "every_seconds": int(one.every.total_seconds()),
            "runbook": one.runbook,
            "looked_at": known[one.name].looked_at if one.name in known else None,
            "error": known[one.name].error if one.name in known else None,
            "holds": held.get(one.name, []),
        }
        for one in conditions
    ]
    return sorted(rows, key=lambda row: not row["holds"])
