"""Exports: where they stand, how many there may be, what is refused. Pure."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import Any

from tracker.kit.errors import Invalid, NotFound, TooMany

TASK = "report-exports"
"""Exports are written by workers; this is what they are nudged by."""

LEASE = timedelta(seconds=60)
"""How long a worker may be silent before another begins anew."""

TRIES = 5
"""An export that has cost so many workers is given up."""

OPEN_EXPORTS = 10
"""That one person may have waiting at once."""


class Format(StrEnum):
    """What a file may be."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


class ExportState(StrEnum):
    """Where an export stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    """It was there, and nobody can fetch it any more."""


class ReportNotFound(NotFound):
    """There is no report of this name."""

    code = "report_not_found"


class QuestionInvalid(Invalid):
    """A report cannot be asked this."""

    code = "question_invalid"


class TooManyExports(TooMany):
    """Somebody has many exports waiting already."""

    code = "too_many_exports"


def as_json(value: Any) -> str:
    """Compact JSON, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
