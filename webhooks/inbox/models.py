"""Tables of the inbox.

That an event came is remembered for good, in a row that is small. What it said, byte for byte, is
kept by the month in which it came, and goes with that month: docs/decisions/0013.
"""

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
    """Set aside with a reason; staff retry it, discard it or let it lie."""
    DISCARDED = "discarded"
    """Set aside, and staff said that nothing is to come of it. Keeps why it was parked."""


class ParkedReason(StrEnum):
    """Why an event is set aside. A closed list."""

    UNREADABLE = "unreadable"
    CURRENCY_NOT_TAKEN = "currency_not_taken"
    RETURN_DIFFERS = "return_differs"
    KEEPS_FAILING = "keeps_failing"
    NEAR_DUPLICATE = "near_duplicate"
    AMOUNT_NOT_PROVEN = "amount_not_proven"
    TOO_MANY_LINES = "too_many_lines"
    TOO_MANY_RETURNS = "too_many_returns"


SHAPES = ("form", "json", "xml")
"""How a stored body is to be read."""


class InboxEvent(Base):
    """One event, stored before it was answered. For good: the same id is never taken twice."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        UniqueConstraint("shop_id", "webhook_id"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint(one_of("shape", SHAPES), name="shape"),
        CheckConstraint(one_of("state", EventState), name="state"),
        CheckConstraint(one_of("parked_reason", ParkedReason), name="parked_reason"),
        CheckConstraint(
            "(state IN ('discarded', 'parked')) = (parked_reason IS NOT NULL)", name="parked"
        ),
        Index("ix_inbox_events_waiting", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_inbox_events_parked", "id", postgresql_where=text("state = 'parked'")),
        Index("ix_inbox_events_discarded", "id", postgresql_where=text("state = 'discarded'")),
        # What came since when. It only ever grows at its end, which costs next to nothing.
        Index("ix_inbox_events_received_at_id", "received_at", "id"),
        # Claiming changes no indexed column, so with room on the page it stays on the page.
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    webhook_id: Mapped[str] = mapped_column(Text(collation="C"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the body: it outlives the body, so that a duplicate is still known from a conflict."""
    size: Mapped[int]
    """Of the body, bytes."""
    received_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    """By the database's clock; its month (UTC) is where the body is."""
    dialect_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shop_dialects.id"))
    """The setting by which it was let in and is to be read; NULL for our own dialect."""
    shape: Mapped[str] = mapped_column(Text, server_default="json")
    trusted: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether its sender has proven to have written it: else it confirms nothing."""
    state: Mapped[str] = mapped_column(Text, server_default=EventState.WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    fence: Mapped[int | None] = mapped_column(BigInteger)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    """Until then the event is in a worker's hands, or rests after a failure."""
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    notices_done: Mapped[int] = mapped_column(server_default="0")
    """How many of its notices, in their order, are booked: a long event is handled in portions."""
    parked_reason: Mapped[str | None] = mapped_column(Text)
    parked_detail: Mapped[str | None] = mapped_column(Text)


class InboxBody(Base):
    """The raw bytes of an event, as they were stored, in a partition for each month (UTC)."""

    __tablename__ = "inbox_bodies"
    __table_args__ = ({"postgresql_partition_by": "RANGE (received_at)"},)

    # No foreign key: one statement writes both rows, nobody may delete either, and each key would
    # have to be looked up for every event.
    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    received_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class KeptBody(Base):
    """The raw bytes of an event that was not settled when its month was pruned."""

    __tablename__ = "inbox_bodies_kept"

    event_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("inbox_events.id"), primary_key=True
    )
    body: Mapped[bytes] = mapped_column(LargeBinary)


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
