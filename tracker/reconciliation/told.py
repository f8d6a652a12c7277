"""What the operator tells by itself. The caller owns the unit of work."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tracker.kit.logs import log
from tracker.reconciliation.comparing import close_what_is_clear, open_findings
from tracker.reconciliation.rules import FindingKind, contradicts, payout_of, without_number
from tracker.settlement.delivery.answers import record
from tracker.settlement.delivery.claims import LEASE_SECONDS, Chunk, Claimed
from tracker.settlement.models import FENCES
from tracker.settlement.ports import Answer, Outcome
from tracker.settlement.rules import Conduct, PayoutState

STRANGERS = 50
"""Open findings at most about keys that are none of ours."""

ALIKE = 5
"""Open findings at most that say one thing of a payout, under ever other references."""

_LOG = log("reconciliation")


@dataclass(frozen=True, slots=True)
class Hint:
    """What a callback says of a key; ``amount`` in kopecks."""

    key: str
    outcome: Outcome
    amount: int
    reference: str | None = None


Contradiction = tuple[Hint, Row[Any] | None, str]
"""A word, the payout that it is about if it is ours, and in what it goes against our books."""


def take_hints(session: Session, hints: Sequence[Hint]) -> int:
    """Ask at once about what the operator says is no longer open; returns how many are asked.

    A callback settles nothing: whoever has its token can make us ask, and no more. What goes
    against our books is a finding.
    """
    ours = _payouts(session, (one.key for one in hints))
    _open(session, _contradictions(hints, ours))
    ids = sorted({row.id for row in ours.values()})
    asked: Any = session.execute(_ASK_NOW, {"ids": ids})
    return int(asked.rowcount)


def take_answers(
    session: Session, answers: Sequence[Answer], amounts: Mapping[str, int], conduct: Conduct
) -> int:
    """Write down answers that came without a question, by the operator's own file; returns how
    many payouts they settled or moved.

    Whoever has one of them in hand writes nothing any more. Another amount than ours, or a word
    against an earlier one, is a finding and settles nothing.
    """
    ours = _payouts(session, (one.key for one in answers))
    hints = [Hint(one.key, one.outcome, amounts[one.key], one.reference) for one in answers]
    strange = list(_contradictions(hints, ours))
    _open(session, strange)
    doubtful = {hint.key for hint, _, _ in strange}
    told = {ours[one.key].id: one for one in answers if one.key in ours and one.key not in doubtful}
    paid = [number for number, one in told.items() if one.outcome is Outcome.PAID]
    fence = int(session.scalar(FENCES.next_value()) or 0)
    values = {"ids": sorted(told), "paid": paid, "fence": fence, "lease": LEASE_SECONDS}
    taken = sorted(session.execute(_TAKE_IN_HAND, values), key=lambda row: int(row.id))
    chunk = Chunk(fence, tuple(_claimed(row) for row in taken))
    record(session, chunk, [told[one.id] for one in chunk.payouts], conduct, question=True)
    close_what_is_clear(session)
    return len(taken)


def _payouts(session: Session, keys: Iterable[str]) -> dict[str, Row[Any]]:
    ids = sorted({number for key in keys if (number := payout_of(key)) is not None})
    return {f"payout:{row.id}": row for row in session.execute(_PAYOUTS, {"ids": ids})}


def _contradictions(hints: Iterable[Hint], ours: Mapping[str, Row[Any]]) -> Iterable[Contradiction]:
    for hint in hints:
        row = ours.get(hint.key)
        state, amount = (PayoutState(row.state), row.amount) if row is not None else (None, 0)
        if why := contradicts(state, amount, hint.outcome, hint.amount):
            yield hint, row, why


def _open(session: Session, strange: Iterable[Contradiction]) -> None:
    """What goes against our books is a finding each, up to as many as people can look at: whoever
    tells of thousands shall not bury what else there is."""
    told = list(strange)
    ids = sorted({row.id for _, row, _ in told if row is not None})
    already = session.execute(_ALREADY_OPEN, {"ids": ids}) if told else ()
    alike = Counter({(row.payout_id, row.detail): int(row.findings) for row in already})
    listed = []
    for hint, row, why in told:
        about, most = (row.id, ALIKE) if row is not None else (None, STRANGERS)
        if alike[about, why] < most:
            alike[about, why] += 1
            listed.append(_finding(hint, row, why))
    # In one order for everybody: nobody waits in a circle.
    open_findings(session, sorted(listed, key=lambda one: (one["key"], one["reference"])))
    if len(listed) < len(told):
        _LOG.error("contradictions_not_listed", told=len(told), listed=len(listed))


def _finding(hint: Hint, row: Row[Any] | None, why: str) -> dict[str, Any]:
    return {
        "kind": FindingKind.CONTRADICTION,
        "key": without_number(hint.key),
        "reference": hint.reference or "",
        "payout_id": row.id if row is not None else None,
        "period": row.period if row is not None else None,
        "day": None,
        "ours": row.amount if row is not None else None,
        "theirs": hint.amount,
        "detail": why,
    }


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(
        row.id, row.member_id, "", row.amount, row.as_of, int(row.age), int(row.since_sent)
    )


_ALREADY_OPEN = text("""
    SELECT payout_id, detail, count(*) AS findings FROM settlement_findings
    WHERE kind = 'contradiction' AND state <> 'explained'
      AND (payout_id IS NULL OR payout_id = ANY (CAST(:ids AS bigint[])))
    GROUP BY payout_id, detail
""")

_PAYOUTS = text("""
    SELECT id, state, amount, period FROM payouts WHERE id = ANY (CAST(:ids AS bigint[]))
""")

_ASK_NOW = text("""
    WITH told AS (
        SELECT id FROM payouts
        WHERE id = ANY (CAST(:ids AS bigint[])) AND state IN ('submitted', 'unknown')
          AND ask_at > clock_timestamp()
        ORDER BY id
        FOR UPDATE
    )
    UPDATE payouts SET ask_at = clock_timestamp() FROM told WHERE payouts.id = told.id
""")

# One with staff comes back into hand: now the operator has told after all. Of one that was never
# sent only that it was paid all the same: why it is with staff is nothing that a refusal answers.
_TAKE_IN_HAND = text("""
    WITH told AS (
        SELECT payouts.id, run.as_of
        FROM payouts JOIN settlement_runs AS run ON run.period = payouts.period
        WHERE payouts.id = ANY (CAST(:ids AS bigint[]))
          AND payouts.state IN ('claimed', 'submitted', 'unknown', 'with_staff')
          AND (payouts.sent_at IS NOT NULL OR payouts.id = ANY (CAST(:paid AS bigint[])))
        ORDER BY payouts.id
        FOR UPDATE OF payouts
    )
    UPDATE payouts
    SET fence = :fence, lease_until = clock_timestamp() + make_interval(secs => :lease),
        state = CASE payouts.state WHEN 'with_staff' THEN 'unknown' ELSE payouts.state END
    FROM told WHERE payouts.id = told.id
    RETURNING payouts.id, payouts.member_id, payouts.amount, told.as_of,
              coalesce(extract(epoch FROM clock_timestamp() - sent_at), 0) AS age,
              coalesce(extract(epoch FROM clock_timestamp() - coalesce(sent_again_at, sent_at)),
                       0) AS since_sent
""")
