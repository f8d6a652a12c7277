"""The outbox: what is to be sent, and what was."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    LargeBinary,
    Sequence,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.members.rules import Language
from tracker.notifications.contracts import Channel, Kind
from tracker.notifications.rules import State

FENCES = Sequence("notification_fences", metadata=Base.metadata)
"""Fencing tokens: a worker that wakes after its lease writes with a token that holds no more."""


class Notification(Base):
    """One message to one member, or to a number or address that may be nobody's.

    Where a member is reached is looked up when it is sent, but for notices to where a member was
    reached before. No foreign key to members: it would take a lock
    on the member, after which nothing may be locked.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("channel", Channel), name="channel"),
        CheckConstraint(one_of("language", Language), name="language"),
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint("(state IN ('waiting', 'sending')) = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="lease_until"),
        # What is sealed goes as soon as it is of no more use: it was sent, or is not to be.
        CheckConstraint(
            "CASE WHEN state IN ('waiting', 'sending') THEN num_nonnulls(member_id, sealed) > 0"
            " ELSE sealed IS NULL END",
            name="sealed",
        ),
        Index(
            "ix_notifications_waiting",
            "channel",
            "urgent",
            "try_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_notifications_suspect",
            "channel",
            "urgent",
            "try_at",
            postgresql_where=text("state = 'waiting' AND lost > 0"),
        ),
        Index(
            "ix_notifications_sending", "lease_until", postgresql_where=text("state = 'sending'")
        ),
        Index(
            "ix_notifications_failed",
            "ended_at",
            postgresql_where=text("state IN ('expired', 'failed', 'unknown')"),
        ),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    """What it tells, once for good."""
    kind: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """What stands in its text; nothing personal."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The number or address, and the code if it carries one, to be read with the key, until it is
    sent. None: to where the member is reached then."""
    language: Mapped[str] = mapped_column(Text)
    urgent: Mapped[bool]
    """Is sent by night too, and before all that is not."""
    at: Mapped[datetime] = mapped_column(Instant)
    """The business moment of what it tells."""
    queued_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    expires_at: Mapped[datetime] = mapped_column(Instant)
    """Real time, as all moments from here on: from then on it is not worth sending."""
    state: Mapped[str] = mapped_column(Text, server_default=State.WAITING)
    try_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    """Not before then; what is put off by night is not marked by it."""
    tries: Mapped[int] = mapped_column(server_default="0")
    """How often it was handed to the gateway, or was about to be."""
    lost: Mapped[int] = mapped_column(server_default="0")
    """How often a worker went away with it in hand."""
    fence: Mapped[int | None] = mapped_column(BigInteger)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    reference: Mapped[str | None] = mapped_column(Text)
    """The provider's own name of it."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was not sent, or not yet; a code, nothing personal."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
