"""The tables of staff, and of what proves who they are. Moments are real ones."""

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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.staff.rules import Role


class Staff(Base):
    """One person of the finance team."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        Index("uq_staff_lower_login", text("lower(login)"), unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    role: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    let_in_by: Mapped[str | None] = mapped_column(Text)
    """Who alone was told the secret by which this person came in. None: two were told a half of it
    each, or the console was."""
    shut_out_at: Mapped[datetime | None] = mapped_column(Instant)
    """When all that this person came in by was last taken back."""


class StaffToken(Base):
    """An API token: for programs, or for the console. A person may have several."""

    __tablename__ = "staff_tokens"
    __table_args__ = (CheckConstraint("cardinality(scopes) > 0", name="scopes"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey(Staff.id), index=True)
    name: Mapped[str] = mapped_column(Text)
    """What it is for, in its owner's words."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Keyed hash: the token itself was shown once."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """What it may do at most, whatever its owner may: `tracker.staff.rules.check_scopes`."""
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    """To the minute."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffSession(Base):
    """A sign-in by password and one-time code. It ends after a while without a request."""

    __tablename__ = "staff_sessions"
    __table_args__ = (Index(None, "staff_id", "created_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey(Staff.id))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Keyed hash of login and address: strangers' tries take nothing from who was here before."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    """To the minute."""
    expires_at: Mapped[datetime] = mapped_column(Instant)
    """The latest; without a request it is over sooner."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
