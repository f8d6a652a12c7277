"""Tables of members. Identity is the member, not the number."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant


class Member(Base):
    """One person in the club."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("phone ~ '^[+][1-9][0-9]{6,14}$'", name="phone"),
        CheckConstraint("referrer_id <> id", name="referrer"),
        # A number belongs to one member at a time; a closed member's may be given out again.
        Index("uq_members_phone", "phone", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    phone: Mapped[str] = mapped_column(Text)
    """E.164, as the operator's billing wants it."""
    email: Mapped[str | None] = mapped_column(Text)
    joined_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    referrer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("members.id"))
    auto_payment: Mapped[bool] = mapped_column(server_default=text("true"))
    """Paid on the 1st of each month; on from joining."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
