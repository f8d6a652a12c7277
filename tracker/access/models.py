"""Tables of who may come in."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.access.rules import Kind
from tracker.kit.database import Base, Instant, one_of


class MemberSession(Base):
    """A member is signed in on a device: until it is signed out, revoked, or runs out."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        Index(None, "member_id"),
        Index(None, "device_hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Keyed hash of the token, which the device alone has."""
    kind: Mapped[str] = mapped_column(Text)
    device_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Keyed hash of what the device calls itself: two members on one device share it."""
    label: Mapped[str] = mapped_column(Text)
    """What the member knows the device by, from its User-Agent."""
    remembered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    """To the hour or so."""
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
