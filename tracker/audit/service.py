"""Writing down what was done. The caller owns the unit of work: the act and its entry are one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tracker.audit.models import AuditEntry
from tracker.audit.rules import check_reason


def record(
    session: Session,
    who: str,
    action: str,
    subject: str,
    *,
    reason: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Keep an act for good. ``before`` and ``after`` are plain JSON, and never secrets or personal
    data. Raises ReasonMissing for a reason of blanks."""
    session.execute(
        insert(AuditEntry),
        {
            "who": who,
            "action": action,
            "subject": subject,
            "reason": check_reason(reason),
            "before": before and dict(before),
            "after": after and dict(after),
        },
    )
