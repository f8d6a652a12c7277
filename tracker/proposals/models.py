"""The table of proposals."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.proposals.rules import State


class Proposal(Base):
    """What one proposed and another decided about. PostgreSQL lets it be decided once, in time,
    and by another person; what was proposed never changes."""

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "state NOT IN ('approved', 'rejected', 'stale')"
            " OR lower(decided_by) <> lower(proposed_by)",
            name="two_people",
        ),
        CheckConstraint(
            "state IN ('proposed', 'expired') OR decided_by IS NOT NULL", name="decided_by"
        ),
        CheckConstraint("state <> 'approved' OR decided_at < expires_at", name="in_time"),
        Index(
            "uq_proposals_slot",
            "slot",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
        ),
        Index(
            "uq_proposals_request_key",
            "proposed_by",
            "request_key",
            unique=True,
            postgresql_where=text("request_key IS NOT NULL"),
        ),
        Index("ix_proposals_waiting", "id", postgresql_where=text("state = 'proposed'")),
        Index("ix_proposals_action", "action", "id"),
        Index("ix_proposals_subject", "subject", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    action: Mapped[str] = mapped_column(Text(collation="C"))
    subject: Mapped[str] = mapped_column(Text(collation="C"))
    """What it is done to, as in the audit: ``certificate:17``."""
    slot: Mapped[str | None] = mapped_column(Text(collation="C"))
    """Of one slot one proposal waits at a time; None: any number."""
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    payload_sha256: Mapped[str] = mapped_column(Text(collation="C"))
    """What an approver names: exactly this is done and nothing else."""
    seen: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """How things stood when it was proposed."""
    seen_sha256: Mapped[str] = mapped_column(Text(collation="C"))
    reason: Mapped[str] = mapped_column(Text)
    request_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    """The proposer's idempotency key."""
    proposed_by: Mapped[str] = mapped_column(Text)
    token_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff_tokens.id"))
    """The token by which it was proposed; None: by a session, or at the console."""
    proposed_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(Instant)
    """Real time, as `proposed_at` is: until then somebody may approve it."""
    state: Mapped[str] = mapped_column(Text, server_default=State.PROPOSED)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    """The database's clock."""
    decision_reason: Mapped[str | None] = mapped_column(Text)
