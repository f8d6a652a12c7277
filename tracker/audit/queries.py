"""Reads of the audit."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.audit.models import AuditEntry


def entries(
    session: Session,
    *,
    who: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[AuditEntry]:
    """Acts in the order in which they were done."""
    query = select(AuditEntry).where(AuditEntry.id > after).order_by(AuditEntry.id).limit(limit)
    for column, value in (
        (AuditEntry.who, who),
        (AuditEntry.action, action),
        (AuditEntry.subject, subject),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))
