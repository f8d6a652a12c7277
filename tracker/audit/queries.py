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
    latest: bool = False,
) -> list[AuditEntry]:
    """Acts in the order in which they were done: the first ones, or the latest."""
    order = AuditEntry.id.desc() if latest else AuditEntry.id
    query = select(AuditEntry).where(AuditEntry.id > after).order_by(order).limit(limit)
    for column, value in (
        (AuditEntry.who, who),
        (AuditEntry.action, action),
        (AuditEntry.subject, subject),
    ):
        if value is not None:
            query = query.where(column == value)
    found = list(session.scalars(query))
    return found[::-1] if latest else found
