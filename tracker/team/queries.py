"""Reads of the team."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session


def people(
    session: Session, *, login: str | None = None, after: int = 0, limit: int
) -> Sequence[Row[Any]]:
    """Staff in the order in which they came, those who have left too."""
    return session.execute(_PEOPLE, {"login": login, "after": after, "limit": limit}).all()


_PEOPLE = text("""
    SELECT staff.id, login, role, active, staff.created_at,
           EXISTS (SELECT FROM staff_credentials WHERE staff_id = staff.id AND ended_at IS NULL
                   AND confirmed_at IS NOT NULL) AS signs_in,
           (SELECT count(*) FROM staff_tokens WHERE staff_id = staff.id AND active
              AND revoked_at IS NULL AND expires_at > clock_timestamp()) AS tokens,
           greatest(
               (SELECT max(last_used_at) FROM staff_tokens WHERE staff_id = staff.id),
               (SELECT max(seen_at) FROM staff_sessions WHERE staff_id = staff.id)
           ) AS last_seen_at
    FROM staff
    WHERE staff.id > :after AND (CAST(:login AS text) IS NULL OR login = :login)
    ORDER BY staff.id LIMIT :limit
""")
