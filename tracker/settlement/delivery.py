"""Delivering payouts in chunks: claim and commit, call, record. Each step is one unit of work.

No transaction is open while the operator is being talked to. A claim carries a fencing token, so
that whoever wakes up late writes nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.ledger.rules import Kind, Posting
from tracker.ledger.service import lock_members, post
from tracker.members.queries import open_phone
from tracker.notifications.contracts import Notice
from tracker.notifications.service import notify
from tracker.settlement.models import FENCES
from tracker.settlement.notices import payout_notices
from tracker.settlement.ports import Answer, TopUp
from tracker.settlement.rules import PayoutState, after_answer, gateway_key, payout_posting

LEASE_SECONDS = 30
UNKNOWN_AT_ONCE = 1_000
KEY_MEMORY_MARGIN = 300
"""Seconds by which we stop sending again before the operator forgets the key: between the look at
the time and the call a lease (30 s) or a whole job (120 s) may pass, and clocks differ a little."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A payout in this worker's hands until its lease is over."""

    id: int
    member_id: int
    phone: str
    """Empty when it was erased meanwhile."""
    amount: int
    asked: int
    as_of: datetime
    overdue: bool
    """Sent so long ago that the operator may have forgotten the key, or soon will have."""

    @property
    def top_up(self) -> TopUp:
        """What the operator is told."""
        return TopUp(gateway_key(self.id), self.phone, self.amount)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Payouts claimed together, under one fencing token."""

    fence: int
    payouts: tuple[Claimed, ...]
    withheld: int = 0
    """How many were claimed besides, and are not to be sent."""


def claim_prepared(session: Session, keys: Keyring, limit: int) -> Chunk:
    """Take payouts of running runs that were never sent, and put their money in flight.

    Not while the outcome of many is unknown already: an operator that does not answer is to have
    a few payouts to be asked about, not the whole month.

    What a member can no longer cover is withheld instead: a return came in after the seal. So is
    what was sealed for a member who has since left, has another number, or wants no payment: the
    sealed number may be somebody else's by now.
    """
    chunk = _claim(session, keys, _NEXT_PREPARED, {"limit": limit, "too_many": UNKNOWN_AT_ONCE})
    balances = lock_members(session, {one.member_id for one in chunk.payouts})
    left = {member: balance.available for member, balance in balances.items()}
    theirs = set(session.scalars(_STILL_THEIRS, {"ids": [one.id for one in chunk.payouts]}))
    covered, withheld = [], []
    for one in chunk.payouts:
        if one.id not in theirs:
            withheld.append((one.id, "member_changed"))
        elif left[one.member_id] < one.amount:
            withheld.append((one.id, "balance_fell"))
        else:
            left[one.member_id] -= one.amount
            covered.append(one)
    post(session, [_posting(one, Kind.PAYOUT_SUBMITTED) for one in covered])
    session.execute(
        _MARK_WITHHELD,
        {
            "ids": [payout for payout, _ in withheld],
            "reasons": [reason for _, reason in withheld],
            "fence": chunk.fence,
        },
    )
    session.execute(
        _MARK_SENT,
        {
            "ids": [one.id for one in covered],
            "hashes": [_request_hash(keys, one.top_up) for one in covered],
            "fence": chunk.fence,
        },
    )
    return Chunk(chunk.fence, tuple(covered), len(withheld))


def claim_questions(session: Session, keys: Keyring, limit: int, key_memory: int) -> Chunk:
    """Take payouts of unknown outcome whose time to be asked about has come."""
    remembered = key_memory - KEY_MEMORY_MARGIN
    return _claim(session, keys, _NEXT_QUESTIONS, {"limit": limit, "remembered": remembered})


def take_back_expired(session: Session) -> int:
    """Turn payouts whose worker went away during the call into unknown ones; returns how many."""
    found: Any = session.execute(_EXPIRE)
    return int(found.rowcount)


def record(session: Session, chunk: Chunk, answers: Sequence[Answer]) -> int:
    """Write down what the operator said; returns how many payouts were still in this hand.

    A payout that another worker has taken over meanwhile is left alone: that worker asks, and the
    operator's answer is the same.
    """
    mine = set(
        session.scalars(
            _STILL_MINE, {"ids": [one.id for one in chunk.payouts], "fence": chunk.fence}
        )
    )
    rows, postings = [], []
    notices: list[Notice] = []
    for one, answer in zip(chunk.payouts, answers, strict=True):
        if one.id in mine:
            state, wait = after_answer(answer.outcome, one.asked)
            rows.append(_row(one, answer, state, wait))
            postings += _postings_of(one, state)
            notices += payout_notices(
                state, payout_id=one.id, member_id=one.member_id, amount=one.amount
            )
    lock_members(session, {one.member_id for one in chunk.payouts if one.id in mine})
    if rows:
        session.execute(_RECORD, _arrays(rows, chunk.fence))
    post(session, postings)
    if notices:
        notify(session, notices, max(one.as_of for one in chunk.payouts))
    return len(mine)


def _postings_of(one: Claimed, state: PayoutState) -> list[Posting]:
    kinds = {PayoutState.PAID: Kind.PAYOUT_PAID, PayoutState.FAILED: Kind.PAYOUT_FAILED}
    return [_posting(one, kinds[state])] if state in kinds else []


def _posting(one: Claimed, kind: Kind) -> Posting:
    return payout_posting(
        kind,
        payout_id=one.id,
        member_id=one.member_id,
        amount=one.amount,
        effective_at=one.as_of,
    )


def _request_hash(keys: Keyring, top_up: TopUp) -> bytes:
    return keys.hash("top-up", json.dumps([top_up.key, top_up.phone, top_up.amount]))


def _row(one: Claimed, answer: Answer, state: PayoutState, wait: int | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": str(state),
        "reference": answer.reference,
        "reason": answer.reason,
        "wait": wait,
    }


def _arrays(rows: Sequence[dict[str, Any]], fence: int) -> dict[str, Any]:
    return {name: [row[name] for row in rows] for name in rows[0]} | {"fence": fence}


def _claim(session: Session, keys: Keyring, statement: Any, values: dict[str, Any]) -> Chunk:
    fence = session.scalar(FENCES.next_value())
    rows = session.execute(statement, {**values, "fence": fence, "lease": LEASE_SECONDS})
    claimed = sorted((_claimed(keys, row) for row in rows), key=lambda one: one.id)
    return Chunk(int(fence or 0), tuple(claimed))


def _claimed(keys: Keyring, row: Row[Any]) -> Claimed:
    # Of a member whose data were erased after the seal there is no number: it is withheld.
    phone = open_phone(keys, row.member_id, row.sealed) if row.sealed is not None else ""
    return Claimed(row.id, row.member_id, phone, row.amount, row.asked, row.as_of, row.overdue)


# Run by run, in the order of the index on open payouts: else each chunk would sort all that is
# still to be paid, or look through all that ever was.
_NEXT_PREPARED = text("""
    WITH next AS (
        SELECT chunk.id, run.as_of
        FROM settlement_runs AS run
        CROSS JOIN LATERAL (
            SELECT id FROM payouts
            WHERE payouts.period = run.period AND payouts.state = 'prepared'
            ORDER BY payouts.period, payouts.id
            LIMIT :limit
            FOR UPDATE SKIP LOCKED
        ) AS chunk
        WHERE run.state = 'running'
          AND (SELECT count(*) FROM payouts WHERE state = 'unknown') < :too_many
        LIMIT :limit
    )
    UPDATE payouts
    SET fence = :fence, lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM next JOIN payouts AS chosen ON chosen.id = next.id
              JOIN numbers ON numbers.id = chosen.number_id
    WHERE payouts.id = next.id
    RETURNING payouts.id, payouts.member_id, numbers.sealed, payouts.amount, payouts.asked,
              next.as_of, false AS overdue
