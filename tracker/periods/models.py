"""Tables of checks and documents."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant


class PeriodCheck(Base):
    """One look at whether a month may be closed. A worker takes it, because a proof takes long."""

    __tablename__ = "period_checks"
    __table_args__ = (
        CheckConstraint("(finished_at IS NULL) = (obstacles IS NULL)", name="finished"),
        Index(None, "period", "id"),
        Index("ix_period_checks_waiting", "id", postgresql_where=text("finished_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    period: Mapped[str] = mapped_column(Text(collation="C"))
    as_of: Mapped[datetime] = mapped_column(Instant)
    """The business moment at which it was asked for."""
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    obstacles: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """For each check, by its name, what stood in the way: a list of sentences."""

    @property
    def holds(self) -> bool:
        """Whether it was made, and nothing stood in the way."""
        return self.obstacles is not None and not any(self.obstacles.values())


class PeriodDocument(Base):
    """What a document of a closed month comes to. Its bytes are made anew whenever asked for, out
    of entries that cannot change, and must have this seal again."""

    __tablename__ = "period_documents"

    period: Mapped[str] = mapped_column(
        Text(collation="C"), ForeignKey("closed_periods.period"), primary_key=True
    )
    name: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    lines: Mapped[int] = mapped_column(BigInteger)
    """Without the header."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
