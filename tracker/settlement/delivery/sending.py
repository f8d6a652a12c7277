"""Taking payouts that were never sent, and putting their money in flight."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.ledger.rules import Kind
from tracker.ledger.service import lock_members, post_alike
from tracker.notifications.service import notify
from tracker.settlement.delivery import moments, slots
from tracker.settlement.delivery.claims import (
    LEASE_SECONDS,
    Chunk,
    Claimed,
    Unchecked,
    alike,
    opened,
    phone_of,
)
from tracker.settlement.lists.sealed import see_that_lines_are_as_sealed
from tracker.settlement.models import FENCES
from tracker.settlement.notices import payout_notices
from tracker.settlement.ports import TopUp
from tracker.settlement.rules import Conduct, PayoutState, SealedLine, Withheld, most_at_once

UNKNOWN_AT_ONCE = 1_000

Refused = list[tuple[Row[Any], Withheld]]


def claim_prepared(session: Session, keys: Keyring, limit: int, conduct: Conduct) -> Chunk:
    """Take payouts of running runs that were never sent, and put their money in flight.

    Not while the outcome of many is unknown already: an operator that does not answer is to have
    a few payouts to be asked about, not the whole month. Nor while as much is with it as it takes,
    or statements are to be compared first.

    What a member can no longer cover is withheld instead: a return came in after the seal. So is
    what was sealed for a member who has since left, has another number, or wants no payment: the
    sealed number may be somebody else's by now; and what is for a number that is not the
    operator's. Numbers that it was not asked about are named, and their payouts left.

    Raises SealDiffers when a line is not what was sealed: nothing of the chunk is to be sent.
    """
    slot = slots.take(session, conduct)
    if slot is None:
        return Chunk(0, ())
    values = {"limit": most_at_once(conduct, limit), "too_many": UNKNOWN_AT_ONCE}
    found = session.execute(_NEXT_PREPARED, values).all()
    unchecked = [row for row in found if row.is_theirs and not row.is_checked]
    rows = [row for row in found if row.is_checked or not row.is_theirs]
    _see_that_they_are_as_sealed(session, rows)
    covered, refused = _judged(session, rows)
    fence = int(session.scalar(FENCES.next_value()) or 0)
    payouts = tuple(opened(keys, row) for row in covered)
    if payouts:
        counts = moments.of_submission(session, payouts)
        post_alike(session, alike(Kind.PAYOUT_SUBMITTED, payouts, counts))
        _mark_sent(session, keys, payouts, fence)
        slots.occupy(session, slot, fence, len(payouts), conduct)
    _withhold(session, refused, fence)
    asked = tuple(Unchecked(row.number_id, phone_of(keys, row)) for row in unchecked)
    return Chunk(fence, payouts, len(refused), asked)


def still_theirs(session: Session, payouts: list[int]) -> set[int]:
    """Those of some payouts whose number is still its member's, who still wants to be paid."""
    return set(session.scalars(_STILL_THEIRS, {"ids": payouts}))


def request_hash(keys: Keyring, top_up: TopUp) -> bytes:
    """Keyed hash of what is sent under a key."""
    return keys.hash(_REQUEST, _content(top_up))


def is_as_sent(keys: Keyring, top_up: TopUp, kept: bytes) -> bool:
    """Whether this is what was sent under its key before."""
    return bytes(kept) in keys.hashes(_REQUEST, _content(top_up))


_REQUEST = "top-up"


def _content(top_up: TopUp) -> str:
    return json.dumps([top_up.key, top_up.phone, top_up.amount])


def _see_that_they_are_as_sealed(session: Session, rows: Sequence[Row[Any]]) -> None:
    lines: dict[str, list[SealedLine]] = defaultdict(list)
    for row in rows:
        lines[row.period].append(SealedLine(row.member_id, row.number_id, row.amount))
    see_that_lines_are_as_sealed(session, lines)


