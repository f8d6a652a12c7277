"""Tables of purchases: state on the purchase, facts beside it."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.clicks.rules import OnHoldEnd, Unattributed
from tracker.kit.database import Base, Instant, one_of
from tracker.kit.money import MAX_KOPECKS
from tracker.purchases.contracts import RejectReason
from tracker.purchases.rules import Status

_AMOUNT = f"amount BETWEEN 0 AND {MAX_KOPECKS}"


class Purchase(Base):
    """One order of one shop. Opened by the first message that names it, whatever that is."""

    __tablename__ = "purchases"
    __table_args__ = (
        UniqueConstraint("shop_id", "order_id"),
        UniqueConstraint("shop_id", "order_key"),
        CheckConstraint(one_of("status", Status), name="status"),
        CheckConstraint(one_of("unattributed_reason", Unattributed), name="unattributed_reason"),
        CheckConstraint(one_of("hold_outcome", OnHoldEnd), name="hold_outcome"),
        CheckConstraint("staff_outcome IN ('confirm', 'reject')", name="staff_outcome"),
        CheckConstraint("ceiling >= 0", name="ceiling"),
        CheckConstraint("(attributed_by IS NULL) = (attributed_at IS NULL)", name="attributed"),
        CheckConstraint("pending_cashback >= 0 AND confirmed_cashback >= 0", name="standing"),
        Index(
            "ix_purchases_due",
            "hold_ends_at",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        # A member's purchases by the moment of the order, whatever became of them.
        Index(
            "ix_purchases_members",
            "member_id",
            "ordered_at",
            "shop_id",
            "order_id",
            postgresql_where=text("member_id IS NOT NULL"),
        ),
        Index(
            "ix_purchases_days",
            "shop_id",
            "ordered_at",
            postgresql_where=text("ordered_at IS NOT NULL"),
        ),
        Index(
            "ix_purchases_nobodys",
            "status",
            "id",
            postgresql_where=text("status IN ('awaiting_staff', 'unattributed', 'unmatched')"),
        ),
        # Few: what single ones of the staff have credited.
        Index(
            "ix_purchases_by_hand",
            "attributed_at",
            postgresql_where=text("attributed_by IS NOT NULL"),
        ),
        Index(
            "ix_purchases_of_click",
            "click_id",
            postgresql_where=text("click_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(Text(collation="C"))
    """The shop's own number of the order."""
    order_key: Mapped[str] = mapped_column(Text(collation="C"))
    """What numbers that look alike have in common: one shop has each but once. Of its own while
    nothing of the order was stated or proved."""
    separate_reason: Mapped[str | None] = mapped_column(Text)
    """Why staff declared it an order of its own, although it looks like another."""
    status: Mapped[str] = mapped_column(Text, server_default=Status.UNMATCHED)
    unattributed_reason: Mapped[str | None] = mapped_column(Text)
    click_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    """As the shop told it; it may name no click of ours."""
    attributed_click_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    """The click that staff credited it to: it goes before the shop's."""
    attributed_by: Mapped[str | None] = mapped_column(Text)
    """Who did so by their word alone; null: nobody, two people, or the console."""
    attributed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When that was."""
    member_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("members.id"))
    ordered_at: Mapped[datetime | None] = mapped_column(Instant)
    hold_ends_at: Mapped[datetime | None] = mapped_column(Instant)
    """From this moment on, not before, the hold is over."""
    hold_outcome: Mapped[str | None] = mapped_column(Text)
    staff_outcome: Mapped[str | None] = mapped_column(Text)
    confirmed_by_shop_at: Mapped[datetime | None] = mapped_column(Instant)
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    """The earliest confirmation of which nobody proved who wrote it."""
    ceiling: Mapped[int | None] = mapped_column(BigInteger)
    """Kopecks: the least total that was ever confirmed; no more than that counts."""
    vouched_total: Mapped[int | None] = mapped_column(BigInteger)
    """Kopecks: up to this total staff take the word of a source that proves nothing."""
    upstream_status: Mapped[str | None] = mapped_column(Text)
    """The sender's own last word for its status; never merged with ours."""
    upstream_at: Mapped[datetime | None] = mapped_column(Instant)
    upstream_source: Mapped[str | None] = mapped_column(Text(collation="C"))
    suspect_of: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("purchases.id"))
    """The purchase that this one may be once more, told by another feed."""

    statement_no: Mapped[int] = mapped_column(server_default="0")
    """Which statement of the purchase holds: its lines carry this number. 0: none came yet."""
    stated_at: Mapped[datetime | None] = mapped_column(Instant)
    """Null: none came yet, or the wire told no moment."""
    stated_amended: Mapped[bool] = mapped_column(server_default=text("false"))
    stated_source: Mapped[str | None] = mapped_column(Text(collation="C"))
    stated_trusted: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether it was proved who wrote it."""
    stated_whole: Mapped[bool] = mapped_column(server_default=text("true"))
    """False: it was told in pieces, and its lines carry each the rank of its own."""
    stated_total: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Kopecks of all lines that hold."""
    heard_at: Mapped[datetime | None] = mapped_column(Instant)
    """When what holds was received, in business time, where that is known."""
    feed: Mapped[str | None] = mapped_column(Text)
    """Which feed of the shop told it: a dialect's name and shape."""

    revision: Mapped[int] = mapped_column(server_default="0")
    """Counts how often the ledger was moved for it; part of the postings' references."""
    promised_cashback: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Kopecks that the member would have of it with nothing given back or refused: what is neither
    pending nor confirmed of that is rejected."""
    pending_cashback: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Kopecks of this purchase in the member's pending account."""
    pending_commission: Mapped[int] = mapped_column(BigInteger, server_default="0")
    confirmed_cashback: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Kopecks confirmed, less what was clawed back."""
    confirmed_commission: Mapped[int] = mapped_column(BigInteger, server_default="0")
    tracked_reference: Mapped[str | None] = mapped_column(Text(collation="C"))
    confirmed_reference: Mapped[str | None] = mapped_column(Text(collation="C"))
    opened_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class PurchaseLine(Base):
    """A line as one statement of the purchase gave it. Kept for good, also when restated."""

    __tablename__ = "purchase_lines"
    __table_args__ = (
        CheckConstraint(_AMOUNT, name="amount"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    purchase_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("purchases.id"), primary_key=True
    )
    statement_no: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    sku: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks for the whole line."""
    stated_at: Mapped[datetime | None] = mapped_column(Instant)
    """Of a purchase told in pieces: the rank of the piece that told this line."""
    stated_amended: Mapped[bool] = mapped_column(server_default=text("false"))
    stated_source: Mapped[str | None] = mapped_column(Text(collation="C"))


