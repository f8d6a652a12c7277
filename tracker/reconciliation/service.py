"""Verbs on findings, undecided payouts and explained runs. The caller owns the unit of work."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.audit.rules import check_reason
from tracker.audit.service import record
from tracker.goals.service import post_and_put_aside
from tracker.kit.clock import Clock
from tracker.ledger.rules import Kind
from tracker.ledger.service import lock_members
from tracker.notifications.service import notify
from tracker.reconciliation.comparing import keep_findings_still
from tracker.reconciliation.models import Finding
from tracker.reconciliation.queries import finding_of, left_of, proved_unpaid, shown_payments
from tracker.reconciliation.rules import (
    DayNotBegun,
    FindingExplained,
    FindingKind,
    FindingState,
    GateNotShut,
    NotProved,
    PayoutNotFound,
    PayoutNotUndecided,
    PayoutUndecided,
    ReferenceMissing,
    RunNotExplained,
)
from tracker.settlement.models import FENCES, Payout, SettlementRun
from tracker.settlement.notices import payout_notices
from tracker.settlement.queries import run_of
from tracker.settlement.rules import PayoutState, RunState, payout_posting
from tracker.settlement.watch import Guard, Reason, guard, open_gate, standing_guard

_UNDECIDED = (PayoutState.UNKNOWN, PayoutState.WITH_STAFF)


def take(session: Session, number: int, who: str) -> Finding:
    """Somebody sees to a finding; also one that another had taken.

    Raises FindingNotFound and FindingExplained.
    """
    found = _unexplained(session, number)
    before = {"state": found.state, "owner": found.owner}
    found.state, found.owner = FindingState.TAKEN, who
    session.flush()
    after = {"state": found.state, "owner": who}
    record(session, who, "finding.take", f"finding:{number}", before=before, after=after)
    return found


def explain(session: Session, number: int, who: str, explanation: str) -> Finding:
    """Say what a finding was; with that it is closed.

    Raises FindingNotFound, FindingExplained, ReasonMissing, and PayoutUndecided: what a payout came
    to is decided, not explained.
    """
    said = check_reason(explanation)
    found = _unexplained(session, number)
    if found.kind == FindingKind.UNSETTLED and found.payout_id is not None:
        payout = session.get_one(Payout, found.payout_id, with_for_update=True)
        if payout.state in _UNDECIDED:
            raise PayoutUndecided(f"payout {payout.id} is {payout.state}: resolve it")
    before = {"state": found.state, "owner": found.owner}
    found.closed_at = session.scalar(select(func.clock_timestamp()))
    found.state, found.owner, found.explanation = FindingState.EXPLAINED, who, said
    session.flush()
    after = {"state": found.state, "owner": who}
    record(
        session,
        who,
        "finding.explain",
        f"finding:{number}",
        reason=said,
        before=before,
        after=after,
    )
    return found


def resolve(
    session: Session,
    clock: Clock,
    lag: int,
    number: int,
    outcome: PayoutState,
    *,
    who: str,
    reason: str,
    reference: str | None = None,
    unproved: bool = False,
) -> Payout:
    """Staff decide what became of a payout that nobody could be made to tell of: PAID, under the
    operator's reference, or FAILED, and the member has the money back.

    FAILED is proved when the statements of all days on which it could have been paid were compared
    without it; PAID when one of them has its key. ``unproved``: decide all the same.

    Raises PayoutNotFound, PayoutNotUndecided, ReferenceMissing, NotProved and ReasonMissing.
    """
    if outcome is PayoutState.PAID and not (reference or "").strip():
        raise ReferenceMissing(fields={"reference": "the operator's reference is expected"})
    payout = session.get(Payout, number, with_for_update=True)
    if payout is None:
        raise PayoutNotFound(f"no payout has the number {number}")
    if payout.state not in _UNDECIDED:
        raise PayoutNotUndecided(f"payout {number} is {payout.state}")
    if not unproved:
        _check_proof(session, clock, lag, payout, outcome)
    before = {"state": payout.state}
    lock_members(session, {payout.member_id})
    as_of = run_of(session, payout.period).as_of
    _decide(session, payout, outcome, as_of, (reference or "").strip() or None)
    session.execute(
        _EXPLAIN_UNSETTLED, {"payout": number, "who": who, "explanation": check_reason(reason)}
    )
    record(
        session,
        who,
        "payout.resolve",
        f"payout:{number}",
        reason=reason,
        before=before,
        after={"state": payout.state, "reference": payout.reference, "unproved": unproved},
    )
    return payout


def shut_gate(session: Session, since: datetime, now: datetime, *, who: str, reason: str) -> Guard:
    """Staff let nothing be sent before statements since a business moment have been compared,
    such as after a restore. Raises ReasonMissing, and DayNotBegun for a moment still to come."""
    if since > now:
        raise DayNotBegun(f"{since.isoformat()} has not come yet")
    raised = guard(session, since, Reason.STAFF)
    after = {"since": raised.since.isoformat()}
    record(session, who, "settlement.guard", "settlement", reason=reason, after=after)
    return raised


def open_gate_by_hand(session: Session, now: datetime, *, who: str, reason: str) -> None:
    """Staff answer for what was not compared. Raises GateNotShut and ReasonMissing."""
    standing = standing_guard(session)
    if standing is None:
        raise GateNotShut
    before = {"since": standing.since.isoformat(), "guard": standing.reason}
    record(session, who, "settlement.open_gate", "settlement", reason=reason, before=before)
    open_gate(session, standing, now)


def close(session: Session, period: str, who: str) -> SettlementRun:
    """Close a run of which all is explained; again, it changes nothing.

    Raises RunNotFound, and RunNotExplained, which says what is missing.
    """
    keep_findings_still(session)
    run = run_of(session, period, lock=True)
    if run.state == RunState.CLOSED:
        return run
    left = left_of(session, period)
    if run.state != RunState.DONE or not left.nothing:
        raise RunNotExplained(
            f"the run of {period} is {run.state}: {left.not_ended} payouts have not ended, "
            f"{left.with_staff} are with staff, {left.not_on_statements} paid ones are on no "
            f"compared statement, {left.findings} findings are not explained"
        )
    _close(session, run)
    record(session, who, "settlement.close", f"settlement:{period}", after={"state": run.state})
    return run


def close_explained(session: Session) -> list[str]:
    """Close every run that is done and of which all is explained; returns their periods."""
    keep_findings_still(session)
    done = session.scalars(
        select(SettlementRun)
        .where(SettlementRun.state == RunState.DONE)
        .order_by(SettlementRun.period)
        .with_for_update(skip_locked=True)
    ).all()
    closed = [run for run in done if left_of(session, run.period).nothing]
    for run in closed:
        _close(session, run)
    return [run.period for run in closed]


def _close(session: Session, run: SettlementRun) -> None:
    run.state, run.closed_at = RunState.CLOSED, session.scalar(select(func.clock_timestamp()))
    session.flush()


def _unexplained(session: Session, number: int) -> Finding:
    found = finding_of(session, number)
    if found.state == FindingState.EXPLAINED:
        raise FindingExplained(f"finding {number} is explained: {found.explanation}")
    return found


def _check_proof(
    session: Session, clock: Clock, lag: int, payout: Payout, outcome: PayoutState
) -> None:
    if outcome is PayoutState.PAID:
        if not shown_payments(session, payout.id):
            raise NotProved(f"no compared statement shows payout {payout.id}")
    elif payout.id not in set(proved_unpaid(session, clock, lag, [payout.id])):
        raise NotProved(
            f"not all days on which payout {payout.id} could have been paid were compared "
            "without it"
        )


def _decide(
    session: Session,
    payout: Payout,
    outcome: PayoutState,
    as_of: datetime,
    reference: str | None,
) -> None:
    payout.state, payout.reason = outcome, "decided_by_staff"
    payout.reference = reference or payout.reference
    payout.lease_until = payout.ask_at = None
    payout.fence = session.scalar(FENCES.next_value())
    payout.ended_at = session.scalar(select(func.clock_timestamp()))
    session.flush()
    kind = Kind.PAYOUT_PAID if outcome is PayoutState.PAID else Kind.PAYOUT_FAILED
    post_and_put_aside(
        session,
        [
            payout_posting(
                kind,
                payout_id=payout.id,
                member_id=payout.member_id,
                amount=payout.amount,
                effective_at=as_of,
            )
        ],
    )
    notices = payout_notices(
        outcome, payout_id=payout.id, member_id=payout.member_id, amount=payout.amount
    )
    notify(session, list(notices), as_of)


_EXPLAIN_UNSETTLED = text("""
    INSERT INTO settlement_findings
        (kind, key, payout_id, period, ours, detail, state, owner, explanation, closed_at)
    SELECT 'unsettled', 'payout:' || id, id, period, amount, 'decided', 'explained', :who,
           :explanation, clock_timestamp()
    FROM payouts WHERE id = :payout
    ON CONFLICT (kind, key, reference) DO UPDATE
    SET state = excluded.state, owner = excluded.owner, explanation = excluded.explanation,
        closed_at = excluded.closed_at
""")