def _judged(session: Session, rows: Sequence[Row[Any]]) -> tuple[list[Row[Any]], Refused]:
    """What may be sent, and why the rest may not."""
    balances = lock_members(session, {row.member_id for row in rows})
    # Again, now that whoever was erasing a member's data has done so or waits.
    theirs = still_theirs(session, [row.id for row in rows])
    left = {member: balance.available for member, balance in balances.items()}
    covered: list[Row[Any]] = []
    refused: Refused = []
    for row in rows:
        if row.id not in theirs or not row.is_theirs:
            refused.append((row, Withheld.MEMBER_CHANGED))
        elif row.served is False:
            refused.append((row, Withheld.NUMBER_NOT_SERVED))
        elif left[row.member_id] < row.amount:
            refused.append((row, Withheld.BALANCE_FELL))
        else:
            left[row.member_id] -= row.amount
            covered.append(row)
    return covered, refused


def _mark_sent(session: Session, keys: Keyring, payouts: Sequence[Claimed], fence: int) -> None:
    values = {
        "ids": [one.id for one in payouts],
        "hashes": [request_hash(keys, one.top_up) for one in payouts],
        "fence": fence,
        "lease": LEASE_SECONDS,
    }
    session.execute(_MARK_SENT, values)


def _withhold(session: Session, refused: Refused, fence: int) -> None:
    if not refused:
        return
    values = {
        "ids": [row.id for row, _ in refused],
        "reasons": [str(reason) for _, reason in refused],
        "fence": fence,
    }
    session.execute(_MARK_WITHHELD, values)
    notices = [
        notice
        for row, reason in refused
        for notice in payout_notices(
            PayoutState.WITHHELD,
            reason=reason,
            payout_id=row.id,
            member_id=row.member_id,
            amount=row.amount,
        )
    ]
    if notices:
        notify(session, notices, max(row.as_of for row, _ in refused))


# Run by run, in the order of the index on open payouts: else each chunk would sort all that is
# still to be paid, or look through all that ever was. They are locked, and changed but once.
_NEXT_PREPARED = text("""
    WITH next AS (
        SELECT chunk.*, run.as_of, run.started_at
        FROM settlement_runs AS run
        CROSS JOIN LATERAL (
            SELECT id, period, member_id, number_id, amount FROM payouts
            WHERE payouts.period = run.period AND payouts.state = 'prepared'
              AND payouts.sent_at IS NULL
            ORDER BY payouts.period, payouts.id
            LIMIT :limit
            FOR UPDATE SKIP LOCKED
        ) AS chunk
        WHERE run.state = 'running'
          AND (SELECT count(*) FROM payouts WHERE state = 'unknown') < :too_many
        LIMIT :limit
    )
    SELECT next.id, next.period, next.member_id, next.number_id, next.amount, next.as_of,
           numbers.sealed, checks.served, 0 AS age, 0 AS since_sent,
           numbers.ended_at IS NULL AND members.closed_at IS NULL AND members.auto_payment
               AND numbers.sealed IS NOT NULL AS is_theirs,
           coalesce(checks.served OR checks.checked_at >= next.started_at, false) AS is_checked
    FROM next JOIN numbers ON numbers.id = next.number_id
              JOIN members ON members.id = next.member_id
              LEFT JOIN number_checks AS checks ON checks.number_id = next.number_id
    ORDER BY next.id
""")

_STILL_THEIRS = text("""
    SELECT payouts.id
    FROM payouts JOIN members ON members.id = payouts.member_id
                 JOIN numbers ON numbers.id = payouts.number_id
    WHERE payouts.id = ANY (:ids)
      AND numbers.ended_at IS NULL AND members.closed_at IS NULL AND members.auto_payment
      AND numbers.sealed IS NOT NULL
""")

_MARK_SENT = text("""
    UPDATE payouts
    SET state = 'claimed', fence = :fence, sent_at = clock_timestamp(),
        lease_until = clock_timestamp() + make_interval(secs => :lease), request_hash = given.hash
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS bytea[])) AS given (id, hash)
    WHERE payouts.id = given.id
""")

_MARK_WITHHELD = text("""
    UPDATE payouts
    SET state = 'withheld', fence = :fence, reason = given.reason, ended_at = clock_timestamp()
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS given (id, reason)
    WHERE payouts.id = given.id
""")
