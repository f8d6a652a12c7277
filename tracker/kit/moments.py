"""Moments as others write them. Pure."""

import re
from datetime import datetime, timedelta

_MOMENT = re.compile(
    r"20\d\d-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_MAX_OFFSET = timedelta(hours=14)
"""No clock on Earth is further from UTC; PostgreSQL refuses a moment from 16 hours on."""


def aware(text: str) -> datetime | None:
    """An ISO 8601 moment with its offset from UTC; None for what is no such moment anywhere."""
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    offset = moment.utcoffset()
    return moment if offset is not None and abs(offset) <= _MAX_OFFSET else None


def moment_of(text: str) -> datetime | None:
    """A moment in RFC 3339, in the years 2000 to 2099, with an offset of up to 14 hours; or None.

    Days and months can be added to it without leaving the years that a datetime has.
    """
    return aware(text) if _MOMENT.fullmatch(text) else None
