"""Table of goals."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.goals.rules import ENDED, GoalState
from tracker.kit.database import Base, Instant, one_of
from tracker.kit.money import MAX_KOPECKS


class Goal(Base):
    """What a member saves for. Changed only with the member locked."""

    __tablename__ = "goals"
    __table_args__ = (
        CheckConstraint(one_of("state", GoalState), name="state"),
        CheckConstraint(f"target BETWEEN 1 AND {MAX_KOPECKS}", name="target"),
        CheckConstraint("reserved BETWEEN 0 AND target", name="reserved"),
        CheckConstraint("place >= 1", name="place"),
        CheckConstraint(
            f"(ended_at IS NOT NULL) = ({one_of('state', ENDED)})"
            " AND (ended_at IS NULL OR reserved = 0)",
            name="ended",
        ),
        UniqueConstraint("id", "member_id"),
        Index("ix_goals_open", "member_id", "place", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    name: Mapped[str | None] = mapped_column(Text)
    """The member's own word for it; None after an erasure."""
    target: Mapped[int] = mapped_column(BigInteger)
    """Kopecks to be saved."""
    reserved: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Kopecks put aside for it; all goals' together are the member's reserved balance."""
    place: Mapped[int]
    """In the member's order: the first is filled first."""
    state: Mapped[str] = mapped_column(Text, server_default=GoalState.ACTIVE)
    moves: Mapped[int] = mapped_column(server_default="0")
    """How often its money moved: each movement has a number of its own in the ledger."""
    spendings: Mapped[int] = mapped_column(server_default="0")
    """How often a certificate was paid from it: to be full again after that is news."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    reached_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it first was full; None while it is not."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
