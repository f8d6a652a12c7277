"""Writing down what the operator said."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.goals.service import put_aside, tell_reached
from tracker.ledger.rules import Kind
from tracker.ledger.service import lock_members, post_alike
from tracker.notifications.contracts import Notice
from tracker.notifications.service import notify
from tracker.settlement.delivery import moments, numbers, slots
from tracker.settlement.delivery.claims import Chunk, Claimed, alike
from tracker.settlement.notices import payout_notices
from tracker.settlement.ports import KEY_CONFLICT, Answer, Outcome
from tracker.settlement.rules import Conduct, PayoutState, after_answer
from tracker.settlement.watch import Reason, guard

CLOCKS_DIFFER = timedelta(minutes=5)
"""By which the operator's clock may be behind ours."""

_KINDS = {PayoutState.PAID: Kind.PAYOUT_PAID, PayoutState.FAILED: Kind.PAYOUT_FAILED}

Said = tuple[Claimed, Answer, PayoutState, int | None]
"""What was said of a payout, the state that leads to, and the seconds until the next question."""


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

    An answer that knows of a payout what we do not lets nothing more be sent before statements
    have been compared: this database may be an old one.
    """
    ids = [one.id for one in chunk.payouts]
    mine = set(session.scalars(_STILL_MINE, {"ids": ids, "fence": chunk.fence}))
    said = [
        (one, answer, *after_answer(answer.outcome, one.age, one.since_sent, conduct))
        for one, answer in zip(chunk.payouts, answers, strict=True)
        if one.id in mine
    ]
    if said:
        rows = [_row(*each) for each in said]
        session.execute(_RECORD, {**_arrays(rows, chunk.fence), "question": int(question)})
        _book(session, said)
        notices = list(_notices(said))
        if notices:
            notify(session, notices, max(one.as_of for one, *_ in said))
    numbers.refused(session, _numbers_refused(said))
    if strange := _strange(zip(chunk.payouts, answers, strict=True), question=question):
        guard(session, min(one.as_of for one in strange), Reason.ANSWERS)
    slots.free(session, chunk.fence)
    return len(mine)


def _book(session: Session, said: Sequence[Said]) -> None:
    """The money of those that have ended. Their members are locked together, not kind by kind:
    two who did that could wait for each other."""
    ended = [(one, state) for one, _, state, _ in said if state in _KINDS]
    if len({state for _, state in ended}) > 1:
        lock_members(session, {one.member_id for one, _ in ended})
    counts = moments.of_outcome(session, [one.id for one, _ in ended])
    for state, kind in _KINDS.items():
        some = [one for one, reached in ended if reached is state]
        if some:
            post_alike(session, alike(kind, some, counts))
    failed = [one for one, state in ended if state is PayoutState.FAILED]
    back = {one.member_id: counts[one.id] for one in sorted(failed, key=lambda one: counts[one.id])}
    tell_reached(session, put_aside(session, back), back)


def _notices(said: Sequence[Said]) -> Iterable[Notice]:
    for one, _, state, _ in said:
        yield from payout_notices(
            state, payout_id=one.id, member_id=one.member_id, amount=one.amount
        )


def _numbers_refused(said: Sequence[Said]) -> list[int]:
    return [
        one.id
        for one, answer, state, _ in said
        if state is PayoutState.FAILED and (answer.reason or "").startswith(numbers.REFUSED)
    ]


def _strange(told: Iterable[tuple[Claimed, Answer]], *, question: bool) -> list[Claimed]:
    """Those whose key the operator knew before we can have sent it."""
    return [
        one
        for one, answer in told
        if answer.reason == KEY_CONFLICT
        or (
            not question
            and answer.outcome is Outcome.PAID
            and answer.paid_at is not None
            and answer.paid_at < one.as_of - CLOCKS_DIFFER
        )
    ]


def _row(one: Claimed, answer: Answer, state: PayoutState, wait: int | None) -> dict[str, Any]:
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
        ended_at = CASE WHEN given.wait IS NULL THEN clock_timestamp() END,
        accepted_at = CASE WHEN given.state = 'submitted'
            THEN coalesce(payouts.accepted_at, clock_timestamp()) ELSE payouts.accepted_at END
    FROM unnest(CAST(:id AS bigint[]), CAST(:state AS text[]), CAST(:reference AS text[]),
                CAST(:reason AS text[]), CAST(:wait AS integer[]),
                CAST(:paid_at AS timestamptz[]))
         AS given (id, state, reference, reason, wait, paid_at)
    WHERE payouts.id = given.id AND payouts.fence = :fence
""")
