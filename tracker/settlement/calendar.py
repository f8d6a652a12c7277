"""What of settlement is due, asked by the scheduler: days of downtime cost one look."""

from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tracker.kit.clock import MOSCOW
from tracker.kit.database import unit_of_work
from tracker.settlement.preparing import prepare_once
from tracker.settlement.rules import first_of


def period_of(moment: datetime) -> str:
    """The month of a moment in Moscow: the period whose 1st came last."""
    return moment.astimezone(MOSCOW).strftime("%Y-%m")


def run_is_due(session: Session, now: datetime) -> bool:
    """Whether the latest 1st has passed without a run, though there was money before it."""
    period = period_of(now)
    return bool(session.scalar(_RUN_IS_DUE, {"period": period, "first": first_of(period)}))


def prepare_due(engine: Engine, now: datetime, *, minimum: int, cap: int | None) -> bool:
    """Prepare the run that is due; it waits for a person's approval. False: nothing is left."""
    with unit_of_work(engine) as session:
        due = run_is_due(session, now)
    if due:
        prepare_once(engine, period_of(now), now, minimum=minimum, cap=cap)
    return False


def delivery_is_due(session: Session) -> bool:
    """Whether some payout waits to be sent or asked about, or a run to be closed."""
    return bool(session.scalar(_DELIVERY_IS_DUE))


_RUN_IS_DUE = text("""
    SELECT NOT EXISTS (SELECT FROM settlement_runs WHERE period = :period)
       AND EXISTS (SELECT FROM ledger_transactions WHERE effective_at < :first)
""")

_DELIVERY_IS_DUE = text("""
    SELECT EXISTS (
        SELECT FROM settlement_runs AS run
        WHERE run.state = 'running' AND (
            NOT EXISTS (
                SELECT FROM payouts WHERE payouts.period = run.period
                AND payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown')
            )
            OR EXISTS (
                SELECT FROM payouts WHERE payouts.period = run.period
                AND payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown')
                AND (lease_until IS NULL OR lease_until < clock_timestamp())
                AND (ask_at IS NULL OR ask_at <= clock_timestamp())
            )
        )
    )
""")
