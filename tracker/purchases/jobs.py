"""Calendar work of purchases: a query for what is due, under a lock, a chunk at a time."""

from datetime import datetime

from sqlalchemy import Engine

from tracker.kit.database import try_lock, unit_of_work
from tracker.purchases.service import Programme, end_holds


def end_due_holds(engine: Engine, as_of: datetime, programme: Programme) -> int:
    """End one chunk of holds that are over; returns how many, 0 also while somebody else does it.

    After days of downtime it catches up once: what is due is asked of the purchases themselves.
    """
    with unit_of_work(engine) as session:
        if not try_lock(session, "holds"):
            return 0
        return end_holds(session, as_of, programme)
