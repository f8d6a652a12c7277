"""How a run stands: what has ended, what is under way, and when it may be over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.settlement.models import SettlementRun
from tracker.settlement.queries import Tally, run_of
from tracker.settlement.rules import ENDED, PayoutState, RunState
from tracker.settlement.watch import Guard, standing_guard

APPROVED = "approved"
"""How a prepared payout is shown once its run may be sent."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A run's payouts by the state they are shown in, its pace, and what holds it up."""

    run: SettlementRun
    payouts: Mapping[str, Tally]
    ended: int
    per_minute: int
    """Payouts that ended within the last minute, or, of a run that began later, would have."""
    seconds_left: int | None
    """Until all are sent, at that pace; None: nothing is being sent, or nothing is left to be."""
    next_question_at: datetime | None
    """When the operator is next asked what became of one."""
    guard: Guard | None
    """Nothing is sent before statements have been compared."""


def shown_state(state: str, run_state: str) -> str:
    """The state of a payout as people see it."""
    waiting = state == PayoutState.PREPARED and run_state != RunState.PREPARED
    return APPROVED if waiting else state


def standing(session: Session, period: str) -> Standing:
    """How a run stands at this moment. Raises RunNotFound."""
    run = run_of(session, period)
    rows = session.execute(_BY_STATE, {"period": period}).all()
    tallies = {row.state: Tally(row.payouts, int(row.amount)) for row in rows}
    pace = sum(row.recent for row in rows) * 60 // rows[0].seconds if rows else 0
    waiting = sum(tallies[one].count for one in _WAITING if one in tallies)
    guard = standing_guard(session)
    goes_on = run.state == RunState.RUNNING and waiting and pace and not guard
    asked = [row.next_question_at for row in rows if row.next_question_at is not None]
    return Standing(
        run=run,
        payouts={shown_state(state, run.state): tally for state, tally in tallies.items()},
        ended=sum(tallies[one].count for one in ENDED if one in tallies),
        per_minute=pace,
        seconds_left=waiting * 60 // pace if goes_on else None,
        next_question_at=min(asked, default=None),
        guard=guard,
    )


_WAITING = (PayoutState.PREPARED, PayoutState.CLAIMED)

_BY_STATE = text("""
    SELECT payouts.state, count(*) AS payouts, sum(payouts.amount) AS amount,
           count(*) FILTER (WHERE ended_at > clock_timestamp() - interval '1 minute') AS recent,
           min(ask_at) FILTER (WHERE payouts.state IN ('submitted', 'unknown'))
               AS next_question_at,
           CAST(greatest(1, least(60, extract(
               epoch FROM clock_timestamp() - coalesce(min(run.started_at), now())
           ))) AS integer) AS seconds
    FROM payouts JOIN settlement_runs AS run ON run.period = payouts.period
    WHERE payouts.period = :period
    GROUP BY payouts.state
    ORDER BY payouts.state
""")
