"""Writing down what the operator said."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Kind, Posting
from tracker.ledger.service import lock_members, post
from tracker.notifications.contracts import Notice
from tracker.notifications.service import notify
from tracker.settlement.delivery.claims import Chunk, Claimed, posting_of
from tracker.settlement.notices import payout_notices
from tracker.settlement.ports import Answer
from tracker.settlement.rules import Conduct, PayoutState, after_answer


def record(
    session: Session,
    chunk: Chunk,
    answers: Sequence[Answer],
    conduct: Conduct,
    *,
    question: bool = False,
) -> int:
    """Write down what the operator said; returns how many payouts were still in this hand.

    A payout that another worker has taken over meanwhile is left alone: that worker asks, and the
    operator's answer is the same. ``question``: it was asked, not sent.
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
            state, wait = after_answer(answer.outcome, one.age, one.since_sent, conduct)
            rows.append(_row(one, answer, state, wait))
            postings += _postings_of(one, state)
            notices += payout_notices(
                state, payout_id=one.id, member_id=one.member_id, amount=one.amount
            )
    lock_members(session, {one.member_id for one in chunk.payouts if one.id in mine})
    if rows:
        session.execute(_RECORD, {**_arrays(rows, chunk.fence), "question": int(question)})
    post(session, postings)
    if notices:
        notify(session, notices, max(one.as_of for one in chunk.payouts))
    return len(mine)


def _postings_of(one: Claimed, state: PayoutState) -> list[Posting]:
    kinds = {PayoutState.PAID: Kind.PAYOUT_PAID, PayoutState.FAILED: Kind.PAYOUT_FAILED}
    return [posting_of(one, kinds[state])] if state in kinds else []


def _row(one: Claimed, answer: Answer, state: PayoutState, wait: float | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": str(state),
        "reference": answer.reference,
        "reason": answer.reason,
        "wait": wait,
        "paid_at": answer.paid_at,
    }


def _arrays(rows: Sequence[dict[str, Any]], fence: int) -> dict[str, Any]:
    return {name: [row[name] for row in rows] for name in rows[0]} | {"fence": fence}


_STILL_MINE = text("""
    SELECT id FROM payouts
    WHERE id = ANY (:ids) AND fence = :fence AND state IN ('claimed', 'submitted', 'unknown')
    ORDER BY id
    FOR UPDATE
""")

_RECORD = text("""
    UPDATE payouts
    SET state = given.state, reference = coalesce(given.reference, payouts.reference),
        paid_at = coalesce(given.paid_at, payouts.paid_at), reason = given.reason,
        lease_until = NULL, asked = payouts.asked + :question,
        ask_at = clock_timestamp() + make_interval(secs => given.wait),
        ended_at = CASE WHEN given.wait IS NULL THEN clock_timestamp() END
    FROM unnest(CAST(:id AS bigint[]), CAST(:state AS text[]), CAST(:reference AS text[]),
                CAST(:reason AS text[]), CAST(:wait AS double precision[]),
                CAST(:paid_at AS timestamptz[]))
         AS given (id, state, reference, reason, wait, paid_at)
    WHERE payouts.id = given.id AND payouts.fence = :fence
""")
