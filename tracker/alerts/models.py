"""Tables of conditions, and of what holds now."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant


class AlertCondition(Base):
    """When a condition was looked at."""

    __tablename__ = "alert_conditions"

    name: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    looked_at: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    error: Mapped[str | None] = mapped_column(Text)
    """Why the last look failed: then nothing is known of it."""


class Alert(Base):
    """A condition that holds of a subject, since when, and who is looking after it."""

    __tablename__ = "alerts"

    name: Mapped[str] = mapped_column(
        Text(collation="C"), ForeignKey("alert_conditions.name"), primary_key=True
    )
    subject: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    limit: Mapped[int] = mapped_column(BigInteger)
    said: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    until: Mapped[datetime | None] = mapped_column(Instant)
    """When it was seen to be over; it may begin again."""
    acknowledged_by: Mapped[str | None] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str | None] = mapped_column(Text)
