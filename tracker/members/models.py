"""Tables of members. Identity is the member, not the number: numbers are handed out anew."""

from datetime import datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.members.rules import Ended, Language, Role


class Member(Base):
    """One person in the club."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("referrer_id <> id", name="referrer"),
        CheckConstraint(one_of("language", Language), name="language"),
        CheckConstraint("(email_sealed IS NULL) = (email_hash IS NULL)", name="email"),
        CheckConstraint("erased_at IS NULL OR closed_at IS NOT NULL", name="erased_at"),
        Index(
            "ix_members_email_hash", "email_hash", postgresql_where=text("email_hash IS NOT NULL")
        ),
        Index(
            "ix_members_referrer_id",
            "referrer_id",
            "id",
            postgresql_where=text("referrer_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The address, to be read with the key; None after an erasure, and of those who gave none."""
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of the address in its normal form, to look up by."""
    email_proved_at: Mapped[datetime | None] = mapped_column(Instant)
    """When its owner last proved it by a code; None: nobody has."""
    joined_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the personal data was erased; the entries stay, under a number that names nobody."""
    referrer_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("members.id"))
    """Whose link the member joined by. Only ever set at joining."""
    referral_code: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    """The member's own link ends with it."""
    returned: Mapped[bool] = mapped_column(server_default=text("false"))
    """Was a member before, by number or by address: no welcome bonus, no reward for a referrer."""
    auto_payment: Mapped[bool] = mapped_column(server_default=text("true"))
    """Paid on the 1st of each month; on from joining."""
    language: Mapped[str] = mapped_column(Text, server_default=Language.RU)
    choices: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    """How to be told of what: a channel by topic; what is not named goes by the default."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class Number(Base):
    """A phone number that a member is reached or paid at: the member's own, or a relative's."""

    __tablename__ = "numbers"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        CheckConstraint(one_of("end_reason", Ended), name="end_reason"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
        # A number is one member's own at a time, and a member has one; both as long as it lasts.
        Index(
            "uq_numbers_owner",
            "hash",
            unique=True,
            postgresql_where=text("role = 'own' AND ended_at IS NULL"),
        ),
        Index(
            "uq_numbers_own",
            "member_id",
            unique=True,
            postgresql_where=text("role = 'own' AND ended_at IS NULL"),
        ),
        Index(
            "uq_numbers_relatives",
            "member_id",
            "hash",
            unique=True,
            postgresql_where=text("role = 'relative' AND ended_at IS NULL"),
        ),
        Index(None, "member_id"),
        Index(None, "hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id", deferrable=True, initially="DEFERRED")
    )
    role: Mapped[str] = mapped_column(Text, server_default=Role.OWN)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """E.164, to be read with the key; None after an erasure."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed hash of it, to look up by. Kept when the number goes: it tells who was here before."""
    hash_mark: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Once the number went: under which of our keys it was hashed; None: it is not known."""
    proved_at: Mapped[datetime | None] = mapped_column(Instant)
    """When somebody last showed to hold it; None: nobody has, and nothing is paid to it."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
