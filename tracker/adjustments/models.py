"""The table of adjustments that were made."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.adjustments.rules import Cause, Kind
from tracker.kit.database import Base, Instant, one_of


class AdjustmentRow(Base):
    """An adjustment that two people agreed to, and that was booked; never changed."""

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("cause", Cause), name="cause"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(cause = 'operator_paid') = (payout_id IS NOT NULL)", name="payout"),
        Index(
            "uq_adjustments_payout_id",
            "payout_id",
            unique=True,
            postgresql_where=text("payout_id IS NOT NULL"),
        ),
        Index("ix_adjustments_member", "member_id", "effective_at", "id"),
    )

    id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("proposals.id"), primary_key=True, autoincrement=False
    )
    """The proposal's number."""
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks, above zero whatever the kind."""
    payout_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payouts.id"))
    """What the operator paid after all."""
    effective_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
