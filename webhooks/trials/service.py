"""Verbs on trials. The caller owns the unit of work."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from partners.credentials.rules import Secret, SecretKind
from partners.credentials.service import end_one, issue, revoke_trials
from partners.dialects.service import Setting, current
from partners.shops.rules import ShopStatus
from partners.shops.service import change_the_door, find
from tracker.audit.service import record
from tracker.kit.crypto import Keyring
from tracker.kit.errors import TrackerError
from tracker.kit.problems import problem_of
from webhooks.errors import RateExceeded, WebhookIdReused
from webhooks.inbox.writer import Stored
from webhooks.trials.arrivals import LetIn, Refused
from webhooks.trials.models import Trial, TrialEvent
from webhooks.trials.rules import (
    MAX_ATTEMPTS,
    MAX_BYTES,
    Outcome,
    ShopTakesNoPart,
    TrialOpen,
    TrialOver,
)

_DETAIL = 1_000
"""Characters of what was wrong that are kept."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A trial that was opened, with its first secret."""

    id: int
    shop_id: int
    slug: str
    who: str
    ends_at: datetime
    setting: Setting
    secret: Secret


def open_trial(
    session: Session,
    keys: Keyring,
    slug: str,
    *,
    who: str,
    now: datetime,
    lasting: timedelta,
    anew: bool = False,
) -> Opened:
    """Open a trial of a shop; ``anew`` closes one that is open.

    Raises ShopNotFound, ShopTakesNoPart and TrialOpen.
    """
    shop = find(session, slug)
    if shop.status == ShopStatus.LEFT:
        raise ShopTakesNoPart(f"{slug} has left: whatever it sends is answered with 410")
    _make_room(session, shop.id, now, anew=anew)
    trial = Trial(shop_id=shop.id, opened_by=who, ends_at=now + lasting)
    session.add(trial)
    session.flush()
    secret = give_secret(session, keys, shop.id, trial.ends_at)
    record(session, who, "shop.trial", f"shop:{slug}", after=_told(trial, closed=False))
    setting = current(session, shop.id)
    return Opened(trial.id, shop.id, slug, who, trial.ends_at, setting, secret)


def give_secret(session: Session, keys: Keyring, shop_id: int, ends_at: datetime) -> Secret:
    """A further secret for a trial, with its end set from the first."""
    made = issue(session, keys, shop_id, SecretKind.TRIAL)
    end_one(session, made.id, ends_at)
    change_the_door(session, shop_id)
    return made


def end_secret(session: Session, shop_id: int, secret_id: int, now: datetime) -> None:
    """A trial's secret holds no more. It is not revoked, so the door still knows it by sight."""
    end_one(session, secret_id, now)
    change_the_door(session, shop_id)


def close_trial(session: Session, opened: Opened, now: datetime) -> None:
    """Close a trial and take its secrets back. Harmless when that was done before."""
    trial = session.get(Trial, opened.id, with_for_update=True)
    if trial is None or trial.closed_at is not None:
        return
    trial.closed_at = now
    _shut(session, opened.shop_id, now)
    told = _told(trial, closed=True)
    record(session, opened.who, "shop.trial", f"shop:{opened.slug}", after=told)


def keep(session: Session, one: LetIn) -> Stored | WebhookIdReused | RateExceeded:
    """Write down an event that a trial secret has let in, and say how it is to be answered: as the
    inbox would, were it the only thing that ever came. What is to be raised is returned.

    Raises TrialOver when there is no trial any more.
    """
    event = one.incoming
    trial_id = _hold(session, event.shop_id)
    version = session.scalar(_VERSION, {"shop": event.shop_id})
    if version != event.version:
        return Stored.DOOR_CHANGED
    if trial_id is None:
        raise TrialOver
    if _is_full(session, trial_id):
        most = f"A trial takes {MAX_ATTEMPTS} requests and {MAX_BYTES // 2**20} MiB"
        return RateExceeded(most, retry_after=3600)
    sha256 = hashlib.sha256(event.body).digest()
    known = session.scalar(
        select(TrialEvent.sha256).where(
            TrialEvent.trial_id == trial_id,
            TrialEvent.webhook_id == event.webhook_id,
            TrialEvent.outcome == Outcome.ACCEPTED,
        )
    )
    outcome, answer = _answer(known, sha256, event.webhook_id)
    _write(
        session,
        trial_id,
        one,
        outcome=outcome,
        webhook_id=event.webhook_id,
        secret_id=one.secret_id,
        sha256=sha256,
        size=len(event.body),
        body=None if outcome is Outcome.DUPLICATE else event.body,
        dialect_id=event.dialect_id,
        shape=event.shape,
        trusted=event.trusted,
        **(_said(answer) if isinstance(answer, TrackerError) else {"status": _STATUSES[answer]}),
    )
    return answer


