"""The table of what staff sign in with. Moments are real ones."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant
from tracker.staff.models import Staff, StaffToken


class StaffCredential(Base):
    """A password and a secret for one-time codes: handed in, confirmed by their owner, ended."""

    __tablename__ = "staff_credentials"
    __table_args__ = (
        CheckConstraint("(password_hash IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
        Index(
            "uq_staff_credentials_live",
            "staff_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey(Staff.id))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Keyed hash of the enrolment secret, which was shown once."""
    other_half_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The same of its other half, which another person was told; None: there is none."""
    totp_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The secret that the person's telephone makes codes from."""
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """The last half-minute whose code was used: neither it nor an earlier one is taken again."""
    password_hash: Mapped[str | None] = mapped_column(Text)
    """As Argon2id makes it; None until the person has chosen one."""
    made_by: Mapped[str] = mapped_column(Text)
    token_id: Mapped[int | None] = mapped_column(ForeignKey(StaffToken.id))
    """By which it was asked for: taken back, it takes along what nobody has confirmed."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    """Until when the enrolment secret may be used."""
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
