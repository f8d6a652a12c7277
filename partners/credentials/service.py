"""Verbs on webhook secrets. The caller owns the unit of work."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from partners.credentials.models import WebhookSecret
from tracker.kit.crypto import CannotDecrypt, decrypt, encrypt
from tracker.kit.logs import log

PREFIX = "whsec_"
_LOG = log("credentials")
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """The bytes a shop signs with, and until when they hold (None: no end is set)."""

    key: bytes
    valid_until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether a signature made with it is good at this moment."""
        return self.valid_until is None or now < self.valid_until


def issue(session: Session, master_key: bytes, shop_id: int) -> str:
    """Give a shop a further secret; returns it as the shop writes it, this once."""
    key = secrets.token_bytes(_BYTES)
    sealed = encrypt(master_key, _purpose(shop_id), key)
    session.add(WebhookSecret(shop_id=shop_id, sealed=sealed))
    session.flush()
    return PREFIX + base64.b64encode(key).decode()


def rotate(
    session: Session, master_key: bytes, shop_id: int, now: datetime, overlap: timedelta
) -> str:
    """Give a shop a new secret; the ones it has now hold for the overlap, then no more."""
    session.execute(
        update(WebhookSecret)
        .where(
            WebhookSecret.shop_id == shop_id,
            or_(WebhookSecret.valid_until.is_(None), WebhookSecret.valid_until > now + overlap),
        )
        .values(valid_until=now + overlap)
    )
    return issue(session, master_key, shop_id)


def secrets_of(session: Session, master_key: bytes, shop_id: int) -> tuple[Secret, ...]:
    """The secrets of a shop that can be read, the newest first.

    One that was sealed under another master key opens no door; a new one can be issued beside it.
    """
    rows = session.execute(
        select(WebhookSecret.sealed, WebhookSecret.valid_until)
        .where(WebhookSecret.shop_id == shop_id)
        .order_by(WebhookSecret.id.desc())
    )
    found = []
    for row in rows:
        try:
            key = decrypt(master_key, _purpose(shop_id), row.sealed)
        except CannotDecrypt:
            _LOG.error("webhook_secret_unreadable", shop_id=shop_id)
        else:
            found.append(Secret(key, row.valid_until))
    return tuple(found)


def _purpose(shop_id: int) -> str:
    return f"webhook secret of shop {shop_id}"