def note(session: Session, one: Refused) -> None:
    """Write down a refusal; nothing where there is no trial, or where it has seen enough."""
    trial_id = _hold(session, one.shop_id)
    if trial_id is None or _is_full(session, trial_id, is_let_in=one.secret_id is not None):
        return
    _write(
        session,
        trial_id,
        one,
        outcome=one.why,
        webhook_id=one.marks.webhook_id,
        secret_id=one.secret_id,
        sha256=one.sha256,
        size=one.size,
        body=one.content.raw if one.content else None,
        dialect_id=one.dialect_id,
        shape=one.content.shape if one.content else None,
        **_said(one.error),
    )


def _make_room(session: Session, shop_id: int, now: datetime, *, anew: bool) -> None:
    """Close what has ended by itself, or whatever there is. Raises TrialOpen."""
    before = session.scalar(
        select(Trial).where(Trial.shop_id == shop_id, Trial.closed_at.is_(None)).with_for_update()
    )
    if before is None:
        return
    if before.ends_at > now and not anew:
        raise TrialOpen(
            f"{before.opened_by} has opened a trial at {before.opened_at.isoformat()}, which ends "
            f"at {before.ends_at.isoformat()}; --anew ends it now"
        )
    before.closed_at = now
    _shut(session, shop_id, now)


def _shut(session: Session, shop_id: int, now: datetime) -> None:
    session.flush()
    revoke_trials(session, shop_id, now)
    change_the_door(session, shop_id)


def _told(trial: Trial, *, closed: bool) -> dict[str, Any]:
    state = "closed" if closed else "open"
    return {"trial": trial.id, "state": state, "ends_at": trial.ends_at.isoformat()}


def _hold(session: Session, shop_id: int) -> int | None:
    """The open trial of a shop, ours until the end of the transaction: so its rows become visible
    in the order of their ids."""
    found: int | None = session.scalar(_OPEN, {"shop": shop_id})
    return found


def _is_full(session: Session, trial_id: int, *, is_let_in: bool = True) -> bool:
    of_its_kind = TrialEvent.secret_id.is_not(None) == is_let_in
    kept = func.coalesce(func.sum(func.octet_length(TrialEvent.body)), 0)
    query = select(func.count(), kept).where(TrialEvent.trial_id == trial_id, of_its_kind)
    count, size = session.execute(query).one()
    return bool(count >= MAX_ATTEMPTS or size >= MAX_BYTES)


def _answer(
    known: bytes | None, sha256: bytes, webhook_id: str
) -> tuple[Outcome, Stored | WebhookIdReused]:
    if known is None:
        return Outcome.ACCEPTED, Stored.ACCEPTED
    if known == sha256:
        return Outcome.DUPLICATE, Stored.DUPLICATE
    said = f"webhook-id {webhook_id!r} came before with another body"
    return Outcome.CONFLICT, WebhookIdReused(said)


_STATUSES = {Stored.ACCEPTED: 202, Stored.DUPLICATE: 200}


def _said(error: TrackerError) -> dict[str, Any]:
    faults = (f"{name}: {why}" for name, why in error.fields.items())
    detail = "; ".join([error.detail, *faults])[:_DETAIL]
    return {"status": problem_of(error).status, "code": error.code, "detail": detail}


def _write(session: Session, trial_id: int, one: LetIn | Refused, **columns: Any) -> None:
    columns |= {
        "trial_id": trial_id,
        "received_at": one.received_at,
        "moment": one.marks.timestamp,
        "request_sha256": one.marks.request,
    }
    session.execute(insert(TrialEvent), columns)


_OPEN = text("""
    SELECT id FROM trials
    WHERE shop_id = :shop AND closed_at IS NULL AND ends_at > clock_timestamp()
    FOR NO KEY UPDATE
""")

_VERSION = text("SELECT door_version FROM shops WHERE id = :shop")
