"""The one row that tells whether the catalogue is still the same."""

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kit.database import Base


class CatalogueVersion(Base):
    """Written by triggers alone: it grows with whatever changes of shops and offers."""

    __tablename__ = "catalogue_version"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    """There is one row."""
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Becomes visible together with the change that it counts."""
