"""The gate before the operator: shut until its statements since a moment have been compared.

A database that was restored, copied or long away knows nothing of what was paid meanwhile. Each
sending therefore needs a fresh pulse, written by this very database, and no guard. The caller owns
the unit of work; whoever compares statements opens the gate.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session


class Reason(StrEnum):
    """Why statements are to be compared before anything is sent."""

    START = "start"
    """A run begins or goes on: nothing strange, what was paid so far is looked at once more."""
    STALE = "stale"
    """Nobody has watched for a while: a backup was restored, or all was down. Or the pulse is of
    the future: a clock was set back."""
    OTHER_DATABASE = "other_database"
    """The pulse was written by another database than this."""
    ANSWERS = "answers"
    """The operator knows our keys with another content."""
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Guard:
    """The gate is shut. ``since`` is a business moment, ``raised_at`` a real one."""

    since: datetime
    raised_at: datetime
    reason: str
    held_by: str | None = field(default=None, compare=False)
    """What keeps it shut, for people: a statement that cannot be had, findings to explain."""

    @property
    def is_usual(self) -> bool:
        """Whether nothing but the start of a run shut it."""
        return self.reason == Reason.START


def guard(session: Session, since: datetime | None, reason: str) -> Guard:
    """Let nothing be sent before statements since a business moment have been compared.

    None: since the last pulse. A guard that stands is widened, and keeps the graver reason.
    """
    row = session.execute(_GUARD, {"since": since, "reason": reason, "start": Reason.START}).one()
    return Guard(row.guarded_since, row.guarded_at, row.guard_reason)


def standing_guard(session: Session) -> Guard | None:
    """The guard, while the gate is shut."""
    row = session.execute(_STANDING).one()
    if row.guarded_since is None:
        return None
    return Guard(row.guarded_since, row.guarded_at, row.guard_reason, row.held_by)


def hold_up(session: Session, why: str) -> None:
    """Write down what keeps the gate shut."""
    session.execute(_HOLD_UP, {"why": why})


def guard_if_strange(session: Session) -> Guard | None:
    """Raise a guard when something is to be sent and the last pulse is not of now, or is another
    database's.

    Returns the guard that stands, if any.
    """
    found = standing_guard(session)
    strange = session.scalar(_STRANGE, {"stale": Reason.STALE, "other": Reason.OTHER_DATABASE})
    # A run that was only begun is looked at more strictly where the pulse is another database's.
    if strange and (found is None or (found.is_usual and strange == Reason.OTHER_DATABASE)):
        return guard(session, None, strange)
    return found


def open_gate(session: Session, seen: Guard, now: datetime) -> bool:
    """Let sending go on, and write the first pulse; False when somebody guards anew meanwhile."""
    values = {"now": now, "raised_at": seen.raised_at, "since": seen.since}
    return session.execute(_OPEN, values).first() is not None


def beat(session: Session, now: datetime) -> None:
    """Write that this database is watched at a business moment. Only a fresh pulse goes on: once
    it stood still, statements are compared first."""
    session.execute(_BEAT, {"now": now})


_GUARD = text("""
    UPDATE settlement_watch
    SET guarded_since = least(
            guarded_since, :since,
            CASE WHEN CAST(:since AS timestamptz) IS NULL
                 THEN coalesce(pulse_business_at - interval '1 hour', since, now()) END
        ),
        guarded_at = clock_timestamp(),
        guard_reason = CASE WHEN guarded_since IS NULL OR guard_reason = :start THEN :reason
                            WHEN :reason = :start THEN guard_reason ELSE :reason END
    RETURNING guarded_since, guarded_at, guard_reason
""")
"""An hour earlier: the operator's clock may be behind ours at midnight."""

_STANDING = text("SELECT guarded_since, guarded_at, guard_reason, held_by FROM settlement_watch")

_HOLD_UP = text("""
    UPDATE settlement_watch SET held_by = :why
    WHERE guarded_since IS NOT NULL AND held_by IS DISTINCT FROM :why
""")

_STRANGE = text("""
    SELECT CASE
        WHEN database_mark IS NOT NULL AND database_mark <> settlement_database_mark()
            THEN CAST(:other AS text)
        WHEN pulse_at NOT BETWEEN clock_timestamp() - interval '15 minutes'
                              AND clock_timestamp() + interval '5 minutes' THEN :stale
        WHEN pulse_at IS NULL THEN :stale
    END
    FROM settlement_watch
    WHERE EXISTS (
        SELECT FROM settlement_runs AS run WHERE run.state = 'running' AND EXISTS (
            SELECT FROM payouts WHERE payouts.period = run.period
            AND payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown')
        )
    )
""")

_OPEN = text("""
    UPDATE settlement_watch
    SET guarded_since = NULL, guarded_at = NULL, guard_reason = NULL, held_by = NULL,
        since = coalesce(since, :now), pulse_at = clock_timestamp(), pulse_business_at = :now,
        database_mark = settlement_database_mark()
    WHERE guarded_at = :raised_at AND guarded_since = :since
    RETURNING id
""")

_BEAT = text("""
    UPDATE settlement_watch
    SET pulse_at = clock_timestamp(), pulse_business_at = :now
    WHERE guarded_since IS NULL AND pulse_at > clock_timestamp() - interval '15 minutes'
      AND pulse_at < clock_timestamp() - interval '30 seconds'
      AND database_mark = settlement_database_mark()
""")
