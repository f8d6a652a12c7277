"""Tables of claims."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.claims.rules import Outcome, State
from tracker.kit.database import Base, Instant, one_of
from tracker.kit.money import MAX_KOPECKS


class Claim(Base):
    """A member says that a purchase did not appear."""

    __tablename__ = "claims"
    __table_args__ = (
        UniqueConstraint("member_id", "shop_id", "order_key"),
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed"),
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_KOPECKS}", name="amount"),
        Index("ix_claims_open", "deadline", "id", postgresql_where=text("state = 'with_staff'")),
        Index("ix_claims_look", "look_at", postgresql_where=text("state = 'with_staff'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    shop_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(Text(collation="C"))
    """As the member reads it on the shop's receipt."""
    order_key: Mapped[str] = mapped_column(Text(collation="C"))
    """What numbers that look alike have in common: one claim for each."""
    ordered_at: Mapped[datetime] = mapped_column(Instant)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks paid, by the receipt."""
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The member's own words, to be read with the key; None after an erasure."""
    state: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    purchase_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("purchases.id"))
    """The purchase that it came to."""
    decided_by: Mapped[str | None] = mapped_column(Text)
    """Who of the staff; None: the events did, or the member."""
    filed_at: Mapped[datetime] = mapped_column(Instant)
    deadline: Mapped[datetime] = mapped_column(Instant)
    """By then staff answer."""
    look_at: Mapped[datetime] = mapped_column(Instant)
    """When it is next seen whether the shop has reported it."""
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class ClaimFile(Base):
    """A file that a member sent with a claim."""

    __tablename__ = "claim_files"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    claim_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("claims.id"), index=True)
    media_type: Mapped[str] = mapped_column(Text)
    """By its first bytes."""
    size: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """To be read with the key; None after an erasure."""
