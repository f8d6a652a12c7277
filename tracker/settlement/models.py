"""Tables of settlement."""

from datetime import datetime

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
from tracker.kit.money import MAX_KOPECKS
from tracker.settlement.rules import PayoutState, RunState

FENCES = Sequence("payout_fences", metadata=Base.metadata)
"""Fencing tokens: a worker that wakes after its lease writes with a token that holds no more."""


class SettlementRun(Base):
    """One month's auto-payment."""

    __tablename__ = "settlement_runs"
    __table_args__ = (
        CheckConstraint(one_of("state", RunState), name="state"),
        CheckConstraint("period ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$'", name="period"),
        CheckConstraint("lower(approved_by) <> lower(prepared_by)", name="two_people"),
        CheckConstraint("(state = 'prepared') = (approved_by IS NULL)", name="approved"),
    )

    period: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """The month on whose 1st it is paid, YYYY-MM."""
    state: Mapped[str] = mapped_column(Text, server_default=RunState.PREPARED)
    as_of: Mapped[datetime] = mapped_column(Instant)
    """The moment the list was drawn up for; the payouts count at it."""
    payouts: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger)
    """Kopecks."""
    sha256: Mapped[str] = mapped_column(Text)
    """The seal over the sorted list; what the second person approves."""
    prepared_by: Mapped[str] = mapped_column(Text)
    prepared_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    considered_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it was looked whether it may approve itself."""
    paused_by: Mapped[str | None] = mapped_column(Text)
    pause_reason: Mapped[str | None] = mapped_column(Text)
    approved_by: Mapped[str | None] = mapped_column(Text)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class SettlementWatch(Base):
    """The one row that says whether anything may be sent at all, and when it last was."""

    __tablename__ = "settlement_watch"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime | None] = mapped_column(Instant)
    """Business moment at which the calendar first looked: no month before it was missed."""
    pulse_at: Mapped[datetime | None] = mapped_column(Instant)
    """Real moment of the last sign that delivery goes on."""
    pulse_business_at: Mapped[datetime | None] = mapped_column(Instant)
    """The business moment of that sign."""
    database_mark: Mapped[str | None] = mapped_column(Text)
    """What this database was known by then: another one is a copy, or was restored."""
    guarded_since: Mapped[datetime | None] = mapped_column(Instant)
    """Nothing is sent until the operator's statements since this business moment are compared."""
    guarded_at: Mapped[datetime | None] = mapped_column(Instant)
    """Real moment at which that was last asked for: a day that is not over is compared after it."""
    guard_reason: Mapped[str | None] = mapped_column(Text)
    held_by: Mapped[str | None] = mapped_column(Text)
    """What keeps the gate shut, in words for people."""


class Payout(Base):
    """One payment to one number, under the one key ``payout:{id}``."""

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("member_id", "period", "number_id"),
        CheckConstraint(one_of("state", PayoutState), name="state"),
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_KOPECKS}", name="amount"),
        Index(
            "ix_payouts_open",
            "period",
            "id",
            postgresql_where=text("state IN ('prepared', 'claimed', 'submitted', 'unknown')"),
        ),
        Index(
            "ix_payouts_unknown",
            "ask_at",
            postgresql_where=text("state IN ('submitted', 'unknown')"),
        ),
        Index("ix_payouts_unclear", "id", postgresql_where=text("state = 'unknown'")),
        Index("ix_payouts_claimed", "lease_until", postgresql_where=text("state = 'claimed'")),
        Index("ix_payouts_paid_at", "paid_at", postgresql_where=text("state = 'paid'")),
        Index(None, "period", "member_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    period: Mapped[str] = mapped_column(
        Text(collation="C"),
        ForeignKey("settlement_runs.period", deferrable=True, initially="DEFERRED"),
    )
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    number_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("numbers.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks."""
    state: Mapped[str] = mapped_column(Text, server_default=PayoutState.PREPARED)
    fence: Mapped[int | None] = mapped_column(BigInteger)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    """Set and committed before the operator first hears of it."""
    sent_again_at: Mapped[datetime | None] = mapped_column(Instant)
    """Set and committed before it is sent once more, under the same key."""
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the operator first said that it would pay it later: it may, on any day since."""
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of what was sent: the same key is never sent with another content."""
    asked: Mapped[int] = mapped_column(server_default="0")
    """How often the operator was asked what became of it."""
    ask_at: Mapped[datetime | None] = mapped_column(Instant)
    reference: Mapped[str | None] = mapped_column(Text)
    """The operator's own reference."""
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the operator paid it, by its own books: on whose statement of the day it is to be."""
    reason: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class NumberCheck(Base):
    """Whether a number was the operator's own when it was last asked or told."""

    __tablename__ = "number_checks"

    number_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("numbers.id"), primary_key=True, autoincrement=False
    )
    served: Mapped[bool | None]
    """None: the operator did not tell; the answer to a top-up does."""
    checked_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())


