"""Taking payouts of unknown outcome, to ask about them and perhaps to send them once more."""

from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.settlement.delivery.claims import LEASE_SECONDS, Chunk, opened
from tracker.settlement.delivery.sending import is_as_sent
from tracker.settlement.models import FENCES
from tracker.settlement.rules import SealDiffers


def claim_questions(session: Session, keys: Keyring, limit: int, out_for: int = 0) -> Chunk:
    """Take payouts whose time to be asked about has come, first sent ``out_for`` seconds ago."""
    fence = int(session.scalar(FENCES.next_value()) or 0)
    values = {"limit": limit, "fence": fence, "lease": LEASE_SECONDS, "out_for": out_for}
    rows = session.execute(_NEXT_QUESTIONS, values)
    return Chunk(fence, tuple(sorted((opened(keys, row) for row in rows), key=lambda one: one.id)))


def claim_again(session: Session, keys: Keyring, chunk: Chunk) -> Chunk:
    """Those of a chunk that may be handed over once more, written down as sent again.

    Not what another worker has taken over, nor of a run that is paused, nor anything while the
    operator's statements are to be compared first. Whose number or member has changed meanwhile is
    to be told by `still_theirs`. Raises SealDiffers when one is not what was sent under its key.
    """
    ids = [one.id for one in chunk.payouts]
    rows = session.execute(_MARK_SENT_AGAIN, {"ids": ids, "fence": chunk.fence}).all()
    marked = {row.id for row in rows}
    sent = {one.id: one.top_up for one in chunk.payouts}
    for row in rows:
        if not is_as_sent(keys, sent[row.id], row.request_hash):
            error = SealDiffers(f"payout {row.id} is not what was sent under its key")
            error.period = row.period
            raise error
    return Chunk(
        chunk.fence,
        tuple(replace(one, since_sent=0) for one in chunk.payouts if one.id in marked),
    )


def was_accepted(session: Session, payout: int) -> bool:
    """Whether the operator has ever said that it would pay it."""
    return bool(session.scalar(_WAS_ACCEPTED, {"id": payout}))


def take_back_expired(session: Session) -> int:
    """Turn payouts whose worker went away during the call into unknown ones; returns how many."""
    found: Any = session.execute(_EXPIRE)
    return int(found.rowcount)


_NEXT_QUESTIONS = text("""
    WITH next AS (
        SELECT payouts.id, run.as_of
        FROM payouts JOIN settlement_runs AS run ON run.period = payouts.period
        WHERE payouts.state IN ('submitted', 'unknown') AND ask_at <= clock_timestamp()
          AND sent_at <= clock_timestamp() - make_interval(secs => :out_for)
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY payouts.ask_at, payouts.id
        LIMIT :limit
        FOR UPDATE OF payouts SKIP LOCKED
    )
    UPDATE payouts
    SET fence = :fence, lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM next JOIN payouts AS chosen ON chosen.id = next.id
              JOIN numbers ON numbers.id = chosen.number_id
    WHERE payouts.id = next.id
    RETURNING payouts.id, payouts.member_id, numbers.sealed, payouts.amount, next.as_of,
              CAST(floor(extract(epoch FROM clock_timestamp() - payouts.sent_at)) AS integer)
                  AS age,
              CAST(floor(extract(epoch FROM clock_timestamp()
                  - coalesce(payouts.sent_again_at, payouts.sent_at))) AS integer) AS since_sent
""")

_MARK_SENT_AGAIN = text("""
    UPDATE payouts
    SET sent_again_at = clock_timestamp()
    WHERE id = ANY (:ids) AND fence = :fence AND state = 'unknown'
      AND settlement_may_send()
      AND EXISTS (SELECT FROM settlement_runs AS run
                  WHERE run.period = payouts.period AND run.state = 'running')
    RETURNING id, period, request_hash
""")

_WAS_ACCEPTED = text("SELECT accepted_at IS NOT NULL FROM payouts WHERE id = :id")

_EXPIRE = text("""
    WITH expired AS (
        SELECT id, fence FROM payouts
        WHERE state = 'claimed' AND lease_until < clock_timestamp()
        FOR UPDATE SKIP LOCKED
    ), left_alone AS (
        SELECT slot FROM settlement_slots WHERE fence IN (SELECT fence FROM expired)
        FOR UPDATE SKIP LOCKED
    ), freed AS (
        UPDATE settlement_slots AS slots SET lease_until = NULL
        FROM left_alone WHERE slots.slot = left_alone.slot
    )
    UPDATE payouts
    SET state = 'unknown', ask_at = clock_timestamp(), reason = 'worker_lost', lease_until = NULL,
        fence = nextval('payout_fences')
    FROM expired WHERE payouts.id = expired.id
""")
