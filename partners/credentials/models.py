"""The table of webhook secrets."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base, Instant


class WebhookSecret(Base):
    """One secret of one shop."""

    __tablename__ = "webhook_secrets"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The secret's bytes, encrypted: it must be read back to check a signature."""
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
    """End of a rotation's overlap; none while the secret is current."""
