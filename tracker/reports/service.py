"""Verbs on exports. The caller owns the unit of work.

A worker claims an export and writes it in pieces, each in a transaction of its own that makes the
lease longer. Whoever wakes after the lease finds another fence, and writes nothing any more; the
one who took over began anew.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.reports.contracts import Asked, Report
from tracker.reports.models import ReportExport
from tracker.reports.questions import read, written
from tracker.reports.rules import LEASE, OPEN_EXPORTS, TRIES, ExportState, Format, TooManyExports

_OPEN = (ExportState.WAITING, ExportState.RUNNING)


class ExportLost(Exception):
    """Another worker has this export by now: whatever is left to write is not to be written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An export that this worker writes, and nobody else for as long as its lease lasts."""

    id: int
    fence: int
    report: str
    format: Format
    asked: Asked


def ask(session: Session, owner: str, report: Report, form: Format, asked: Asked) -> ReportExport:
    """Ask for a file; the same that is being written already is not begun twice.

    Raises TooManyExports.
    """
    match = {
        "owner": owner,
        "report": report.name,
        "format": str(form),
        "asked": written(asked),
    }
    mine = select(func.count()).where(ReportExport.owner == owner, ReportExport.state.in_(_OPEN))
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(owner, 7))))
    known = session.scalar(
        select(ReportExport).filter_by(**match).where(ReportExport.state.in_(_OPEN))
    )
    if known is not None:
        return known
    if (session.scalar(mine) or 0) >= OPEN_EXPORTS:
        raise TooManyExports(f"{OPEN_EXPORTS} of yours wait already", retry_after=30)
    return session.scalars(insert(ReportExport).values(**match).returning(ReportExport)).one()


def claim(session: Session) -> Claim | None:
    """The next export that waits, or that a worker was lost over."""
    session.execute(_GIVE_UP, {"tries": TRIES})
    row = session.execute(_CLAIM, {"lease": LEASE}).one_or_none()
    if row is None:
        return None
    return Claim(row.id, row.fence, row.report, Format(row.format), read(row.asked))


def keep(session: Session, held: Claim, *, lines: int, size: int) -> None:
    """So much is written by now: the lease begins anew. Raises ExportLost."""
    given = {"id": held.id, "fence": held.fence, "lease": LEASE, "lines": lines, "size": size}
    if session.execute(_KEEP, given).one_or_none() is None:
        raise ExportLost(f"export {held.id}")


def add_piece(session: Session, held: Claim, place: int, body: bytes) -> None:
    """The next piece of the file; goes with `keep` in one unit of work."""
    given = {"id": held.id, "fence": held.fence, "place": place, "body": body}
    session.execute(_ADD, given)


def finish(session: Session, held: Claim, sha256: str, expires_after: timedelta) -> None:
    """All of it is there. Raises ExportLost."""
    given = {"id": held.id, "fence": held.fence, "sha256": sha256, "after": expires_after}
    if session.execute(_FINISH, given).one_or_none() is None:
        raise ExportLost(f"export {held.id}")


def see(session: Session, held: Claim) -> None:
    """Note the moment at which all of it is read."""
    session.execute(_SEE, {"id": held.id, "fence": held.fence})


def fail(session: Session, held: Claim, reason: str) -> None:
    """It cannot be written, and would not be the next time either."""
    given = {"id": held.id, "fence": held.fence, "reason": reason[:500]}
    session.execute(_FAIL, given)


def forget(session: Session) -> int:
    """Take away files that nobody can fetch any more; returns how many pieces."""
    return session.scalar(text("SELECT report_exports_forget()")) or 0


_MINE = "WHERE id = :id AND fence = :fence AND state = 'running'"

_GIVE_UP = text("""
    UPDATE report_exports SET state = 'failed', finished_at = clock_timestamp(),
           reason = 'workers were lost over it again and again'
    WHERE state = 'running' AND lease_until <= clock_timestamp() AND tries >= :tries
""")

_CLAIM = text("""
    UPDATE report_exports
    SET state = 'running', tries = tries + 1, fence = nextval('report_export_fences'),
        lease_until = clock_timestamp() + :lease, lines = 0, bytes = 0
    WHERE id = (
        SELECT id FROM report_exports
        WHERE state = 'waiting' OR (state = 'running' AND lease_until <= clock_timestamp())
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, fence, report, format, asked
""")

_KEEP = text(f"""
    UPDATE report_exports
    SET lease_until = clock_timestamp() + :lease, lines = :lines, bytes = :size
    {_MINE} RETURNING id
""")  # noqa: S608 (words of this file)

_SEE = text(f"UPDATE report_exports SET seen_at = clock_timestamp() {_MINE}")  # noqa: S608

_ADD = text("""
    INSERT INTO report_export_pieces (export_id, fence, place, body)
    VALUES (:id, :fence, :place, :body)
""")

_FINISH = text(f"""
    UPDATE report_exports
    SET state = 'done', sha256 = :sha256, lease_until = NULL, finished_at = clock_timestamp(),
        expires_at = clock_timestamp() + :after
    {_MINE} RETURNING id
""")  # noqa: S608 (words of this file)

_FAIL = text(f"""
    UPDATE report_exports
    SET state = 'failed', reason = :reason, lease_until = NULL, finished_at = clock_timestamp()
    {_MINE}
""")  # noqa: S608 (words of this file)
