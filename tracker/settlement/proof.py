"""This room's part of the ledger proof: payouts against entries."""

from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference
from tracker.settlement.lists.bridge import bridge_of
from tracker.settlement.lists.sealed import seal_kept, seal_now
from tracker.settlement.lists.steps import Step, misses
from tracker.settlement.models import SettlementRun


def prove(session: Session) -> Iterator[Difference]:
    """Money in flight is exactly that of the payouts on their way, each of its own member; money
    owed to the operator exactly that of the payouts paid; every list is as it was sealed, so is
    the copy kept of it, and its bridge from the list before adds up; whoever approved and began
    a run is in the audit with that very seal."""
    for row in session.execute(_PAYOUTS_OFF):
        yield Difference(f"{row.payout} {row.account}", str(row.expected), str(row.found))
    for run in session.scalars(select(SettlementRun).order_by(SettlementRun.period)).all():
        yield from _list_off(session, run)
    for row in session.execute(_NOT_AUDITED):
        yield Difference(f"settlement {row.period}", row.act, "not in the audit")


def _list_off(session: Session, run: SettlementRun) -> Iterator[Difference]:
    seals = {"": seal_now(session, run.period), " as kept": seal_kept(session, run.period)}
    for which, found in seals.items():
        if found != run.sha256:
            yield Difference(f"settlement {run.period}{which}", run.sha256, found)
    lines = bridge_of(session, run.period).lines
    for step, (expected, told) in misses(lines).items():
        yield Difference(f"settlement {run.period} {step}", str(expected), str(told))
    for line in lines:
        if line.step == Step.TOTAL and (line.count, line.amount) != (run.payouts, run.total):
            yield Difference(
                f"settlement {run.period} payouts",
                f"{run.payouts} of {run.total}",
                f"{line.count} of {line.amount}",
            )


_PAYOUTS_OFF = text("""
    WITH booked AS (
        SELECT split_part(reference, ':', 1) || ' ' || split_part(reference, ':', 2) AS payout,
               account, owner_id, -sum(amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind LIKE 'payout_%'
        GROUP BY 1, 2, 3
    ), kept AS (
        SELECT 'payout ' || payouts.id AS payout, said.account, said.owner_id, said.amount
        FROM payouts
        CROSS JOIN LATERAL (SELECT
            CASE WHEN state IN ('claimed', 'submitted', 'unknown', 'with_staff')
                 THEN amount ELSE 0 END,
            CASE WHEN state = 'paid' THEN amount ELSE 0 END
        ) AS told (on_its_way, paid)
        CROSS JOIN LATERAL (VALUES
            ('member_available', member_id, -on_its_way - paid),
            ('member_in_flight', member_id, on_its_way),
            ('owed_to_operator', 0, paid)
        ) AS said (account, owner_id, amount)
    )
    SELECT coalesce(kept.payout, booked.payout) AS payout,
           coalesce(kept.account, booked.account) AS account,
           coalesce(booked.amount, 0) AS expected, coalesce(kept.amount, 0) AS found
    FROM kept FULL JOIN booked USING (payout, account, owner_id)
    WHERE coalesce(booked.amount, 0) <> coalesce(kept.amount, 0)
    ORDER BY 1, 2
""")

_NOT_AUDITED = text("""
    SELECT run.period, told.act
    FROM settlement_runs AS run
    CROSS JOIN LATERAL (VALUES
        ('settlement.approve', run.approved_by, 'approved by ' || run.approved_by,
         run.approved_by IS NOT NULL),
        ('settlement.start', NULL, 'started', run.state NOT IN ('prepared', 'approved'))
    ) AS told (action, who, act, done)
    WHERE told.done AND NOT EXISTS (
        SELECT FROM audit_entries AS entry
        WHERE entry.subject = 'settlement:' || run.period AND entry.action = told.action
          AND entry.who = coalesce(told.who, entry.who)
          AND entry.after ->> 'sha256' = run.sha256
    )
    ORDER BY run.period, told.action
""")
