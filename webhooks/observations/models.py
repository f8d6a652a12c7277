"""Tables of what is counted at the door. Written in the background: seconds may be missing."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from webhooks.observations.rules import FORGED, Outcome

NOBODY = 0
"""In the place of a shop's id: names under which there is no shop, all of them together."""


class DoorCount(Base):
    """How often one thing became of the requests to one shop's door in one hour."""

    __tablename__ = "door_counts"
    __table_args__ = (
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        # The alarm begins with these, of all shops, every few seconds.
        Index("ix_door_counts_forged", "hour", postgresql_where=text(one_of("outcome", FORGED))),
        # For the last refusal of a shop that had none for months.
        Index(
            "ix_door_counts_refused",
            "shop_id",
            "hour",
            postgresql_where=text("outcome NOT IN ('accepted', 'duplicate')"),
        ),
        # An hour's row is changed every few seconds, and none of its indexed columns.
        {"postgresql_with": {"fillfactor": "70"}},
    )

    shop_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """No foreign key: NOBODY has no row, and a shop's is never deleted."""
    hour: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    """When it begins; by the web processes' clocks, as are the other moments."""
    outcome: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)


class DoorAlarm(Base):
    """That a shop's signatures failed: one an hour, told in the log by whoever added the row."""

    __tablename__ = "door_alarms"

    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    raised_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
