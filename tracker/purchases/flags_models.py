"""The table of flags: what looks odd of a purchase, for people to look at."""

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

from tracker.clicks.sanity import Sign
from tracker.kit.database import Base, Instant, one_of


class PurchaseFlag(Base):
    """A sign that was seen on a purchase, once for good. It moves no money."""

    __tablename__ = "purchase_flags"
    __table_args__ = (
        UniqueConstraint("purchase_id", "flag"),
        CheckConstraint(one_of("flag", Sign), name="flag"),
        CheckConstraint("(reviewed_at IS NULL) = (reviewed_by IS NULL)", name="reviewed"),
        Index("ix_purchase_flags_open", "id", postgresql_where=text("reviewed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    purchase_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("purchases.id"))
    flag: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    """Null: nobody has looked at it yet."""
    reviewed_by: Mapped[str | None] = mapped_column(Text)
    """The login of who has."""
    note: Mapped[str | None] = mapped_column(Text)
    """What they found."""