class PurchaseReturn(Base):
    """One return of an order, once for each return id; the empty id is a cancellation."""

    __tablename__ = "purchase_returns"
    __table_args__ = (CheckConstraint(one_of("reject_reason", RejectReason), name="reject_reason"),)

    purchase_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("purchases.id"), primary_key=True
    )
    return_id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    whole: Mapped[bool]
    """All of the purchase; else its lines say how much."""
    returned_at: Mapped[datetime] = mapped_column(Instant)
    source: Mapped[str] = mapped_column(Text(collation="C"))
    reason: Mapped[str | None] = mapped_column(Text)
    """In the shop's own words."""
    reject_reason: Mapped[str] = mapped_column(Text, server_default=RejectReason.OTHER)
    recorded_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())


class PurchaseReturnLine(Base):
    """What came back of one line."""

    __tablename__ = "purchase_return_lines"
    __table_args__ = (
        CheckConstraint(_AMOUNT, name="amount"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    purchase_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("purchases.id"), primary_key=True
    )
    return_id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    line_id: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    quantity: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks given back."""


class WelcomeBonus(Base):
    """Where a member's welcome bonus stands."""

    __tablename__ = "welcome_bonuses"
    __table_args__ = (
        CheckConstraint(_AMOUNT, name="amount"),
        CheckConstraint("purchase_id IS NOT NULL OR NOT confirmed", name="confirmed"),
    )

    member_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks, as the programme gave when it was first placed."""
    purchase_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("purchases.id"))
    """The purchase that carries it; none while the member has no live purchase."""
    confirmed: Mapped[bool] = mapped_column(server_default=text("false"))
    revision: Mapped[int] = mapped_column(server_default="0")
    tracked_reference: Mapped[str | None] = mapped_column(Text(collation="C"))
    confirmed_reference: Mapped[str | None] = mapped_column(Text(collation="C"))
