"""Approving, starting, pausing and finishing a month's run. The caller owns the unit of work.

Whoever lets a run go on is written down in the audit.
"""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.audit.rules import check_reason
from tracker.audit.service import record
from tracker.settlement.lists.sealed import see_that_it_is_as_sealed
from tracker.settlement.models import SettlementRun
from tracker.settlement.queries import run_of
from tracker.settlement.rules import (
    ENDED,
    SYSTEM,
    ApproverPreparedIt,
    RunIsPaused,
    RunNotApproved,
    RunNotPaused,
    RunNotPrepared,
    RunNotRunning,
    RunState,
    SealDiffers,
)
from tracker.settlement.self_approval import LIMITS, Limits, Waits, why_it_waits
from tracker.settlement.watch import Reason, guard
from tracker.staff.rules import Role, same_person
from tracker.staff.second_person import see_that_two_may
from tracker.staff.service import Person


def approve(session: Session, period: str, sha256: str, by: Person) -> SettlementRun:
    """A second person approves exactly the sealed list.

    Raises RunNotFound, RunNotPrepared, ApproverPreparedIt and SealDiffers, and as
    `see_that_two_may`.
    """
    run, approver = run_of(session, period, lock=True), by.login
    if run.state == RunState.APPROVED and (run.sha256, run.approved_by) == (sha256, approver):
        return run
    if run.state != RunState.PREPARED:
        raise RunNotPrepared(f"the run of {period} is {run.state}")
    if same_person(run.prepared_by, approver):
        raise ApproverPreparedIt(f"{approver} prepared the run of {period}")
    see_that_two_may(session, run.prepared_by, by, Role.APPROVER)
    if run.sha256 != sha256:
        # The right seal is not told here: it is to be read with the list that it stands for.
        raise SealDiffers(
            f"the list of {period} is not sealed with {sha256}: read `settlement show` again"
        )
    _agree(session, run, approver)
    return run


def _agree(session: Session, run: SettlementRun, who: str) -> None:
    if run.state != RunState.PREPARED:
        raise RunNotPrepared(f"the run of {run.period} is {run.state}")
    run.state, run.approved_by = RunState.APPROVED, who
    run.approved_at = session.scalar(select(func.now()))
    session.flush()
    _write_down(session, run, who, "settlement.approve")


def start(session: Session, period: str, who: str = SYSTEM) -> SettlementRun:
    """Let workers deliver an approved run; starting it again changes nothing.

    Raises RunNotFound, RunIsPaused, RunNotApproved, and SealDiffers when a line is not what was
    approved.
    """
    run = run_of(session, period, lock=True)
    if run.state == RunState.PAUSED:
        raise RunIsPaused(f"{run.paused_by} has paused the run of {period}: resume it")
    if run.state in _BEGUN:
        return run
    if run.state != RunState.APPROVED:
        raise RunNotApproved(f"the run of {period} is {run.state}")
    see_that_it_is_as_sealed(session, run)
    run.state, run.started_at = RunState.RUNNING, session.scalar(select(func.now()))
    session.flush()
    guard(session, None, Reason.START)
    _write_down(session, run, who, "settlement.start")
    return run


def pause(session: Session, period: str, who: str, reason: str) -> SettlementRun:
    """Send nothing more of a run until it is resumed; what was sent is still asked about. Again, it
    changes nothing.

    Raises RunNotFound, RunNotRunning and ReasonMissing.
    """
    run = run_of(session, period, lock=True)
    if run.state == RunState.PAUSED:
        return run
    if run.state != RunState.RUNNING:
        raise RunNotRunning(f"the run of {period} is {run.state}")
    run.state, run.paused_by, run.pause_reason = RunState.PAUSED, who, check_reason(reason)
    session.flush()
    _write_down(session, run, who, "settlement.pause", reason)
    return run


def resume(session: Session, period: str, who: str, reason: str | None = None) -> SettlementRun:
    """Let a paused run go on. Raises RunNotFound, RunNotPaused, SealDiffers as `start` does, and
    ReasonMissing."""
    run = run_of(session, period, lock=True)
    if run.state == RunState.RUNNING:
        return run
    if run.state != RunState.PAUSED:
        raise RunNotPaused(f"the run of {period} is {run.state}")
    see_that_it_is_as_sealed(session, run)
    run.state, run.paused_by, run.pause_reason = RunState.RUNNING, None, None
    session.flush()
    guard(session, None, Reason.START)
    _write_down(session, run, who, "settlement.resume", reason)
    return run


def approve_itself(session: Session, period: str, limits: Limits) -> Waits | None:
    """Approve and start a run that the calendar prepared, if it is within limits; else why it
    waits for a person. It is looked at once: later, only a person's word counts."""
    run = run_of(session, period, lock=True)
    before = session.scalar(
        select(SettlementRun.total)
        .where(SettlementRun.period < period)
        .order_by(SettlementRun.period.desc())
        .limit(1)
    )
    waits = why_it_waits(run.total, before, limits)
    run.considered_at = session.scalar(select(func.now()))
    session.flush()
    if waits is None:
        _agree(session, run, LIMITS)
        start(session, period, LIMITS)
    return waits


def pause_changed(session: Session, period: str) -> None:
    """Pause a run of which a line is not what was sealed, until staff have looked; nothing where
    it no longer runs, as when another worker has come upon it too."""
    if run_of(session, period, lock=True).state == RunState.RUNNING:
        pause(session, period, SYSTEM, SealDiffers.code)


def finish_ended(session: Session) -> None:
    """End the runs none of whose payouts is open any more, paused ones as well."""
    session.execute(_FINISH, {"ended": [str(state) for state in ENDED]})


def _write_down(
    session: Session, run: SettlementRun, who: str, action: str, reason: str | None = None
) -> None:
    """The act, with what was known of the run: its seal and total (kopecks)."""
    after = {"state": run.state, "sha256": run.sha256, "total": run.total, "payouts": run.payouts}
    record(session, who, action, f"settlement:{run.period}", reason=reason, after=after)


_BEGUN = (RunState.RUNNING, RunState.DONE, RunState.CLOSED)

_FINISH = text("""
    UPDATE settlement_runs SET state = 'done', done_at = now()
    WHERE state IN ('running', 'paused') AND NOT EXISTS (
        SELECT FROM payouts
        WHERE payouts.period = settlement_runs.period AND payouts.state <> ALL (:ended)
          AND payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown') -- for the index
    )
""")
