"""Reads of members."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.members.models import Member


def ids_by_phone(session: Session, phones: Collection[str]) -> dict[str, int]:
    """Ids of the present owners of normal-form numbers; numbers of nobody are left out."""
    rows = session.execute(
        select(Member.phone, Member.id).where(
            Member.phone.in_(list(phones)), Member.closed_at.is_(None)
        )
    )
    return {row.phone: row.id for row in rows}


def count(session: Session) -> int:
    """How many members there are."""
    return session.scalar(select(func.count()).select_from(Member)) or 0
