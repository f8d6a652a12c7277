"""Tables of statements, their lines, and in what they differ from our books."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from partners.reconciliation.rules import (
    Decision,
    FindingState,
    Kind,
    Outcome,
    Standing,
    State,
    Word,
)
from tracker.kit.database import Base, Instant, one_of


class ShopStatementFormat(Base):
    """How a shop writes its statements. The newest holds; each statement keeps the one it had."""

    __tablename__ = "shop_statement_formats"
    __table_args__ = (Index("ix_shop_statement_formats_shop_id_id", "shop_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    format: Mapped[dict[str, Any]] = mapped_column(JSONB)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class ShopStatement(Base):
    """One file of one shop, with the days that it tells of."""

    __tablename__ = "shop_statements"
    __table_args__ = (
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint("last_day >= first_day", name="days"),
        CheckConstraint("state IN ('dropped', 'uploading') OR sha256 IS NOT NULL", name="sha256"),
        # The same file, read in the same way for the same days, is the same statement.
        Index(
            "uq_shop_statements_file",
            "shop_id",
            "sha256",
            "first_day",
            "last_day",
            "format_sha256",
            "skip_faulty",
            unique=True,
            postgresql_where=text("state <> 'uploading'"),
        ),
        Index(
            "ix_shop_statements_waiting",
            "id",
            postgresql_where=text("state IN ('waiting', 'read')"),
        ),
        Index("ix_shop_statements_shop_id_id", "shop_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    name: Mapped[str] = mapped_column(Text)
    """What the file is called by whoever brought it."""
    first_day: Mapped[date]
    """Business dates on which its orders were placed; so is the next, both included."""
    last_day: Mapped[date]
    format: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """As it was when the file came."""
    format_sha256: Mapped[str] = mapped_column(Text(collation="C"))
    skip_faulty: Mapped[bool]
    """Whether lines with a fault are left out; else one is enough to refuse the file."""
    state: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text(collation="C"))
    """Of the file's bytes, in hexadecimal digits."""
    size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Bytes."""
    progress: Mapped[int] = mapped_column(server_default="0")
    """Lines read so far."""
    lines: Mapped[int] = mapped_column(server_default="0")
    """Lines that are kept."""
    refused_lines: Mapped[int] = mapped_column(server_default="0")
    ignored_lines: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Kopecks of the lines that are kept, as they are written."""
    why: Mapped[str | None] = mapped_column(Text)
    """Why it was refused."""
    faults: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """What was wrong with which line and column; the first hundred."""
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """What came of the last matching, kopecks."""
    matches: Mapped[int] = mapped_column(server_default="0")
    """How often it was matched."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """How often work on it was begun since it last came further."""
    fence: Mapped[int] = mapped_column(server_default="0")
    """Grows whenever somebody takes it: whoever holds an older one is too late."""
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    uploaded_by: Mapped[str] = mapped_column(Text)
    """Who answers for the file: another has to agree to what moves money by it."""
    uploaded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    matched_at: Mapped[datetime | None] = mapped_column(Instant)


class ShopStatementPart(Base):
    """A piece of a statement's file. Shops put all kinds of things about buyers into their files,
    so that it is sealed, and let go of as soon as it is read."""

    __tablename__ = "shop_statement_parts"
    __table_args__ = (
        Index(
            "ix_shop_statement_parts_held",
            "statement_id",
            postgresql_where=text("sealed IS NOT NULL"),
        ),
    )

    statement_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("shop_statements.id"), primary_key=True
    )
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ShopStatementLine(Base):
    """A line of a statement, as it was read."""

    __tablename__ = "shop_statement_lines"
    __table_args__ = (CheckConstraint(one_of("word", Word), name="word"),)

    statement_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """No foreign key: looking each of a million lines up would take longer than keeping them."""
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    order_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    """What numbers that look alike have in common, as of purchases."""
    ordered_at: Mapped[datetime | None] = mapped_column(Instant)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks, as written."""
    word: Mapped[str | None] = mapped_column(Text)
    commission: Mapped[int | None] = mapped_column(BigInteger)
    """Kopecks that the shop says it owes us for it."""
    click_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    faulty: Mapped[bool] = mapped_column(server_default=false())
    """It could not be read, and was left out; but it names an order, of which nothing is said."""


class PartnerFinding(Base):
    """One difference between a shop's statements and our books, and what staff said of it.

    It is the same one for as long as both sides tell the same figures, whichever statement shows
    it: a decision is asked for once.
    """

    __tablename__ = "partner_findings"
    __table_args__ = (
        UniqueConstraint("shop_id", "kind", "order_id", "figures"),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("state", FindingState), name="state"),
        CheckConstraint(one_of("decision", Decision), name="decision"),
        CheckConstraint(one_of("outcome", Outcome), name="outcome"),
        CheckConstraint(one_of("our_word", Standing), name="our_word"),
        CheckConstraint(one_of("their_word", Word), name="their_word"),
        CheckConstraint(
            "state IN ('open', 'gone')"
            " OR (decision IS NOT NULL AND decided_by IS NOT NULL AND reason IS NOT NULL)",
            name="decided",
        ),
        CheckConstraint("state <> 'accepted' OR decision = 'theirs'", name="accepted"),
        Index("ix_partner_findings_statement_id_id", "statement_id", "id"),
        Index(
            "ix_partner_findings_accepted",
            "shop_id",
            "id",
            postgresql_where=text("state = 'accepted'"),
        ),
        Index("ix_partner_findings_open", "shop_id", "id", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    kind: Mapped[str] = mapped_column(Text)
    order_id: Mapped[str] = mapped_column(Text(collation="C"))
    """Their number of the order, or ours where they have none; where a line tells none, one that
    no shop can write: ``rules.UNNUMBERED`` with its day, sum, click and place among such."""
    figures: Mapped[str] = mapped_column(Text(collation="C"))
    """What both sides say, so far as this kind of difference goes by it."""
    statement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shop_statements.id"))
    """The last one that shows it."""
    match_no: Mapped[int]
    """Which matching of that statement showed it last."""
    line: Mapped[int | None]
    """The first line of the order in that statement."""
    purchase_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("purchases.id"))
    our_order_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    our_amount: Mapped[int | None] = mapped_column(BigInteger)
    """Kopecks that are left of the order; so is the next."""
    their_amount: Mapped[int | None] = mapped_column(BigInteger)
    our_word: Mapped[str | None] = mapped_column(Text)
    their_word: Mapped[str | None] = mapped_column(Text)
    our_commission: Mapped[int | None] = mapped_column(BigInteger)
    their_commission: Mapped[int | None] = mapped_column(BigInteger)
    ordered_at: Mapped[datetime | None] = mapped_column(Instant)
    """As the shop tells it; so is the next."""
    click_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    commission_effect: Mapped[int] = mapped_column(BigInteger)
    """Kopecks by which the shop's debt to us would change if they are right, as far as can be said
    beforehand: each line is rounded by itself when it is booked."""
    cashback_effect: Mapped[int] = mapped_column(BigInteger)
    """Likewise of what we owe the member."""
    state: Mapped[str] = mapped_column(Text, server_default=FindingState.OPEN)
    decision: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    effective_at: Mapped[datetime | None] = mapped_column(Instant)
    """When what is booked for it counts, in business time."""
    outcome: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it was booked, or found to be gone."""
    opened_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
