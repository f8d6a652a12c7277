"""Reads of trials."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from partners.dialects.service import Setting, by_ids
from partners.intake.contracts import PurchaseNotice
from webhooks.dialects import named
from webhooks.trials.models import TrialEvent
from webhooks.trials.rules import Attempt, Outcome
from webhooks.wire.letters import Content, Shape


def attempts(session: Session, trial_id: int, known: Sequence[Attempt]) -> tuple[Attempt, ...]:
    """What came in a trial; of ``known``, which is what came first, nothing is read again."""
    rows = session.scalars(
        select(TrialEvent)
        .where(TrialEvent.trial_id == trial_id)
        .order_by(TrialEvent.id)
        .offset(len(known))
    ).all()
    settings = by_ids(session, {row.dialect_id for row in rows})
    fresh = (
        _attempt(number, row, settings[row.dialect_id])
        for number, row in enumerate(rows, start=len(known) + 1)
    )
    return (*known, *fresh)


def _attempt(number: int, row: TrialEvent, setting: Setting) -> Attempt:
    outcome = Outcome(row.outcome)
    return Attempt(
        number=number,
        received_at=row.received_at,
        outcome=outcome,
        status=row.status,
        sha256=row.sha256.hex(),
        size=row.size,
        webhook_id=row.webhook_id,
        timestamp=row.moment,
        request=row.request_sha256.hex() if row.request_sha256 else None,
        secret_id=row.secret_id,
        trusted=row.trusted,
        code=row.code,
        detail=row.detail,
        notices=_notices(row, setting) if outcome is Outcome.ACCEPTED else (),
    )


def _notices(row: TrialEvent, setting: Setting) -> tuple[PurchaseNotice, ...]:
    if row.body is None or row.shape is None:
        return ()  # the bodies of old trials are cleared
    dialect = named(setting.dialect, setting.mapping)
    return tuple(dialect.read(Content(Shape(row.shape), row.body), row.received_at))
