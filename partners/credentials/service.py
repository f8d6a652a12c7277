"""Verbs on webhook secrets. The caller owns the unit of work, and lets the door notice
(`partners.shops.service.change_the_door`)."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from partners.credentials.models import WebhookSecret
from partners.credentials.rules import Secret, SecretEnded, SecretKind, SecretNotFound
from tracker.kit.crypto import CannotDecrypt, Keyring
from tracker.kit.logs import log

_LOG = log("credentials")
_BYTES = 32

_CLOCKS_DIFFER = timedelta(hours=1)
"""More than the clocks of two of our machines are apart."""


def issue(
    session: Session, keys: Keyring, shop_id: int, kind: SecretKind = SecretKind.ISSUED
) -> Secret:
    """Give a shop a further secret; what is ``shown`` of it is shown this once."""
    return _keep(session, keys, shop_id, secrets.token_bytes(_BYTES), kind)


def take_over(session: Session, keys: Keyring, shop_id: int, given: bytes) -> Secret:
    """Keep a further secret that the shop brings along, as ``rules.read_given`` has read it."""
    return _keep(session, keys, shop_id, given, SecretKind.GIVEN)


def end_present(session: Session, shop_id: int, now: datetime, overlap: timedelta) -> None:
    """The secrets a shop has now hold for the overlap, then no more; without one, not any more.

    Those for trials are not touched.
    """
    end = now + overlap
    values = {"valid_until": end} if overlap else {"valid_until": end, "revoked_at": now}
    session.execute(
        update(WebhookSecret)
        .where(
            WebhookSecret.shop_id == shop_id,
            WebhookSecret.kind != SecretKind.TRIAL,
            _may_hold_after(end),
        )
        .values(values)
    )


def rotate(
    session: Session, keys: Keyring, shop_id: int, now: datetime, overlap: timedelta
) -> Secret:
    """Give a shop a new secret; the ones it has now hold for the overlap, then no more."""
    end_present(session, shop_id, now, overlap)
    return issue(session, keys, shop_id)


def revoke(session: Session, shop_id: int, secret_id: int, now: datetime) -> None:
    """Take one secret of a shop back, at once. Raises SecretNotFound and SecretEnded."""
    held = session.get(WebhookSecret, secret_id)
    if held is None or held.shop_id != shop_id:
        raise SecretNotFound(f"the shop has no secret {secret_id}")
    if not _revoke(session, shop_id, now, WebhookSecret.id == secret_id):
        raise SecretEnded(f"secret {secret_id} holds no more")


def revoke_all(session: Session, shop_id: int, now: datetime) -> list[int]:
    """Take all secrets of a shop back, at once, those for trials too; the ids of those taken."""
    return _revoke(session, shop_id, now)


def end_one(session: Session, secret_id: int, end: datetime) -> None:
    """One secret holds until then and no longer."""
    session.execute(
        update(WebhookSecret).where(WebhookSecret.id == secret_id).values(valid_until=end)
    )


def revoke_trials(session: Session, shop_id: int, now: datetime) -> list[int]:
    """Take back what a shop has for trials, at once; the ids of those taken."""
    return _revoke(session, shop_id, now, WebhookSecret.kind == SecretKind.TRIAL)


def secrets_of(
    session: Session, keys: Keyring, shop_id: int, *, ended: bool = True
) -> tuple[Secret, ...]:
    """The secrets of a shop that can be read, the newest first; none that was revoked.

    Without ``ended`` those are left out that can hold on no machine of ours any more. One that was
    sealed under another master key opens no door; a new one can be issued beside it.
    """
    query = (
        select(
            WebhookSecret.id, WebhookSecret.sealed, WebhookSecret.valid_until, WebhookSecret.kind
        )
        .where(WebhookSecret.shop_id == shop_id, WebhookSecret.revoked_at.is_(None))
        .order_by(WebhookSecret.id.desc())
    )
    if not ended:
        query = query.where(_may_hold_after(func.now() - _CLOCKS_DIFFER))
    found = []
    for row in session.execute(query):
        try:
            key = keys.open(purpose_of_secret(shop_id), row.sealed)
        except CannotDecrypt:
            _LOG.error("webhook_secret_unreadable", shop_id=shop_id, secret_id=row.id)
        else:
            found.append(Secret(row.id, key, row.valid_until, SecretKind(row.kind)))
    return tuple(found)


def note_use(session: Session, used: Mapping[int, datetime]) -> None:
    """Note when secrets, by their ids, last opened the door; never an earlier moment than known."""
    if used:
        ids = sorted(used)
        session.execute(_NOTE_USE, {"ids": ids, "moments": [used[one] for one in ids]})


def _keep(session: Session, keys: Keyring, shop_id: int, key: bytes, kind: SecretKind) -> Secret:
    sealed = keys.seal(purpose_of_secret(shop_id), key)
    made = WebhookSecret(shop_id=shop_id, sealed=sealed, kind=kind)
    session.add(made)
    session.flush()
    return Secret(made.id, key, None, kind)


def _revoke(
    session: Session, shop_id: int, now: datetime, *which: ColumnElement[bool]
) -> list[int]:
    done = session.scalars(
        update(WebhookSecret)
        .where(WebhookSecret.shop_id == shop_id, WebhookSecret.revoked_at.is_(None), *which)
        .where(_may_hold_after(now - _CLOCKS_DIFFER))
        .values(revoked_at=now)
        .returning(WebhookSecret.id)
    )
    return sorted(done)


def _may_hold_after(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    return or_(WebhookSecret.valid_until.is_(None), WebhookSecret.valid_until > moment)


def purpose_of_secret(shop_id: int) -> str:
    return f"webhook secret of shop {shop_id}"


# The rows in the order of their ids, so that two processes do not wait for each other in a circle.
_NOTE_USE = text("""
    WITH given AS (
        SELECT id, moment
        FROM webhook_secrets
        JOIN unnest(CAST(:ids AS bigint[]), CAST(:moments AS timestamptz[]))
             AS given (id, moment) USING (id)
        WHERE last_used_at IS NULL OR last_used_at < moment
        ORDER BY id
        FOR UPDATE OF webhook_secrets
    )
    UPDATE webhook_secrets SET last_used_at = greatest(last_used_at, given.moment)
    FROM given WHERE webhook_secrets.id = given.id
""")
