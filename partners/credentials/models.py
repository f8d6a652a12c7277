"""The table of webhook secrets."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from partners.credentials.rules import SecretKind
from tracker.kit.database import Base, Instant, one_of


class WebhookSecret(Base):
    """One secret of one shop."""

    __tablename__ = "webhook_secrets"
    __table_args__ = (CheckConstraint(one_of("kind", SecretKind), name="kind"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("shops.id"), index=True)
    kind: Mapped[str] = mapped_column(Text, server_default=SecretKind.ISSUED)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The secret's bytes, encrypted: it must be read back to check a signature."""
    created_at: Mapped[datetime] = mapped_column(Instant, server_default=func.now())
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
    """End of a rotation's overlap; none while the secret is current."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it was taken back. It opens nothing since, whatever a clock says."""
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it last opened the door, to about a minute."""
