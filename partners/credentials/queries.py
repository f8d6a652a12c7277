"""Reads of webhook secrets: everything about them but what they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from partners.credentials.models import WebhookSecret
from partners.credentials.rules import SecretKind


@dataclass(frozen=True, slots=True)
class SecretCard:
    """A secret as staff see it."""

    id: int
    shop_id: int
    kind: SecretKind
    created_at: datetime
    valid_until: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it opens the door at this moment."""
        return self.revoked_at is None and (self.valid_until is None or now < self.valid_until)


def secret_cards(session: Session, *shop_ids: int) -> Iterator[SecretCard]:
    """The secrets of shops, the oldest first."""
    query = (
        select(
            WebhookSecret.id,
            WebhookSecret.shop_id,
            WebhookSecret.kind,
            WebhookSecret.created_at,
            WebhookSecret.valid_until,
            WebhookSecret.revoked_at,
            WebhookSecret.last_used_at,
        )
        .where(WebhookSecret.shop_id.in_(shop_ids))
        .order_by(WebhookSecret.id)
    )
    for row in session.execute(query):
        yield SecretCard(**{**row._mapping, "kind": SecretKind(row.kind)})
