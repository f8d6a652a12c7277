"""The table of referral rewards: one for each friend who has bought something."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant, one_of
from tracker.kit.money import MAX_KOPECKS
from tracker.purchases.rewards import PLACED, Decision, RewardState


class ReferralReward(Base):
    """What a friend brings the inviter. Written under the inviter's lock alone."""

    __tablename__ = "referral_rewards"
    __table_args__ = (
        CheckConstraint(f"amount BETWEEN 0 AND {MAX_KOPECKS}", name="amount"),
        CheckConstraint("friend_id <> inviter_id", name="friend"),
        CheckConstraint(one_of("state", RewardState), name="state"),
        CheckConstraint(one_of("decision", Decision), name="decision"),
        CheckConstraint(
            "state IN ('none', 'rejected') OR (purchase_id IS NOT NULL AND carried_at IS NOT NULL)",
            name="carrier",
        ),
        Index(
            "ix_referral_rewards_placed",
            "inviter_id",
            postgresql_where=text(one_of("state", PLACED)),
        ),
        Index(
            "ix_referral_rewards_waiting",
            "inviter_id",
            "carried_at",
            "friend_id",
            postgresql_where=text("state = 'over_ceiling'"),
        ),
        # Those that were ever money, for the inviter's history.
        Index(
            "ix_referral_rewards_promised",
            "inviter_id",
            "carried_at",
            "id",
            postgresql_where=text("tracked_reference IS NOT NULL"),
        ),
        Index("ix_referral_rewards_review", "id", postgresql_where=text("state = 'review'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    """Part of the postings' references, which so tell the inviter nothing of the friend."""
    friend_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"), unique=True)
    inviter_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    """Kopecks, as the programme gave when the friend first bought."""
    state: Mapped[str] = mapped_column(Text, server_default=RewardState.NONE)
    purchase_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("purchases.id"))
    """The purchase that decides on it."""
    carried_at: Mapped[datetime | None] = mapped_column(Instant)
    """When that was ordered: the place in the queue for room."""
    suspicions: Mapped[str | None] = mapped_column(Text)
    """Why it is held, or was: words with commas between them. Once suspected it stays so until
    staff decide."""
    decision: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it came to stand where it stands (business time)."""
    revision: Mapped[int] = mapped_column(server_default="0")
    tracked_reference: Mapped[str | None] = mapped_column(Text(collation="C"))
    confirmed_reference: Mapped[str | None] = mapped_column(Text(collation="C"))
