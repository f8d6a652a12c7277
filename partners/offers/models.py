"""The table of offers."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from tracker.clicks.rules import OnHoldEnd
from tracker.kit.database import Base, Instant, one_of


class Offer(Base):
    """A shop's terms from a moment until the next offer begins."""

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint("cashback_bp BETWEEN 0 AND 5000", name="cashback_bp"),
        CheckConstraint("commission_bp BETWEEN 0 AND 10000", name="commission_bp"),
        CheckConstraint("hold_days BETWEEN 0 AND 90", name="hold_days"),
        CheckConstraint(one_of("on_hold_end", OnHoldEnd), name="on_hold_end"),
    )

    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"), primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    cashback_bp: Mapped[int]
    """Basis points of the sum paid, to the member; 5,000 at most."""
    commission_bp: Mapped[int]
    """Basis points of the sum paid, to us."""
    hold_days: Mapped[int]
    on_hold_end: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
