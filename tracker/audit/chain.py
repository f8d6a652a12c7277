"""Walking the chain: each hash is made anew in Python, from the entries as they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from tracker.audit.models import AuditLink
from tracker.audit.rules import FIRST, Act, Break, Head, hash_of
from tracker.kit.errors import Invalid

_AT_ONCE = 2_000
"""Rows held in memory."""


class PlaceNotReached(Invalid):
    """The chain is not so long."""

    code = "place_not_reached"


@dataclass(slots=True)
class Walk:
    """A walk along the chain: where it is, and which heads it has to come by."""

    place: int = 0
    hash: bytes = FIRST
    checked: int = 0
    heads: dict[int, Head] = field(default_factory=dict)
    """By their places; each is taken out as it is passed."""


def walk_from(session: Session, place: int, heads: Sequence[Head] = ()) -> Walk:
    """A walk that begins behind a place and believes its hash. Raises PlaceNotReached."""
    due = {one.place: one for one in heads if one.place > place}
    if place == 0:
        return Walk(heads=due)
    known = session.scalar(select(AuditLink.hash).where(AuditLink.place == place))
    if known is None:
        raise PlaceNotReached(f"the chain has no place {place} yet")
    return Walk(place=place, hash=bytes(known), heads=due)


def breaks(session: Session, walk: Walk, *, limit: int | None = None) -> Iterator[Break]:
    """Where the chain does not hold from ``walk`` on, in flat memory; ``walk`` moves along.

    To be asked in a snapshot. After a break it goes on from what the chain itself says, so each
    fault is told once. Where it comes to the end before ``limit``, it also tells heads beyond it
    and entries that have no place.
    """
    rows = session.execute(
        _LINKS.execution_options(yield_per=_AT_ONCE), {"after": walk.place, "limit": limit}
    )
    for row in rows:
        yield from _at(walk, row)
        walk.place, walk.hash = row.place, bytes(row.hash)
        walk.checked += 1
    if limit is None or walk.checked < limit:
        for head in walk.heads.values():
            yield Break(head.place, None, "the chain was longer: its end is gone")
        for row in session.execute(_OUTSIDE):
            yield Break(None, row.id, "it is in the audit and not in the chain")


def _at(walk: Walk, row: Row[Any]) -> Iterator[Break]:
    if row.place != walk.place + 1:
        yield Break(walk.place + 1, None, "places are missing in the chain")
    act = Act(
        id=row.entry_id,
        micros=row.micros or 0,
        who=row.who or "",
        action=row.action or "",
        subject=row.subject or "",
        reason=row.reason,
        before=row.before,
        after=row.after,
    )
    if row.id is None:
        yield Break(row.place, row.entry_id, "the entry is gone")
    elif hash_of(walk.hash, row.place, act) != row.hash:
        yield Break(row.place, row.entry_id, "the entry is not what it was")
    head = walk.heads.pop(row.place, None)
    if head is not None and head.hash != row.hash:
        yield Break(row.place, row.entry_id, "the chain was another when its end was signed")


_LINKS = text("""
    SELECT place, entry_id, hash, id,
           -- A moment without end is none that an act was done at: its hash will not be right.
           CASE WHEN isfinite(at) THEN (extract(epoch FROM at) * 1000000)::bigint END AS micros,
           who, action, subject, reason, before::text AS before, after::text AS after
    FROM audit_chain LEFT JOIN audit_entries ON id = entry_id
    WHERE place > :after ORDER BY place LIMIT CAST(:limit AS bigint)
""")

# Those that wait for the next act to take them along are no fault.
_OUTSIDE = text("""
    SELECT id FROM audit_entries
    WHERE NOT EXISTS (SELECT FROM audit_chain WHERE entry_id = id)
      AND NOT EXISTS (SELECT FROM audit_waiting WHERE entry_id = id)
    ORDER BY id LIMIT 1000
""")
