"""The months' partitions of raw bytes: there before they are needed.

By the database's own clock, which also says when an event was received; business time may run
otherwise.
"""

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tracker.kit.database import unit_of_work

AHEAD = 2
"""Months beyond the present one that have their partition."""


def partition_is_due(session: Session) -> bool:
    """Whether a month that is near has no partition yet."""
    return bool(session.scalar(_IS_DUE, {"ahead": AHEAD}))


def make_partitions(engine: Engine) -> int:
    """Make what partitions are missing, while everybody reads and writes; returns how many."""
    with unit_of_work(engine) as session:
        return session.scalar(_MAKE, {"ahead": AHEAD}) or 0


_IS_DUE = text("""
    SELECT EXISTS (
        SELECT FROM generate_series(0, :ahead) AS ahead
        WHERE to_regclass('public.inbox_bodies_' || to_char(
            now() AT TIME ZONE 'UTC' + ahead * interval '1 month', 'YYYY_MM'
        )) IS NULL
    )
""")

_MAKE = text("""
    SELECT count(*) FILTER (WHERE inbox_make_partition(
        (now() AT TIME ZONE 'UTC' + ahead * interval '1 month')::date
    ))
    FROM generate_series(0, :ahead) AS ahead
""")
