"""What a statement shows as paid is paid: also what was unknown, with staff, or never sent by this
database because it was restored. The caller owns the unit of work."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Kind, Posting
from tracker.ledger.service import lock_members, post
from tracker.notifications.contracts import Notice
from tracker.notifications.service import notify
from tracker.settlement.delivery.moments import Moments, of_outcome, of_submission
from tracker.settlement.notices import payout_notices
from tracker.settlement.rules import PayoutState, payout_posting

LINES = 2_000
"""Lines that one unit of work looks at."""


def settle_shown(session: Session, statement: int, after: int) -> int:
    """Settle the payouts that some lines beyond ``after`` show as paid; returns how many.

    Same key or, in a restored database, the same number; the same amount always. Whoever holds
    one of them in hand writes nothing any more. What was never sent is adopted: its money goes
    the whole way at once; where the balance no longer covers it, it is withheld instead.
    """
    values = {"statement": statement, "after": after, "through": after + LINES}
    rows = list(session.execute(_SHOWN, values))
    balances = lock_members(session, {row.member_id for row in rows})
    left = {member: balance.available for member, balance in balances.items()}
    notices: list[Notice] = []
    paid, adopted, uncovered = [], [], []
    for row in rows:
        if row.state == PayoutState.PREPARED:
            if left[row.member_id] < row.amount:
                uncovered.append(row)
                continue
            left[row.member_id] -= row.amount
            adopted.append(row)
        paid.append(row)
        notices += payout_notices(
            PayoutState.PAID, payout_id=row.id, member_id=row.member_id, amount=row.amount
        )
    _put_in_flight(session, adopted)
    counts = of_outcome(session, [row.id for row in paid])
    post(session, [_posting(row, Kind.PAYOUT_PAID, counts) for row in paid])
    session.execute(_MARK_PAID, _paid_arrays(paid))
    session.execute(_WITHHOLD, {"ids": [row.id for row in uncovered], "reason": "paid_unbooked"})
    if notices:
        notify(session, notices, max(row.as_of for row in paid))
    _tell_adopted(session, statement, adopted)
    return len(rows)


def remember_adopted(session: Session, statement: int) -> None:
    """Lines that were taken over under another key once stand for the same payout again."""
    session.execute(_REMEMBER_ADOPTED, {"statement": statement})


def match_by_number(session: Session, statement: int) -> int:
    """In a database that was restored: lines whose key is none of ours, or was given to another
    payout since, stand for what is about to be sent to that very number; returns how many do.

    One line for one payout of the same amount, of a month that had begun.
    """
    found: Any = session.execute(_MATCH_BY_NUMBER, {"statement": statement})
    return int(found.rowcount)


def hold_doubtful(session: Session, statement: int) -> int:
    """What is not to be sent because of lines that stand for no payout of ours; returns how many.

    A key that the operator knows with another content is not sent: the money stays available. A
    number that was paid another amount goes to staff.
    """
    rows = list(session.execute(_DOUBTFUL_NUMBERS, {"statement": statement}))
    balances = lock_members(session, {row.member_id for row in rows})
    left = {member: balance.available for member, balance in balances.items()}
    held, uncovered = [], []
    for row in rows:
        if left[row.member_id] >= row.amount:
            left[row.member_id] -= row.amount
            held.append(row)
        else:
            uncovered.append(row.id)
    _put_in_flight(session, held)
    session.execute(_TO_STAFF, {"ids": [row.id for row in held]})
    session.execute(_WITHHOLD, {"ids": uncovered, "reason": "paid_unbooked"})
    burnt = list(session.scalars(_BURNT_KEYS, {"statement": statement}))
    session.execute(_WITHHOLD, {"ids": burnt, "reason": "key_taken"})
    return len(rows) + len(burnt)


def _put_in_flight(session: Session, rows: Sequence[Any]) -> None:
    counts = of_submission(session, rows)
    post(session, [_posting(row, Kind.PAYOUT_SUBMITTED, counts) for row in rows])


def _posting(row: Any, kind: Kind, counts: Moments) -> Posting:
    return payout_posting(
        kind,
        payout_id=row.id,
        member_id=row.member_id,
        amount=row.amount,
        effective_at=counts[row.id],
    )


def _paid_arrays(rows: list[Any]) -> dict[str, list[Any]]:
    return {
        "ids": [row.id for row in rows],
        "references": [row.reference for row in rows],
        "moments": [row.at for row in rows],
    }


def _tell_adopted(session: Session, statement: int, rows: list[Any]) -> None:
    """A finding for each, explained as it is opened: nobody has to do anything about it."""
    lines = [row.line for row in rows]
    if lines:
        session.execute(_TELL_ADOPTED, {"statement": statement, "lines": lines})


_SHOWN = text("""
    SELECT payouts.id, payouts.member_id, payouts.amount, payouts.state, run.as_of,
           shown.line, shown.reference, shown.at
    FROM (
        SELECT DISTINCT ON (lines.payout_id) lines.payout_id, line, lines.reference, at
        FROM statement_lines AS lines
        JOIN payouts AS its ON its.id = lines.payout_id AND its.amount = lines.amount
        WHERE statement_id = :statement AND line >= :after AND line < :through AND number_matches
        ORDER BY lines.payout_id, at, line
    ) AS shown
    JOIN payouts ON payouts.id = shown.payout_id
    JOIN settlement_runs AS run ON run.period = payouts.period
    WHERE payouts.state IN ('prepared', 'claimed', 'submitted', 'unknown', 'with_staff')
    ORDER BY payouts.id
    FOR UPDATE OF payouts
