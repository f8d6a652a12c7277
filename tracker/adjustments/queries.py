"""Reads of adjustments: those that wait, that were made, and that came to nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.adjustments.rules import AdjustmentNotFound, Kind, act_of, subject_of
from tracker.proposals.queries import Row, listed, proposal_of
from tracker.proposals.rules import ProposalNotFound, State

_OF_PROPOSALS = (
    "id",
    "payload_sha256",
    "state",
    "proposed_by",
    "proposed_at",
    "expires_at",
    "decided_by",
    "decided_at",
    "decision_reason",
)


def adjustments(
    session: Session,
    *,
    state: State | None = None,
    kind: Kind | None = None,
    member_id: int | None = None,
    after: int,
    limit: int,
) -> list[Row]:
    """Adjustments in the order in which they were proposed; those after an id."""
    found = listed(
        session,
        state=state,
        actions=[act_of(one) for one in Kind if kind in (None, one)],
        subject=None if member_id is None else subject_of(member_id),
        after=after,
        limit=limit,
    )
    periods = _periods(session, [one["id"] for one in found])
    return [_told(one, periods) for one in found]


def adjustment(session: Session, adjustment_id: int) -> Row:
    """One of them. Raises AdjustmentNotFound."""
    try:
        found = proposal_of(session, adjustment_id, [act_of(one) for one in Kind])
    except ProposalNotFound as error:
        raise AdjustmentNotFound(f"no adjustment {adjustment_id}") from error
    return _told(found, _periods(session, [adjustment_id]))


def _told(one: Row, periods: dict[int, tuple[datetime, str]]) -> Row:
    payload, booked = one["payload"], periods.get(one["id"])
    told: dict[str, Any] = {name: one[name] for name in _OF_PROPOSALS} | dict(payload)
    moment = payload["effective_at"]
    told["effective_at"] = moment and datetime.fromisoformat(moment)
    if booked:
        told["effective_at"], told["period"] = booked
    return {"period": None, **told}


def _periods(session: Session, ids: list[int]) -> dict[int, tuple[datetime, str]]:
    """When those that were booked count, and in which month's books they stand."""
    return {
        row.id: (row.effective_at, row.period) for row in session.execute(_BOOKED, {"ids": ids})
    }


_BOOKED = text("""
    SELECT made.id, made.effective_at, booked.period
    FROM adjustments AS made
    JOIN ledger_transactions AS booked
         ON booked.reference = 'adjustment:' || made.id || ':' || made.kind
    WHERE made.id = ANY(CAST(:ids AS bigint[]))
""")
