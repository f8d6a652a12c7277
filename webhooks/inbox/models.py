"""Tables of the inbox."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Sequence,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of

FENCES = Sequence("inbox_fences", metadata=Base.metadata)
"""Fencing tokens: a worker that wakes after its lease writes with a token that holds no more."""


class EventState(StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    DONE = "done"
    PARKED = "parked"
    """Set aside with a reason; staff retry it or let it lie."""


class ParkedReason(StrEnum):
    """Why an event is set aside. A closed list."""

    UNREADABLE = "unreadable"
    CURRENCY_NOT_TAKEN = "currency_not_taken"
    RETURN_DIFFERS = "return_differs"
    KEEPS_FAILING = "keeps_failing"


class InboxEvent(Base):
    """One event, stored before it was answered."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        UniqueConstraint("shop_id", "webhook_id"),
        CheckConstraint(one_of("state", EventState), name="state"),
        CheckConstraint(one_of("parked_reason", ParkedReason), name="parked_reason"),
        CheckConstraint("(state = 'parked') = (parked_reason IS NOT NULL)", name="parked"),
        Index("ix_inbox_events_waiting", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_inbox_events_parked", "id", postgresql_where=text("state = 'parked'")),
        # Claiming changes no indexed column, so with room on the page it stays on the page.
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    webhook_id: Mapped[str] = mapped_column(Text(collation="C"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """The raw bytes that were signed."""
    received_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    state: Mapped[str] = mapped_column(Text, server_default=EventState.WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    fence: Mapped[int | None] = mapped_column(BigInteger)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    """Until then the event is in a worker's hands, or rests after a failure."""
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    parked_reason: Mapped[str | None] = mapped_column(Text)
    parked_detail: Mapped[str | None] = mapped_column(Text)


class InboxConflict(Base):
    """A body that came under a webhook-id already used for another one. Kept aside for staff."""

    __tablename__ = "inbox_conflicts"

    event_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("inbox_events.id"), primary_key=True
    )
    """The event that was first to use the id."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
