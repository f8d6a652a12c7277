"""Issuing what was ordered, a chunk at a time, under a lease and a fence. The caller owns the unit
of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.certificates.models import FENCES
from tracker.certificates.notices import issued_notice
from tracker.certificates.rules import expiry_of
from tracker.notifications.service import notify

LEASE_SECONDS = 25
"""As for payouts: what a lost worker held is in other hands within 30 s."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Certificates in one worker's hands until its lease is over."""

    fence: int
    certificates: Sequence[int]


def claim(session: Session, limit: int) -> Chunk:
    """Take certificates that are to be issued and that nobody has in hand."""
    fence = int(session.scalar(FENCES.next_value()) or 0)
    values = {"fence": fence, "lease": LEASE_SECONDS, "limit": limit}
    return Chunk(fence, session.scalars(_CLAIM, values).all())


def issue(session: Session, chunk: Chunk, now: datetime, valid_days: int | None) -> int:
    """Issue what is still in hand, and tell the members; returns how many that were.

    Whatever was taken over by another, or voided meanwhile, is left as it is.
    """
    values = {
        "ids": list(chunk.certificates),
        "fence": chunk.fence,
        "now": now,
        "expires": expiry_of(now, valid_days),
    }
    rows = session.execute(_ISSUE, values).all()
    notify(session, [issued_notice(*row) for row in rows], now)
    return len(rows)


# In the order of the index on what waits.
_CLAIM = text("""
    WITH next AS (
        SELECT id FROM certificates
        WHERE state = 'ordered' AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY id LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )
    UPDATE certificates
    SET fence = :fence, lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM next WHERE certificates.id = next.id
    RETURNING certificates.id
""")

# The worker's moment is older than an order that came while it was at work.
_ISSUE = text("""
    WITH mine AS (
        SELECT id FROM certificates
        WHERE id = ANY (CAST(:ids AS bigint[])) AND state = 'ordered' AND fence = :fence
        ORDER BY id
        FOR UPDATE
    )
    UPDATE certificates
    SET state = 'issued', issued_at = greatest(:now, ordered_at),
        expires_at = CAST(:expires AS timestamptz), lease_until = NULL
    FROM mine WHERE certificates.id = mine.id
    RETURNING certificates.id, certificates.member_id, certificates.amount
""")
