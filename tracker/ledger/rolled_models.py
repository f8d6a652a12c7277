"""Tables of days that were summed up. PostgreSQL fills them by itself, and keeps them so."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant


class RolledDay(Base):
    """A day (Moscow's, by when we knew) that is over and summed up: nothing can be added to it."""

    __tablename__ = "ledger_rolled_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    """The first one stands for all days before it as well."""
    rolled_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    entries: Mapped[int] = mapped_column(BigInteger)
    """How many ledger entries it has."""


class Rollup(Base):
    """What entries that differ in no more than whose they are come to, of a day summed up."""

    __tablename__ = "ledger_rollups"
    __table_args__ = (
        # Members' accounts and the house's have few rows beside those of shops.
        Index(
            "ix_ledger_rollups_of_no_shop",
            "account",
            "effective_day",
            postgresql_where=text("shop_id = 0"),
        ),
    )

    recorded_day: Mapped[date] = mapped_column(Date, primary_key=True)
    """When we knew: Moscow's day of ``recorded_at``."""
    effective_day: Mapped[date] = mapped_column(Date, primary_key=True)
    """When it counts: Moscow's day of ``effective_at``."""
    period: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """In which month's books it stands."""
    account: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Of commission and margins the shop; 0 for all else, members' accounts included."""
    kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks, debit positive."""
    entries: Mapped[int] = mapped_column(BigInteger)