""")

_NEXT_QUESTIONS = text("""
    WITH next AS (
        SELECT payouts.id, run.as_of
        FROM payouts JOIN settlement_runs AS run ON run.period = payouts.period
        WHERE payouts.state = 'unknown' AND ask_at <= clock_timestamp()
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY payouts.id
        LIMIT :limit
        FOR UPDATE OF payouts SKIP LOCKED
    )
    UPDATE payouts
    SET fence = :fence, lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM next JOIN payouts AS chosen ON chosen.id = next.id
              JOIN numbers ON numbers.id = chosen.number_id
    WHERE payouts.id = next.id
    RETURNING payouts.id, payouts.member_id, numbers.sealed, payouts.amount, payouts.asked,
              next.as_of, payouts.sent_at < clock_timestamp() - make_interval(secs => :remembered)
                  AS overdue
""")

_STILL_THEIRS = text("""
    SELECT payouts.id
    FROM payouts JOIN members ON members.id = payouts.member_id
                 JOIN numbers ON numbers.id = payouts.number_id
    WHERE payouts.id = ANY (:ids)
      AND numbers.ended_at IS NULL AND members.closed_at IS NULL AND members.auto_payment
""")

_MARK_SENT = text("""
    UPDATE payouts
    SET state = 'submitted', sent_at = clock_timestamp(), request_hash = given.hash
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS bytea[])) AS given (id, hash)
    WHERE payouts.id = given.id AND payouts.fence = :fence
""")

_MARK_WITHHELD = text("""
    UPDATE payouts
    SET state = 'withheld', reason = given.reason, ended_at = clock_timestamp(),
        lease_until = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS given (id, reason)
    WHERE payouts.id = given.id AND payouts.fence = :fence
""")

_EXPIRE = text("""
    UPDATE payouts
    SET state = 'unknown', ask_at = clock_timestamp(), reason = 'worker_lost', lease_until = NULL,
        fence = nextval('payout_fences')
    WHERE state = 'submitted' AND lease_until < clock_timestamp()
""")

_STILL_MINE = text("""
    SELECT id FROM payouts
    WHERE id = ANY (:ids) AND fence = :fence AND state IN ('submitted', 'unknown')
    ORDER BY id
    FOR UPDATE
""")

_RECORD = text("""
    UPDATE payouts
    SET state = given.state, reference = coalesce(given.reference, payouts.reference),
        reason = given.reason, lease_until = NULL,
        asked = payouts.asked + CASE WHEN given.wait IS NULL THEN 0 ELSE 1 END,
        ask_at = clock_timestamp() + make_interval(secs => given.wait),
        ended_at = CASE WHEN given.wait IS NULL THEN clock_timestamp() END
    FROM unnest(CAST(:id AS bigint[]), CAST(:state AS text[]), CAST(:reference AS text[]),
                CAST(:reason AS text[]), CAST(:wait AS double precision[]))
         AS given (id, state, reference, reason, wait)
    WHERE payouts.id = given.id AND payouts.fence = :fence
""")
