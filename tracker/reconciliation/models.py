"""Tables of reconciliation."""

from datetime import date, datetime

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

from tracker.kit.database import Base, Instant, one_of
from tracker.reconciliation.rules import FindingKind, FindingState, StatementState


class OperatorStatement(Base):
    """One reading of the operator's statement of a day."""

    __tablename__ = "operator_statements"
    __table_args__ = (
        CheckConstraint(one_of("state", StatementState), name="state"),
        *(
            Index(
                f"uq_operator_statements_{state}",
                "day",
                unique=True,
                postgresql_where=text(f"state = '{state}'"),
            )
            for state in ("compared", "fetching", "fetched")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    day: Mapped[date]
    """The business day, in Moscow."""
    state: Mapped[str] = mapped_column(Text, server_default=StatementState.FETCHING)
    lines: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Kopecks."""
    whole: Mapped[bool]
    """Whether the day was over when it was read."""
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    began_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    fetched_at: Mapped[datetime | None] = mapped_column(Instant)
    compared_at: Mapped[datetime | None] = mapped_column(Instant)


class KeptLine(Base):
    """One line of a statement, without the number it was paid to."""

    __tablename__ = "statement_lines"
    __table_args__ = (Index(None, "payout_id"), Index(None, "key"))

    statement_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("operator_statements.id"), primary_key=True
    )
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(Text(collation="C"))
    reference: Mapped[str] = mapped_column(Text(collation="C"))
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks."""
    at: Mapped[datetime] = mapped_column(Instant)
    payout_id: Mapped[int | None] = mapped_column(BigInteger)
    """The payout that the line is about; not every line is about one."""
    number_matches: Mapped[bool]
    """Whether it was paid to that payout's number."""
    number_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a line that does not match: the keyed hash of the number, when it is one we keep."""


class Finding(Base):
    """One difference, until somebody has explained it."""

    __tablename__ = "settlement_findings"
    __table_args__ = (
        UniqueConstraint("kind", "key", "reference"),
        CheckConstraint(one_of("kind", FindingKind), name="kind"),
        CheckConstraint(one_of("state", FindingState), name="state"),
        CheckConstraint(
            "(state = 'explained') = (explanation IS NOT NULL AND closed_at IS NOT NULL)",
            name="explained",
        ),
        CheckConstraint("state = 'open' OR owner IS NOT NULL", name="owned"),
        Index(
            "ix_settlement_findings_unexplained",
            "id",
            postgresql_where=text("state <> 'explained'"),
        ),
        Index(None, "payout_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text(collation="C"))
    reference: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    """The operator's own, where it told one."""
    payout_id: Mapped[int | None] = mapped_column(BigInteger)
    period: Mapped[str | None] = mapped_column(Text(collation="C"))
    """The run that cannot be closed before this is explained."""
    day: Mapped[date | None]
    ours: Mapped[int | None] = mapped_column(BigInteger)
    """Kopecks in our books; so is the next, in the operator's."""
    theirs: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[str] = mapped_column(Text)
    """What exactly it is, as a code."""
    state: Mapped[str] = mapped_column(Text, server_default=FindingState.OPEN)
    owner: Mapped[str | None] = mapped_column(Text)
    """The login of whoever sees to it; ``system`` for what a later statement made clear."""
    explanation: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
