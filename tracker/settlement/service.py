"""Approving, starting and finishing a month's run. The caller owns the unit of work."""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.settlement.models import SettlementRun
from tracker.settlement.queries import run_of
from tracker.settlement.rules import (
    ENDED,
    SYSTEM,
    ApproverPreparedIt,
    RunNotApproved,
    RunNotPrepared,
    RunState,
    SealDiffers,
)
from tracker.settlement.sealed import see_that_it_is_as_sealed
from tracker.settlement.watch import Reason, guard


def approve(session: Session, period: str, sha256: str, approver: str) -> SettlementRun:
    """A second person approves exactly the sealed list.

    Raises RunNotFound, RunNotPrepared, ApproverPreparedIt and SealDiffers.
    """
    run = run_of(session, period, lock=True)
    if run.state == RunState.APPROVED and (run.sha256, run.approved_by) == (sha256, approver):
        return run
    if run.state != RunState.PREPARED:
        raise RunNotPrepared(f"the run of {period} is {run.state}")
    if run.prepared_by == approver:
        raise ApproverPreparedIt(f"{approver} prepared the run of {period}")
    if run.sha256 != sha256:
        # The right seal is not told here: it is to be read with the list that it stands for.
        raise SealDiffers(
            f"the list of {period} is not sealed with {sha256}: read `settlement show` again"
        )
    run.state, run.approved_by = RunState.APPROVED, approver
    run.approved_at = session.scalar(select(func.now()))
    session.flush()
    return run


def start(session: Session, period: str) -> SettlementRun:
    """Let workers deliver an approved run; starting it again changes nothing.

    Raises RunNotFound, RunNotApproved, and SealDiffers when a line is not what was approved.
    """
    run = run_of(session, period, lock=True)
    if run.state in (RunState.RUNNING, RunState.DONE):
        return run
    if run.state != RunState.APPROVED:
        raise RunNotApproved(f"the run of {period} is {run.state}")
    see_that_it_is_as_sealed(session, run)
    run.state, run.started_at = RunState.RUNNING, session.scalar(select(func.now()))
    session.flush()
    guard(session, None, Reason.START)
    return run


def pause_changed(session: Session, period: str) -> None:
    """Pause a running run of which a line is not what was sealed, until staff have looked."""
    session.execute(_PAUSE, {"period": period, "who": SYSTEM, "why": SealDiffers.code})


def finish_ended(session: Session) -> None:
    """Close the running runs none of whose payouts is open any more."""
    session.execute(_FINISH, {"ended": [str(state) for state in ENDED]})


_PAUSE = text("""
    UPDATE settlement_runs SET state = 'paused', paused_by = :who, pause_reason = :why
    WHERE period = :period AND state = 'running'
""")

_FINISH = text("""
    UPDATE settlement_runs SET state = 'done', done_at = now()
    WHERE state = 'running' AND NOT EXISTS (
        SELECT FROM payouts
        WHERE payouts.period = settlement_runs.period AND payouts.state <> ALL (:ended)
    )
""")
