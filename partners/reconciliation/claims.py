"""Statements that wait for a worker: claimed with a lease, fenced off when late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.reconciliation.rules import Days, State

MAX_FAILURES = 5
"""So often work on a statement may be begun and come to nothing."""


class LeaseLost(Exception):
    """Somebody else has taken over: what was done here must not stay."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement in hand."""

    id: int
    shop_id: int
    state: State
    fence: int
    failures: int
    days: Days
    format: Mapping[str, Any]
    skip_faulty: bool
    matches: int
    lines: int


def claim(session: Session) -> Claim | None:
    """The next statement that waits and that nobody has in hand, for a minute."""
    row = session.execute(_CLAIM).one_or_none()
    if row is None:
        return None
    days = Days(_day(row.first_day), _day(row.last_day))
    return Claim(
        row.id,
        row.shop_id,
        State(row.state),
        row.fence,
        row.failures,
        days,
        row.format,
        row.skip_faulty,
        row.matches,
        row.lines,
    )


def hold_on(session: Session, held: Claim, progress: int) -> None:
    """It is still being worked on. Raises LeaseLost."""
    _fenced(session, _HOLD_ON, held, progress=progress)


def refuse(session: Session, held: Claim, why: str, **found: Any) -> None:
    """The file cannot be read. Raises LeaseLost."""
    given = {"faults": "{}", "refused_lines": 0, "progress": 0} | found
    _fenced(session, _REFUSE, held, why=why[:500], **given)


def keep_lines(session: Session, held: Claim, **found: Any) -> None:
    """The lines are there, in this same unit of work. Raises LeaseLost."""
    _fenced(session, _READ, held, **found)


def lock(session: Session, held: Claim) -> None:
    """Nobody else takes it until the unit of work ends, however long that is. Raises LeaseLost."""
    _fenced(session, _LOCK, held)


def keep_matches(session: Session, held: Claim, figures: str) -> None:
    """It is matched. Raises LeaseLost."""
    _fenced(session, _MATCHED, held, figures=figures)


def let_go(session: Session, held: Claim) -> None:
    """Somebody else may take it at once. Raises LeaseLost."""
    _fenced(session, _LET_GO, held)


def is_waiting(session: Session, _: datetime) -> bool:
    """Whether a statement waits for a worker, or a decision is to be booked."""
    return bool(session.scalar(_WAITING))


def _fenced(session: Session, statement: Any, held: Claim, **given: Any) -> None:
    found = session.execute(statement, {"id": held.id, "fence": held.fence, **given})
    if found.one_or_none() is None:
        raise LeaseLost(f"statement {held.id}, fence {held.fence}")


def _day(value: Any) -> date:
    if not isinstance(value, date):
        raise TypeError("a statement without its days")
    return value


_IS_FREE = (
    "state IN ('waiting', 'read') AND (lease_until IS NULL OR lease_until < clock_timestamp())"
)

_CLAIM = text(f"""
    UPDATE shop_statements
    SET fence = fence + 1, failures = failures + 1,
        lease_until = clock_timestamp() + interval '60 seconds'
    WHERE id = (
        SELECT id FROM shop_statements WHERE {_IS_FREE}
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING *
""")  # noqa: S608 (texts of this file put together)

_WAITING = text(f"""
    SELECT EXISTS (SELECT FROM shop_statements WHERE {_IS_FREE})
        OR EXISTS (SELECT FROM partner_findings WHERE state = 'accepted')
        OR EXISTS (
            SELECT FROM shop_statements
            WHERE state = 'uploading' AND uploaded_at < now() - interval '1 day'
        )
""")  # noqa: S608 (likewise)

_LOCK = text("SELECT id FROM shop_statements WHERE id = :id AND fence = :fence FOR UPDATE")

_HOLD_ON = text("""
    UPDATE shop_statements
    SET progress = :progress, lease_until = clock_timestamp() + interval '60 seconds'
    WHERE id = :id AND fence = :fence RETURNING id
""")

_LET_GO = text("""
    UPDATE shop_statements SET lease_until = NULL, failures = failures - 1
    WHERE id = :id AND fence = :fence RETURNING id
""")

_REFUSE = text("""
    UPDATE shop_statements
    SET state = 'refused', why = :why, faults = CAST(:faults AS jsonb), progress = :progress,
        refused_lines = :refused_lines, lease_until = NULL, read_at = now()
    WHERE id = :id AND fence = :fence RETURNING id
""")

_READ = text("""
    UPDATE shop_statements
    SET state = 'read', lines = :lines, refused_lines = :refused_lines, progress = :progress,
        ignored_lines = :ignored_lines, total = :total, faults = CAST(:faults AS jsonb),
        lease_until = NULL, failures = 0, read_at = now()
    WHERE id = :id AND fence = :fence RETURNING id
""")

_MATCHED = text("""
    UPDATE shop_statements
    SET state = 'matched', figures = CAST(:figures AS jsonb), matches = matches + 1,
        lease_until = NULL, failures = 0, matched_at = now()
    WHERE id = :id AND fence = :fence RETURNING id
""")
