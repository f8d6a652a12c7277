"""The table of clicks."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from tracker.clicks.rules import SUB_ID, OnHoldEnd
from tracker.kit.database import Base, Instant, one_of


class ClickRow(Base):
    """One click with a copy of the terms promised: a later change of the shop's changes nothing."""

    __tablename__ = "clicks"
    __table_args__ = (
        CheckConstraint("cashback_bp BETWEEN 0 AND 5000", name="cashback_bp"),
        CheckConstraint("commission_bp BETWEEN 0 AND 10000", name="commission_bp"),
        CheckConstraint("hold_days BETWEEN 0 AND 90", name="hold_days"),
        CheckConstraint(one_of("on_hold_end", OnHoldEnd), name="on_hold_end"),
        CheckConstraint("valid_until > clicked_at", name="valid_until"),
        CheckConstraint(f"sub_id ~ '{SUB_ID}'", name="sub_id"),
        Index("ix_clicks_of_member", "member_id", "clicked_at", "id"),
    )

    id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """Opaque and random: it travels through the shop."""
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    shop_id: Mapped[int] = mapped_column(BigInteger)
    clicked_at: Mapped[datetime] = mapped_column(Instant)
    valid_until: Mapped[datetime] = mapped_column(Instant)
    """The end of the attribution window: an order before this moment is credited to the click."""
    cashback_bp: Mapped[int]
    """Cashback promised, basis points of the sum paid."""
    commission_bp: Mapped[int]
    """Commission the shop owes us, basis points of the sum paid."""
    hold_days: Mapped[int]
    on_hold_end: Mapped[str] = mapped_column(Text)
    sub_id: Mapped[str | None] = mapped_column(Text)
    """What the place of the link is called by whoever put it there; it travels through the shop."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
