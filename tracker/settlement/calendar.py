"""What of settlement is due, asked by the scheduler: days of downtime cost one look."""

from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tracker.kit.clock import MOSCOW
from tracker.kit.database import unit_of_work
from tracker.kit.logs import log
from tracker.settlement.lists.preparing import prepare_once
from tracker.settlement.rules import SYSTEM, first_of
from tracker.settlement.self_approval import Limits
from tracker.settlement.service import approve_itself

_LOG = log("settlement")


def period_of(moment: datetime) -> str:
    """The month of a moment in Moscow: the period whose 1st came last."""
    return moment.astimezone(MOSCOW).strftime("%Y-%m")


def run_is_due(session: Session, now: datetime) -> bool:
    """Whether the latest 1st has passed without a run, or its run was not considered yet; also
    whether this is the first look of all.

    A 1st before that first look was nobody's to miss: an installation in the middle of a month
    begins with the next. Nor is a month due that a later list has overtaken: that one has its
    money already, and a clock may step back.
    """
    period = period_of(now)
    return bool(session.scalar(_RUN_IS_DUE, {"period": period, "first": first_of(period)}))


def prepare_due(
    engine: Engine, now: datetime, *, minimum: int, cap: int | None, limits: Limits
) -> bool:
    """Prepare the run that is due, and let it begin if it may approve itself; else it waits for a
    person, which the log tells once. False: nothing is left."""
    period = period_of(now)
    with unit_of_work(engine, "settlement.first_look") as session:
        session.execute(_FIRST_LOOK, {"now": now})
        due = run_is_due(session, now)
    if not due:
        return False
    run = prepare_once(engine, period, now, minimum=minimum, cap=cap)
    if run.prepared_by != SYSTEM:
        return False
    with unit_of_work(engine, "settlement.approve_itself") as session:
        if session.scalar(_NOT_CONSIDERED, {"period": period}) is None:
            return False
        waits = approve_itself(session, period, limits)
    if waits is not None:
        _LOG.warning("settlement_waits", period=period, total=run.total, why=str(waits))
    return False


def delivery_is_due(session: Session) -> bool:
    """Whether some payout waits to be sent or asked about, or a run to be closed."""
    return bool(session.scalar(_DELIVERY_IS_DUE))


_FIRST_LOOK = text("UPDATE settlement_watch SET since = :now WHERE since IS NULL")

_RUN_IS_DUE = text("""
    SELECT watch.since IS NULL
        OR (watch.since <= :first
            AND NOT EXISTS (SELECT FROM settlement_runs WHERE period >= :period)
            AND EXISTS (SELECT FROM ledger_transactions WHERE effective_at < :first))
        OR EXISTS (SELECT FROM settlement_runs
                   WHERE period = :period AND state = 'prepared' AND prepared_by = 'system'
                     AND considered_at IS NULL)
    FROM settlement_watch AS watch
""")

_NOT_CONSIDERED = text("""
    SELECT period FROM settlement_runs
    WHERE period = :period AND state = 'prepared' AND considered_at IS NULL
    FOR UPDATE
""")

_DELIVERY_IS_DUE = text("""
    SELECT EXISTS (
        SELECT FROM settlement_runs AS run
        WHERE run.state IN ('running', 'paused') AND (
            NOT EXISTS (
                SELECT FROM payouts WHERE payouts.period = run.period
                AND payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown')
            )
            OR EXISTS (
                SELECT FROM payouts WHERE payouts.period = run.period
                AND payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown')
                AND (run.state = 'running' OR payouts.state <> 'prepared')
                AND (lease_until IS NULL OR lease_until < clock_timestamp())
                AND (ask_at IS NULL OR ask_at <= clock_timestamp())
            )
        )
    )
""")
