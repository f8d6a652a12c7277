"""The table of dialect settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant


class ShopDialect(Base):
    """One setting of one shop. The newest holds; older ones stay, for the events read by them."""

    __tablename__ = "shop_dialects"
    __table_args__ = (
        CheckConstraint("dialect ~ '^[a-z][a-z0-9-]{0,29}$'", name="dialect"),
        Index("ix_shop_dialects_shop_id_id", "shop_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    dialect: Mapped[str] = mapped_column(Text)
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """How the shop's own words are read, for the dialects that ask for it."""
    set_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
