"""Tables of the ledger. Triggers in the migration hold what no column can say."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.kit.money import MAX_KOPECKS
from tracker.ledger.rules import CLAWBACKS, MEMBER_ACCOUNTS, SHOP_ACCOUNTS, Account, Kind


class LedgerTransaction(Base):
    """One balanced movement of money. Never changed, never deleted."""

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint("isfinite(effective_at)", name="effective_at"),
        Index(
            "ix_ledger_transactions_written_by",
            "written_by",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
        ),
        *(
            Index(
                f"ix_ledger_transactions_{column}",
                column,
                postgresql_using="brin",
                postgresql_with={"autosummarize": "on"},
            )
            for column in ("period", "effective_at", "recorded_at")
        ),
        Index(
            "ix_ledger_transactions_taking", "id", postgresql_where=text(one_of("kind", CLAWBACKS))
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    reference: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    """What happened, once: ``purchase:17:confirmed:2``."""
    kind: Mapped[str] = mapped_column(Text)
    effective_at: Mapped[datetime] = mapped_column(Instant)
    """When it counts (business time)."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    """When we knew (the database's clock)."""
    period: Mapped[str] = mapped_column(Text(collation="C"), server_default=FetchedValue())
    """In which month's books it stands, ``2011-01``, by PostgreSQL's own word: that of
    ``effective_at`` in Moscow, or the first open one where that month was closed before."""
    corrects: Mapped[str | None] = mapped_column(
        Text(collation="C"), ForeignKey("ledger_transactions.reference")
    )
    """The reference of the transaction that this one corrects."""
    written_by: Mapped[int] = mapped_column(
        BigInteger, server_default=text("((pg_current_xact_id())::text)::bigint")
    )
    """The database transaction that wrote it: entries written by any other are refused."""


class LedgerEntry(Base):
    """One leg of a transaction: kopecks, debit positive. Never changed, never deleted."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint(
            f"amount <> 0 AND amount BETWEEN -{MAX_KOPECKS} AND {MAX_KOPECKS}", name="amount"
        ),
        CheckConstraint(one_of("account", Account), name="account"),
        CheckConstraint(
            "owner_id >= 0 AND (owner_id <> 0) = "
            f"({one_of('account', MEMBER_ACCOUNTS | SHOP_ACCOUNTS)})",
            name="owner",
        ),
        Index(None, "account", "owner_id", "transaction_id"),
    )

    transaction_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_transactions.id"), primary_key=True
    )
    leg: Mapped[int] = mapped_column(primary_key=True)
    """The leg's place in its transaction, from 0."""
    account: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[int] = mapped_column(BigInteger)
    """A member's or a shop's id; 0 for the house."""
    amount: Mapped[int] = mapped_column(BigInteger)


class ClosedPeriod(Base):
    """A month whose books are closed. PostgreSQL closes them in order, and refuses what is written
    into one afterwards."""

    __tablename__ = "closed_periods"
    __table_args__ = (
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period"),
        CheckConstraint("approved_by <> proposed_by", name="two_people"),
    )

    period: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    proposed_by: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[str] = mapped_column(Text)


class MemberBalance(Base):
    """What we owe a member, in kopecks. Kept by a trigger on the entries; its row is the lock."""

    __tablename__ = "member_balances"
    __table_args__ = (
        CheckConstraint("pending >= 0", name="pending"),
        CheckConstraint("in_flight >= 0", name="in_flight"),
        CheckConstraint("reserved >= 0", name="reserved"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    pending: Mapped[int] = mapped_column(BigInteger, server_default="0")
    available: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Below zero: the member's debt, paid off by later cashback."""
    in_flight: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reserved: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Put aside for goals."""
