"""What is personal in joinings that came to nothing is wiped when they have expired."""

from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tracker.kit.database import unit_of_work

TASK = "joinings"
_AT_ONCE = 1_000


def wiping_is_due(session: Session, _: datetime) -> bool:
    """Whether something is to be wiped."""
    return bool(session.scalar(_DUE))


def wipe_expired(engine: Engine) -> bool:
    """Wipe some; whether there may be more."""
    with unit_of_work(engine) as session:
        return len(session.scalars(_WIPE, {"limit": _AT_ONCE}).all()) == _AT_ONCE


_DUE = text("""
    SELECT EXISTS (
        SELECT FROM joinings WHERE phone_sealed IS NOT NULL AND expires_at < clock_timestamp()
    )
""")

_WIPE = text("""
    UPDATE joinings SET phone_sealed = NULL, email_sealed = NULL, referral_sealed = NULL
    WHERE id IN (
        SELECT id FROM joinings WHERE phone_sealed IS NOT NULL AND expires_at < clock_timestamp()
        ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
