"""Tables of exports: who asked for which file, and the file in pieces."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Sequence,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.reports.rules import ExportState, Format

FENCES = Sequence("report_export_fences", metadata=Base.metadata)
"""A number for each claim by a worker: whoever holds an older one writes nothing any more."""


class ReportExport(Base):
    """A file that somebody asked for. It is theirs alone, and gone after its day."""

    __tablename__ = "report_exports"
    __table_args__ = (
        CheckConstraint(one_of("state", ExportState), name="state"),
        CheckConstraint(one_of("format", Format), name="format"),
        CheckConstraint(
            "state <> 'done' OR (sha256 IS NOT NULL AND expires_at IS NOT NULL)", name="done"
        ),
        Index(
            "uq_report_exports_open",
            "owner",
            "report",
            "format",
            "asked",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index("ix_report_exports_owner_id", "owner", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    owner: Mapped[str] = mapped_column(Text)
    """A staff login."""
    report: Mapped[str] = mapped_column(Text(collation="C"))
    format: Mapped[str] = mapped_column(Text)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """`rules.written` of what was asked."""
    state: Mapped[str] = mapped_column(Text, server_default=ExportState.WAITING)
    tries: Mapped[int] = mapped_column(server_default="0")
    fence: Mapped[int | None] = mapped_column(BigInteger)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    """While it is not over a worker writes it; each piece makes it longer."""
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    """The one moment at which all of it was read (the database's clock)."""
    lines: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Written so far."""
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sha256: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it was given up."""
    requested_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)


class ReportExportPiece(Base):
    """A few megabytes of a file, of one worker's try."""

    __tablename__ = "report_export_pieces"

    export_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("report_exports.id"), primary_key=True
    )
    fence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 0."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
