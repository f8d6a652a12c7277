"""The table of relatives."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base
from tracker.kit.money import MAX_KOPECKS


class Relative(Base):
    """What goes to a relative's number, for as long as that is the member's (`members.Number`)."""

    __tablename__ = "relatives"
    __table_args__ = (
        CheckConstraint("(fixed IS NULL) <> (share_bp IS NULL)", name="either"),
        CheckConstraint(f"fixed BETWEEN 1 AND {MAX_KOPECKS}", name="fixed"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share_bp"),
        Index(None, "member_id", "place"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("members.id"))
    number_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("numbers.id"), unique=True)
    """The number; once its owner has confirmed it, and until it ends, it is paid to."""
    label_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the member calls the relative, to be read with the key."""
    place: Mapped[int]
    """Fixed amounts are paid in this order, as far as the money goes."""
    fixed: Mapped[int | None] = mapped_column(BigInteger)
    """Kopecks a month."""
    share_bp: Mapped[int | None]
    """Basis points of what the fixed amounts leave."""
