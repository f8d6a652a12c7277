"""Tables of trials. Nothing here is ever booked; the bodies go with `tracker inbox prune`."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from webhooks.trials.rules import Outcome


class Trial(Base):
    """A while in which a shop's test traffic is let in."""

    __tablename__ = "trials"
    __table_args__ = (
        Index("uq_trials_open", "shop_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    opened_by: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    ends_at: Mapped[datetime] = mapped_column(Instant)
    """When it ends by itself, and its secrets with it, whatever became of who opened it."""
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class TrialEvent(Base):
    """One request to a shop's door during a trial."""

    __tablename__ = "trial_events"
    __table_args__ = (
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        Index("ix_trial_events_trial_id_id", "trial_id", "id"),
        Index(
            "uq_trial_events_accepted",
            "trial_id",
            "webhook_id",
            unique=True,
            postgresql_where=text("outcome = 'accepted'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    trial_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("trials.id"))
    received_at: Mapped[datetime] = mapped_column(Instant)
    """By the clock of the web process."""
    outcome: Mapped[str] = mapped_column(Text)
    status: Mapped[int]
    """Of the answer."""
    code: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    """What was said to be wrong, with the fields."""
    secret_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("webhook_secrets.id"))
    """NULL for what no secret of the trial has let in, and which anybody may have sent."""
    webhook_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    moment: Mapped[str | None] = mapped_column(Text)
    """The header webhook-timestamp as it was."""
    request_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of the signed headers, the signature and the body."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the body."""
    size: Mapped[int]
    """Of the body, bytes."""
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of what was accepted, and of what a secret has let in and was wrong; never with a key."""
    dialect_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shop_dialects.id"))
    shape: Mapped[str | None] = mapped_column(Text)
    trusted: Mapped[bool | None]
