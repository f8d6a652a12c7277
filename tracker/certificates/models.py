"""Tables of certificates and salons."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
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

from tracker.certificates.codes import MadeFor
from tracker.certificates.rules import CertificateState
from tracker.kit.database import Base, Instant, one_of

FENCES = Sequence("certificate_fences", metadata=Base.metadata)
"""A number for each claim by a worker: whoever holds an older one writes nothing any more."""


class Certificate(Base):
    """A certificate; its money is outstanding from the order until it is redeemed or voided."""

    __tablename__ = "certificates"
    __table_args__ = (
        CheckConstraint(one_of("state", CertificateState), name="state"),
        CheckConstraint("amount BETWEEN 10000 AND 8000000", name="amount"),
        CheckConstraint("from_goal BETWEEN 0 AND amount", name="from_goal"),
        CheckConstraint("from_goal = 0 OR goal_id IS NOT NULL", name="goal"),
        CheckConstraint(
            "(state = 'redeemed') = (redeemed_at IS NOT NULL)"
            " AND (redeemed_at IS NULL) = (salon_id IS NULL)"
            " AND (redeemed_at IS NULL) = (receipt_id IS NULL)",
            name="redeemed",
        ),
        CheckConstraint("(state = 'voided') = (voided_at IS NOT NULL)", name="voided"),
        CheckConstraint("(code_hash IS NULL) = (code_proof IS NULL)", name="code"),
        ForeignKeyConstraint(["goal_id", "member_id"], ["goals.id", "goals.member_id"]),
        UniqueConstraint("member_id", "order_key", "part"),
        Index(
            "uq_certificates_code_hash",
            "code_hash",
            unique=True,
            postgresql_where=text("code_hash IS NOT NULL"),
        ),
        Index("ix_certificates_member", "member_id", "id"),
        Index(
            "ix_certificates_salon",
            "salon_id",
            "id",
            postgresql_where=text("salon_id IS NOT NULL"),
        ),
        Index("ix_certificates_waiting", "id", postgresql_where=text("state = 'ordered'")),
        Index("ix_certificates_review", "id", postgresql_where=text("state = 'review'")),
        Index(
            "ix_certificates_expires_at", "expires_at", postgresql_where=text("state = 'issued'")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    goal_id: Mapped[int | None] = mapped_column(BigInteger)
    """The goal whose money it took, if any: there it goes back to."""
    order_key: Mapped[str] = mapped_column(Text(collation="C"))
    """The member's idempotency key of the order; an erasure writes another over it."""
    part: Mapped[int]
    """From 1: an order may be split into several."""
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks: one of the denominations."""
    from_goal: Mapped[int] = mapped_column(BigInteger)
    """Kopecks of it that the goal gave; the rest was available."""
    state: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    """In which it is printed: the member's at the order."""
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of the code that is good now; None before one was shown, and once it is
    voided; of one that was redeemed it stays, to know the same receipt again."""
    code_mark: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Under which of our keys it was hashed; None: it is not known."""
    code_proof: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of the code with what it is good for: moved to another row it proves nothing."""
    codes: Mapped[int] = mapped_column(server_default="0")
    """How many codes were shown: each kills the one before."""
    fence: Mapped[int | None] = mapped_column(BigInteger)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    ordered_at: Mapped[datetime] = mapped_column(Instant)
    issued_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    """None: never."""
    redeemed_at: Mapped[datetime | None] = mapped_column(Instant)
    salon_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("salons.id"))
    receipt_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    voided_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it was voided, or taken back as too old."""
    void_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    """Who of the staff let it pass the review."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())

    @property
    def made_for(self) -> MadeFor:
        """What its present code is good for."""
        return MadeFor(self.id, self.amount, self.codes)


class Salon(Base):
    """A salon that takes certificates."""

    __tablename__ = "salons"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    slug: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    """What the salon calls itself in its requests: ``salon_id``."""
    name: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Keyed hash of the salon's key."""
    key_mark: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Under which of our keys it was hashed; None: it is not known."""
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    """From then on its key opens nothing."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
