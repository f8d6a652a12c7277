"""Tables of invoices, of payments, and of what was lent. Sums are kopecks."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
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

from partners.receivables.rules import InvoiceKind, PaymentKind
from tracker.kit.database import Base, Instant, one_of
from tracker.kit.money import MAX_KOPECKS
from tracker.members.rules import Language

_A_SUM = f"amount BETWEEN 1 AND {MAX_KOPECKS}"


class PartnerTerms(Base):
    """How a shop pays us, and who it is on paper. A shop without a row: the house's terms."""

    __tablename__ = "partner_terms"
    __table_args__ = (
        CheckConstraint("payment_days BETWEEN 0 AND 180", name="payment_days"),
        CheckConstraint("funding_limit >= 0", name="funding_limit"),
        CheckConstraint(one_of("language", Language), name="language"),
    )

    shop_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("shops.id"), primary_key=True, autoincrement=False
    )
    payment_days: Mapped[int]
    """From the day of the invoice to the day it is due."""
    language: Mapped[str] = mapped_column(Text)
    """Of its invoices."""
    legal_name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    tax_id: Mapped[str] = mapped_column(Text)
    funding_limit: Mapped[int | None] = mapped_column(BigInteger)
    """How much we let members have before the shop pays; None: the house's limit."""
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class InvoiceRun(Base):
    """Somebody asked for the invoices of a month; a worker issues them."""

    __tablename__ = "invoice_runs"
    __table_args__ = (CheckConstraint("(finished_at IS NULL) = (invoices IS NULL)", name="done"),)

    period: Mapped[str] = mapped_column(
        Text(collation="C"), ForeignKey("closed_periods.period"), primary_key=True
    )
    issued_on: Mapped[date] = mapped_column(Date)
    """The business date that stands on the invoices."""
    issuer: Mapped[str] = mapped_column(Text)
    """Who we were on that day."""
    asked_by: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    invoices: Mapped[int | None]


class InvoiceCounter(Base):
    """The last number that was given in a year: numbers have no gaps."""

    __tablename__ = "invoice_counters"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(server_default="0")


class Invoice(Base):
    """What a closed month of a shop came to: the movements of its receivable by purchases. Its
    lines are entries of the ledger, which never change. Neither does it."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("shop_id", "period"),
        CheckConstraint(one_of("kind", InvoiceKind), name="kind"),
        CheckConstraint("amount <> 0 AND (kind = 'invoice') = (amount > 0)", name="amount"),
        CheckConstraint("due_on >= issued_on", name="due_on"),
        Index(None, "period", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    """``2011-000123``: by year, without gaps."""
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"))
    period: Mapped[str] = mapped_column(Text(collation="C"), ForeignKey("invoice_runs.period"))
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Below zero: a credit note."""
    lines: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    """Over its lines, so that it can be seen that they are the same."""
    issued_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    language: Mapped[str] = mapped_column(Text)
    legal_name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    tax_id: Mapped[str] = mapped_column(Text)
    """The shop as it was on that day, by its own name where its terms say no other."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class ShopPayment(Base):
    """Money that came from a shop, or that we gave up. It stands in the ledger once its shop is
    known."""

    __tablename__ = "shop_payments"
    __table_args__ = (
        CheckConstraint(one_of("kind", PaymentKind), name="kind"),
        CheckConstraint(_A_SUM, name="amount"),
        CheckConstraint("(reversed_at IS NULL) = (reversed_by IS NULL)", name="reversed"),
        Index(None, "shop_id", "id"),
        Index("ix_shop_payments_nobodys", "id", postgresql_where=text("shop_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    bank_reference: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    """The bank's own number of the line; of a write-off the number of the proposal."""
    shop_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shops.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    received_on: Mapped[date] = mapped_column(Date)
    payer: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    reversed_by: Mapped[str | None] = mapped_column(Text)
    reversed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it was found to be another's, or was sent back (business time)."""


class Allocation(Base):
    """So much of a payment, or of a credit note, is for an invoice."""

    __tablename__ = "payment_allocations"
    __table_args__ = (
        CheckConstraint(_A_SUM, name="amount"),
        CheckConstraint("(payment_id IS NULL) <> (credit_note_id IS NULL)", name="source"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
        CheckConstraint("undone_on IS NULL OR undone_at IS NOT NULL", name="undone_on"),
        Index(None, "invoice_id"),
        Index(None, "payment_id"),
        Index(None, "credit_note_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("shop_payments.id"))
    credit_note_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoices.id"))
    invoice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("invoices.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    made_by: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
    undone_by: Mapped[str | None] = mapped_column(Text)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_on: Mapped[date | None] = mapped_column(Date)
    """Of a payment that was sent back: the business date from which on it met nothing. None where
    it never should have."""


class ShopFunding(Base):
    """What members had of a shop's cashback, on a day, before the shop had paid for it."""

    __tablename__ = "shop_funding"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    shop_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("shops.id"), primary_key=True, autoincrement=False
    )
    paid_to_members: Mapped[int] = mapped_column(BigInteger)
    """Of its cashback: on phone balances, and in certificates that salons took."""
    covered: Mapped[int] = mapped_column(BigInteger)
    """The share of it that the shop's money stands for."""
    funded: Mapped[int] = mapped_column(BigInteger)
    """The rest: ours, until the shop pays."""
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())


class FundingDay(Base):
    """That what was lent was reckoned for a day, also where nothing was."""

    __tablename__ = "funding_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.clock_timestamp())
