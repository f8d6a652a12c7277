"""The table of control totals."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant

_SUM = Numeric(30, 0)
"""A day's sum may be more than a bigint holds."""


class ControlTotal(Base):
    """What a shop last said a day of its own came to, and whether we agreed."""

    __tablename__ = "control_totals"
    __table_args__ = (
        UniqueConstraint("shop_id", "day"),
        Index("ix_control_totals_day", "day"),
        Index("ix_control_totals_differing", "received_at", postgresql_where=text("differs")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    day: Mapped[date]
    """The business date in Moscow on which the orders were placed."""
    received_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    trusted: Mapped[bool]
    """Whether it was proved who wrote it."""
    differs: Mapped[bool]
    booking: Mapped[int]
    """Events of the shop that waited to be booked at that moment."""
    our_count: Mapped[int] = mapped_column(BigInteger)
    our_sum: Mapped[Decimal] = mapped_column(_SUM)
    """Kopecks left of the orders."""
    their_count: Mapped[int] = mapped_column(BigInteger)
    their_sum: Mapped[Decimal] = mapped_column(_SUM)
    found: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """How many orders were found to differ and in what way, by the first order number of each
    range that was looked into since the totals came."""
