"""What a condition is, and what is found of it. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tracker.kit.errors import Invalid, NotFound

TASK = "alerts"
SUBJECT = 200
"""Characters that are kept of a subject."""


class Severity(StrEnum):
    """How soon somebody should look."""

    PAGE = "page"
    """Now, also at night: money is wrong, or stands still."""
    TICKET = "ticket"
    """In office hours."""


class AlertNotFound(NotFound):
    """There is no such condition, or it does not hold of this subject now."""

    code = "alert_not_found"


class LimitsInvalid(Invalid):
    """Limits are given as names of conditions with whole numbers."""

    code = "limits_invalid"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured of one subject: a shop, a run, or, where it is empty, of all."""

    subject: str
    value: int
    limit: int | None = None
    """Where the subject has a limit of its own."""
    said: str = ""
    """More, in words."""


Measure = Callable[[Any, datetime], Iterable[Reading]]
"""Given a database session and the business moment."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that should not be: it is, where a reading is above its limit."""

    name: str
    about: str
    unit: str
    limit: int
    measure: Measure
    severity: Severity = Severity.TICKET
    every: timedelta = timedelta(seconds=30)
    """How often it is looked at."""
    runbook: str = ""
    """Where the documentation says what to do."""

    def above(self, readings: Iterable[Reading]) -> dict[str, Reading]:
        """The readings above their limits, by subject; of two of one subject the higher."""
        found: dict[str, Reading] = {}
        for one in readings:
            limit = self.limit if one.limit is None else one.limit
            subject = one.subject[:SUBJECT]
            known = found.get(subject)
            if one.value > limit and (known is None or one.value > known.value):
                found[subject] = Reading(subject, one.value, limit, one.said)
        return found


def with_limits(
    conditions: Sequence[Condition], limits: Mapping[str, int]
) -> tuple[Condition, ...]:
    """The conditions with some limits changed. Raises LimitsInvalid for a name of none."""
    unknown = sorted(set(limits) - {one.name for one in conditions})
    if unknown:
        raise LimitsInvalid(f"ALERT_LIMITS names no condition: {', '.join(unknown)}")
    return tuple(replace(one, limit=limits.get(one.name, one.limit)) for one in conditions)
