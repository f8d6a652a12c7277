"""The table of shops."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from partners.shops.rules import Section, ShopStatus
from tracker.kit.database import Base, Instant, one_of


class Shop(Base):
    """A partner."""

    __tablename__ = "shops"
    __table_args__ = (
        CheckConstraint(one_of("section", Section), name="section"),
        CheckConstraint(one_of("status", ShopStatus), name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    slug: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_uk: Mapped[str | None] = mapped_column(Text)
    """What it is called in Ukrainian; NULL: as ``name``."""
    name_en: Mapped[str | None] = mapped_column(Text)
    """What it is called in English; NULL: as ``name``."""
    section: Mapped[str] = mapped_column(Text)
    subsection: Mapped[str] = mapped_column(Text)
    site_url: Mapped[str] = mapped_column(Text)
    link_template: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=ShopStatus.ACTIVE)
    door_version: Mapped[int] = mapped_column(server_default=text("0"))
    """Grows whenever the status or the secrets change, so that what a web process remembers of a
    shop can be checked against the row in the very statement that stores an event."""
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
