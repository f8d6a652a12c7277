"""Preparing, approving and starting a month's run. The caller owns the unit of work."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.kit.database import bulk_insert
from tracker.kit.money import MAX_KOPECKS
from tracker.relatives.queries import confirmed_directions
from tracker.relatives.rules import split
from tracker.settlement.models import Payout, SettlementRun
from tracker.settlement.queries import run_of, sealed_lines
from tracker.settlement.rules import (
    ENDED,
    SYSTEM,
    ApproverPreparedIt,
    PeriodNotBegun,
    RunNotApproved,
    RunNotPrepared,
    RunState,
    SealDiffers,
    first_of,
    seal,
)


def prepare(
    session: Session,
    period: str,
    as_of: datetime,
    *,
    minimum: int,
    cap: int | None,
    prepared_by: str = SYSTEM,
) -> SettlementRun:
    """Draw up and seal the list of a period: what each member is due, in kopecks.

    Due is everything available, at least ``minimum``, at most ``cap`` and what one payment can
    carry, to members who had joined by then and have auto-payment on; what of it goes to relatives
    is `relatives.rules.split`. Preparing again returns the run that exists.

    Raises PeriodInvalid and PeriodNotBegun.
    """
    if as_of < first_of(period):
        raise PeriodNotBegun(f"{period} begins at {first_of(period).isoformat()}")
    # Two that prepare at once: the second waits here and finds the run of the first.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('settlement', 0))"))
    existing = session.get(SettlementRun, period)
    if existing is not None:
        return existing
    session.execute(
        _DRAW_UP,
        {
            "period": period,
            "as_of": as_of,
            "minimum": minimum,
            "cap": cap,
            "most": MAX_KOPECKS,
        },
    )
    _draw_up_with_relatives(session, period, as_of, minimum=minimum, cap=cap)
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(Payout.amount), 0)).where(
            Payout.period == period
        )
    ).one()
    run = SettlementRun(
        period=period,
        as_of=as_of,
        payouts=count,
        total=int(total),
        sha256=seal(period, sealed_lines(session, period)),
        prepared_by=prepared_by,
    )
    session.add(run)
    session.flush()
    session.refresh(run)
    return run


def _draw_up_with_relatives(
    session: Session, period: str, as_of: datetime, *, minimum: int, cap: int | None
) -> None:
    """The lists of those who share with relatives, a chunk of members at a time."""
    given = {"as_of": as_of, "minimum": minimum, "cap": cap, "most": MAX_KOPECKS, "after": 0}
    while rows := session.execute(_WITH_RELATIVES, {**given, "limit": _CHUNK}).all():
        directions = confirmed_directions(session, {row.member_id for row in rows})
        bulk_insert(
            session,
            Payout,
            [
                {
                    "period": period,
                    "member_id": row.member_id,
                    "number_id": part.number_id,
                    "amount": part.amount,
                }
                for row in rows
                for part in split(
                    row.due, directions.get(row.member_id, ()), row.own_number, minimum=minimum
                )
            ],
        )
        given["after"] = rows[-1].member_id


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
    found = seal(period, sealed_lines(session, period))
    if found != run.sha256:
        raise SealDiffers(f"the list of {period} was changed after it was sealed: now {found}")
    run.state, run.started_at = RunState.RUNNING, session.scalar(select(func.now()))
    session.flush()
    return run


def finish_ended(session: Session) -> None:
    """Close the running runs none of whose payouts is open any more."""
    session.execute(_FINISH, {"ended": [str(state) for state in ENDED]})


_DRAW_UP = text("""
    INSERT INTO payouts (period, member_id, number_id, amount)
    SELECT :period, members.id, numbers.id,
           least(balances.available, CAST(:cap AS bigint), :most)
    FROM member_balances AS balances
    JOIN members ON members.id = balances.member_id
    JOIN numbers ON numbers.member_id = members.id
         AND numbers.role = 'own' AND numbers.ended_at IS NULL
    WHERE balances.available >= :minimum
      AND members.auto_payment AND members.closed_at IS NULL AND members.joined_at <= :as_of
      AND NOT EXISTS (SELECT FROM relatives WHERE relatives.member_id = members.id)
    ORDER BY members.id
""")

# Those who have, or had, somebody on their list: the rule says what each number gets.
_WITH_RELATIVES = text("""
    SELECT members.id AS member_id, own.id AS own_number,
           least(balances.available, CAST(:cap AS bigint), :most) AS due
    FROM members
    JOIN member_balances AS balances ON balances.member_id = members.id
    LEFT JOIN numbers AS own
         ON own.member_id = members.id AND own.role = 'own' AND own.ended_at IS NULL
    WHERE balances.available >= :minimum AND members.id > :after
      AND members.auto_payment AND members.closed_at IS NULL AND members.joined_at <= :as_of
      AND EXISTS (SELECT FROM relatives WHERE relatives.member_id = members.id)
    ORDER BY members.id
    LIMIT :limit
""")

_CHUNK = 5_000

_FINISH = text("""
    UPDATE settlement_runs SET state = 'done', done_at = now()
    WHERE state = 'running' AND NOT EXISTS (
        SELECT FROM payouts
        WHERE payouts.period = settlement_runs.period AND payouts.state <> ALL (:ended)
    )
""")