""")

_MARK_PAID = text("""
    UPDATE payouts
    SET state = 'paid', reference = given.reference, paid_at = given.moment, reason = NULL,
        lease_until = NULL, ask_at = NULL, ended_at = clock_timestamp(),
        fence = nextval('payout_fences')
    FROM unnest(CAST(:ids AS bigint[]), CAST(:references AS text[]),
                CAST(:moments AS timestamptz[])) AS given (id, reference, moment)
    WHERE payouts.id = given.id
""")

_WITHHOLD = text("""
    UPDATE payouts
    SET state = 'withheld', reason = :reason, ended_at = clock_timestamp(), lease_until = NULL,
        fence = nextval('payout_fences')
    WHERE id = ANY (CAST(:ids AS bigint[])) AND state = 'prepared'
""")

_TO_STAFF = text("""
    UPDATE payouts
    SET state = 'with_staff', reason = 'paid_elsewhere', ended_at = clock_timestamp(),
        lease_until = NULL, fence = nextval('payout_fences')
    WHERE id = ANY (CAST(:ids AS bigint[])) AND state = 'prepared'
""")

_TELL_ADOPTED = text("""
    INSERT INTO settlement_findings
        (kind, key, reference, payout_id, period, day, ours, theirs, detail, state, owner,
         explanation, closed_at)
    SELECT 'extra', shown.key, shown.reference, payouts.id, payouts.period, statement.day,
           payouts.amount, shown.amount, 'adopted', 'explained', 'system',
           'paid before this database knew of it: taken over from the statement',
           clock_timestamp()
    FROM statement_lines AS shown
    JOIN operator_statements AS statement ON statement.id = shown.statement_id
    JOIN payouts ON payouts.id = shown.payout_id
    WHERE shown.statement_id = :statement AND shown.line = ANY (CAST(:lines AS integer[]))
    ON CONFLICT (kind, key, reference) DO UPDATE
    SET payout_id = excluded.payout_id, period = excluded.period, ours = excluded.ours,
        detail = excluded.detail, state = excluded.state, owner = excluded.owner,
        explanation = excluded.explanation, closed_at = excluded.closed_at
    WHERE settlement_findings.state <> 'explained'
""")

_REMEMBER_ADOPTED = text("""
    UPDATE statement_lines AS lines
    SET payout_id = finding.payout_id, number_matches = true
    FROM settlement_findings AS finding
    WHERE lines.statement_id = :statement AND finding.kind = 'extra'
      AND finding.detail = 'adopted' AND finding.key = lines.key
      AND finding.reference = lines.reference AND lines.payout_id IS DISTINCT FROM finding.payout_id
      AND EXISTS (SELECT FROM operator_statements WHERE id = :statement AND state = 'fetched')
""")

# Lines that no payout of ours explains: of an unknown key, or of one that stands for somebody else.
# What somebody else has compared meanwhile stays as it was: there they are findings.
_MATCH_BY_NUMBER = text("""
    WITH strange AS (
        SELECT lines.line, lines.number_hash, lines.amount, lines.at,
               row_number() OVER (PARTITION BY lines.number_hash, lines.amount ORDER BY lines.line)
               AS nth
        FROM statement_lines AS lines LEFT JOIN payouts ON payouts.id = lines.payout_id
        WHERE lines.statement_id = :statement AND lines.number_hash IS NOT NULL
          AND NOT lines.number_matches
    ), waiting AS (
        SELECT payouts.id, numbers.hash, payouts.amount, run.as_of,
               row_number() OVER (PARTITION BY numbers.hash, payouts.amount ORDER BY payouts.id)
               AS nth
        FROM payouts JOIN numbers ON numbers.id = payouts.number_id
                     JOIN settlement_runs AS run ON run.period = payouts.period
        WHERE payouts.state = 'prepared'
          AND numbers.hash IN (SELECT number_hash FROM strange)
    )
    UPDATE statement_lines AS lines
    SET payout_id = waiting.id, number_matches = true
    FROM strange JOIN waiting ON waiting.hash = strange.number_hash
         AND waiting.amount = strange.amount AND waiting.nth = strange.nth
    WHERE lines.statement_id = :statement AND lines.line = strange.line
      AND EXISTS (SELECT FROM operator_statements WHERE id = :statement AND state = 'fetched')
      AND strange.at >= date_trunc('month', waiting.as_of AT TIME ZONE 'Europe/Moscow')
                        AT TIME ZONE 'Europe/Moscow'
""")

_DOUBTFUL_NUMBERS = text("""
    SELECT payouts.id, payouts.member_id, payouts.amount, run.as_of
    FROM payouts JOIN numbers ON numbers.id = payouts.number_id
                 JOIN settlement_runs AS run ON run.period = payouts.period
    WHERE payouts.state = 'prepared' AND EXISTS (
        SELECT FROM statement_lines AS lines
        LEFT JOIN payouts AS its ON its.id = lines.payout_id
        WHERE lines.statement_id = :statement AND lines.number_hash = numbers.hash
          AND (its.id IS NULL OR NOT lines.number_matches OR its.amount <> lines.amount)
          AND lines.at >= date_trunc('month', run.as_of AT TIME ZONE 'Europe/Moscow')
                          AT TIME ZONE 'Europe/Moscow'
    )
    ORDER BY payouts.id
    FOR UPDATE OF payouts
""")

_BURNT_KEYS = text("""
    SELECT payouts.id
    FROM payouts JOIN statement_lines AS lines ON lines.key = 'payout:' || payouts.id
    WHERE lines.statement_id = :statement AND payouts.state = 'prepared'
    ORDER BY payouts.id
    FOR UPDATE OF payouts
""")
