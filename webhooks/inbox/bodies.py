"""Raw bytes by event: of this month's partition, of an older one, or kept beyond its month."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session


class Bodied(Protocol):
    """What has a body somewhere."""

    @property
    def id(self) -> int: ...
    @property
    def received_at(self) -> datetime: ...


def bodies_of(session: Session, events: Sequence[Bodied]) -> dict[int, bytes]:
    """The bodies by event id; those that were pruned are not in it.

    All at once in memory: the caller minds their sizes. Only partitions of the months from the
    oldest to the youngest event are looked into, so give events that came one after another.
    """
    if not events:
        return {}
    moments = [event.received_at for event in events]
    given = {
        "ids": [event.id for event in events],
        "first": min(moments),
        "last": max(moments),
    }
    # Both may hold it while a month is being pruned.
    return {row.event_id: bytes(row.body) for row in session.execute(_BODIES, given)}


_BODIES = text("""
    SELECT event_id, body FROM inbox_bodies
    WHERE event_id = ANY (:ids) AND received_at BETWEEN :first AND :last
    UNION ALL
    SELECT event_id, body FROM inbox_bodies_kept WHERE event_id = ANY (:ids)
""")
