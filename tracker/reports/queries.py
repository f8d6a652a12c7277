"""Reads of exports. A person finds no more than their own."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tracker.kit.errors import Conflict, Gone, NotFound
from tracker.reports.models import ReportExport
from tracker.reports.rules import ExportState


class ExportNotFound(NotFound):
    """There is no such export, or it is somebody else's."""

    code = "export_not_found"


class ExportNotThere(Conflict):
    """The file is not written yet, or could not be."""

    code = "export_not_there"


class ExportExpired(Gone):
    """The file could be fetched for a time, and that is over."""

    code = "export_expired"


def exports_of(session: Session, owner: str, *, after: int, limit: int) -> list[ReportExport]:
    """Somebody's exports, the latest first; ``after`` is the id of the last one seen, or 0."""
    query = select(ReportExport).where(ReportExport.owner == owner)
    if after:
        query = query.where(ReportExport.id < after)
    return list(session.scalars(query.order_by(ReportExport.id.desc()).limit(limit)))


def export_of(session: Session, owner: str, export_id: int) -> ReportExport:
    """One of somebody's exports. Raises ExportNotFound."""
    found = session.get(ReportExport, export_id)
    if found is None or found.owner != owner:
        raise ExportNotFound(f"you have no export {export_id}")
    return found


def file_of(session: Session, owner: str, export_id: int) -> ReportExport:
    """One whose file can be fetched. Raises ExportNotFound, ExportNotThere and ExportExpired."""
    found = export_of(session, owner, export_id)
    if found.state == ExportState.EXPIRED or _is_over(session, found):
        raise ExportExpired
    if found.state != ExportState.DONE:
        raise ExportNotThere(f"export {export_id} is {found.state}")
    return found


def export_is_due(session: Session) -> bool:
    """Whether a worker has something to write, or to take away."""
    return bool(session.scalar(select(_WAITS.exists() | _IS_OLD.exists())))


def _is_over(session: Session, export: ReportExport) -> bool:
    return bool(session.scalar(_IS_OLD.where(ReportExport.id == export.id)))


_NOW = func.clock_timestamp()

_WAITS = select(ReportExport.id).where(
    ReportExport.state.in_((ExportState.WAITING, ExportState.RUNNING)),
    or_(ReportExport.state == ExportState.WAITING, ReportExport.lease_until <= _NOW),
)

_IS_OLD = select(ReportExport.id).where(
    ReportExport.state == ExportState.DONE, ReportExport.expires_at <= _NOW
)
