"""Which runs may approve themselves: small ones, much like the month before. Pure.

Sums are kopecks, changes percent.
"""

from dataclasses import dataclass
from enum import StrEnum

LIMITS = "limits"
"""Who approved a run that no person looked at: the limits that somebody had set."""


class Waits(StrEnum):
    """Why a run waits for a person."""

    NO_LIMIT = "no_limit"
    """None may approve itself."""
    ABOVE_TOTAL = "above_total"
    NO_MONTH_BEFORE = "no_month_before"
    """There is nothing to compare it with."""
    OTHER_THAN_BEFORE = "other_than_before"


@dataclass(frozen=True, slots=True)
class Limits:
    """Up to which a run that the calendar prepared may approve itself."""

    total: int = 0
    """Kopecks in all; 0: none may."""
    change: int = 0
    """Percent of last month's total by which it may be more or less."""


def why_it_waits(total: int, before: int | None, limits: Limits) -> Waits | None:
    """Why a run of ``total`` after one of ``before`` waits for a person; None: it need not."""
    if limits.total == 0:
        return Waits.NO_LIMIT
    if total > limits.total:
        return Waits.ABOVE_TOTAL
    if before is None:
        return Waits.NO_MONTH_BEFORE
    if abs(total - before) * 100 > limits.change * before:
        return Waits.OTHER_THAN_BEFORE
    return None
