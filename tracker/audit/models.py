"""The table of audited acts."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant


class AuditEntry(Base):
    """One act of one person. PostgreSQL refuses to change or delete it."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject_id", "subject", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    """The database's clock: the application cannot set it."""
    who: Mapped[str] = mapped_column(Text)
    """A staff login, or ``console:<account>`` for a command without a token."""
    action: Mapped[str] = mapped_column(Text)
    """A verb with its room, such as ``inbox.discard``."""
    subject: Mapped[str] = mapped_column(Text, server_default="")
    """What it was done to, such as ``event:17`` or ``shop:demo-shop``."""
    reason: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class AuditLink(Base):
    """An entry's place in the chain. PostgreSQL writes it at COMMIT, and lets nobody change it."""

    __tablename__ = "audit_chain"

    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """1, 2, 3 and so on in the order in which acts became visible: not always that of their ids."""
    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 over the hash before it, the place, and all that the entry says."""


class AuditWaiting(Base):
    """An entry of a transaction that saw one moment: the next act takes it into the chain."""

    __tablename__ = "audit_waiting"

    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class AuditHead(Base):
    """The end of the chain as a worker saw it once, signed by a key that the database lacks."""

    __tablename__ = "audit_heads"

    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    """Which key signed, and the keyed hash: `tracker.audit.heads`."""
    at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
