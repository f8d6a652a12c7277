"""Verbs on webhook secrets. The caller owns the unit of work."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from partners.credentials.models import WebhookSecret
from partners.credentials.rules import Secret, SecretKind
from tracker.kit.crypto import CannotDecrypt, decrypt, encrypt
from tracker.kit.logs import log

_LOG = log("credentials")
_BYTES = 32


def issue(
    session: Session, master_key: bytes, shop_id: int, kind: SecretKind = SecretKind.ISSUED
) -> Secret:
    """Give a shop a further secret; what is ``shown`` of it is shown this once."""
    key = secrets.token_bytes(_BYTES)
    sealed = encrypt(master_key, _purpose(shop_id), key)
    made = WebhookSecret(shop_id=shop_id, sealed=sealed, kind=kind)
    session.add(made)
    session.flush()
    return Secret(made.id, key, None, kind)


def rotate(
    session: Session, master_key: bytes, shop_id: int, now: datetime, overlap: timedelta
) -> Secret:
    """Give a shop a new secret; the ones it has now hold for the overlap, then no more."""
    session.execute(
        update(WebhookSecret)
        .where(
            WebhookSecret.shop_id == shop_id,
            WebhookSecret.kind != SecretKind.TRIAL,
            or_(WebhookSecret.valid_until.is_(None), WebhookSecret.valid_until > now + overlap),
        )
        .values(valid_until=now + overlap)
    )
    return issue(session, master_key, shop_id)


def secrets_of(session: Session, master_key: bytes, shop_id: int) -> tuple[Secret, ...]:
    """The secrets of a shop that can be read, the newest first.

    One that was sealed under another master key opens no door; a new one can be issued beside it.
    """
    rows = session.scalars(
        select(WebhookSecret)
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
            found.append(Secret(row.id, key, row.valid_until, SecretKind(row.kind)))
    return tuple(found)


def _purpose(shop_id: int) -> str:
    return f"webhook secret of shop {shop_id}"