class SettlementSlot(Base):
    """A place at the operator's counter: a batch is sent from one, and one batch at a time."""

    __tablename__ = "settlement_slots"

    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fence: Mapped[int | None] = mapped_column(BigInteger)
    """Of the batch that was sent from it last."""
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    """While it is not over that batch is with the operator; None: it is not."""
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    """Before that nothing more is sent from it: that is how the rate is kept."""


class SealedChunk(Base):
    """About a thousand lines of a list as it was sealed. Never changed, never deleted."""

    __tablename__ = "sealed_chunks"

    period: Mapped[str] = mapped_column(
        Text(collation="C"),
        ForeignKey("settlement_runs.period", deferrable=True, initially="DEFERRED"),
        primary_key=True,
    )
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 0, in the order of the seal."""
    first_member: Mapped[int] = mapped_column(BigInteger)
    last_member: Mapped[int] = mapped_column(BigInteger)
    """The next piece may begin with the same member."""
    lines: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger)
    """Kopecks."""
    body: Mapped[str] = mapped_column(Text)
    """The very text that the seal is over; PostgreSQL keeps it compressed."""


class SettlementBridge(Base):
    """From which list a list's bridge leads, and what need not be summed up again by the next."""

    __tablename__ = "settlement_bridges"

    period: Mapped[str] = mapped_column(
        Text(collation="C"), ForeignKey("settlement_runs.period"), primary_key=True
    )
    previous: Mapped[str | None] = mapped_column(
        Text(collation="C"), ForeignKey("settlement_runs.period")
    )
    """The list that was drawn up last before; None: this is the first."""
    database_mark: Mapped[str] = mapped_column(Text)
    """The database whose numbers of transactions the next column means."""
    settled_below: Mapped[int] = mapped_column(BigInteger)
    """Every database transaction with a lesser number was over, and its bookings were seen."""
    settled_since: Mapped[datetime] = mapped_column(Instant)
    """Whatever was recorded earlier was seen as well: no transaction lasts a day."""


class BridgeLine(Base):
    """One step from the last list to this one, as it was when the list was drawn up."""

    __tablename__ = "settlement_bridge_lines"
    __table_args__ = (CheckConstraint("step ~ '^[a-z_]+$'", name="step"),)

    period: Mapped[str] = mapped_column(
        Text(collation="C"), ForeignKey("settlement_runs.period"), primary_key=True
    )
    step: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    """A `steps.Step`, or a kind of the ledger."""
    count: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks; below zero when it makes the list smaller."""


class BookedSum(Base):
    """What a kind had come to on all members' available money when a list was drawn up."""

    __tablename__ = "settlement_booked_sums"

    period: Mapped[str] = mapped_column(
        Text(collation="C"), ForeignKey("settlement_runs.period"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks; above zero when it gave members more."""
    settled_count: Mapped[int] = mapped_column(BigInteger)
    settled_amount: Mapped[int] = mapped_column(BigInteger)
    """Of that, what the next list need not sum up again (`SettlementBridge`)."""
