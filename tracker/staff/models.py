"""The table of staff."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.staff.rules import Role


class Staff(Base):
    """One person of the finance team."""

    __tablename__ = "staff"
    __table_args__ = (CheckConstraint(one_of("role", Role), name="role"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    role: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """Keyed hash of the API token: the token itself was shown once."""
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
