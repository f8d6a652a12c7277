"""Taking payouts that were never sent, and putting their money in flight."""

import json

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.kit.crypto import Keyring
from tracker.ledger.rules import Kind
from tracker.ledger.service import lock_members, post
from tracker.settlement.delivery.claims import Chunk, claim, posting_of
from tracker.settlement.ports import TopUp
from tracker.settlement.rules import Conduct
from tracker.settlement.sealed import see_that_lines_are_as_sealed

UNKNOWN_AT_ONCE = 1_000


def claim_prepared(session: Session, keys: Keyring, limit: int, conduct: Conduct) -> Chunk:
    """Take payouts of running runs that were never sent, and put their money in flight.

    Not while the outcome of many is unknown already: an operator that does not answer is to have
    a few payouts to be asked about, not the whole month. Nor while enough batches are with it, or
    statements are to be compared first.

    What a member can no longer cover is withheld instead: a return came in after the seal. So is
    what was sealed for a member who has since left, has another number, or wants no payment: the
    sealed number may be somebody else's by now.

    Raises SealDiffers when a line is not what was sealed: nothing of the chunk is to be sent.
    """
    values = {"limit": limit, "too_many": UNKNOWN_AT_ONCE, "concurrency": conduct.concurrency}
    chunk = claim(session, keys, _NEXT_PREPARED, values)
    see_that_lines_are_as_sealed(session, [one.id for one in chunk.payouts])
    balances = lock_members(session, {one.member_id for one in chunk.payouts})
    left = {member: balance.available for member, balance in balances.items()}
    theirs = still_theirs(session, [one.id for one in chunk.payouts])
    covered, withheld = [], []
    for one in chunk.payouts:
        if one.id not in theirs:
            withheld.append((one.id, "member_changed"))
        elif left[one.member_id] < one.amount:
            withheld.append((one.id, "balance_fell"))
        else:
            left[one.member_id] -= one.amount
            covered.append(one)
    post(session, [posting_of(one, Kind.PAYOUT_SUBMITTED) for one in covered])
    session.execute(
        _MARK_WITHHELD,
        {
            "ids": [payout for payout, _ in withheld],
            "reasons": [reason for _, reason in withheld],
            "fence": chunk.fence,
        },
    )
    session.execute(
        _MARK_SENT,
        {
            "ids": [one.id for one in covered],
            "hashes": [request_hash(keys, one.top_up) for one in covered],
            "fence": chunk.fence,
        },
    )
    return Chunk(chunk.fence, tuple(covered), len(withheld))


def still_theirs(session: Session, payouts: list[int]) -> set[int]:
    """Those of some payouts whose number is still its member's, who still wants to be paid."""
    return set(session.scalars(_STILL_THEIRS, {"ids": payouts}))


def request_hash(keys: Keyring, top_up: TopUp) -> bytes:
    """Keyed hash of what is sent under a key."""
    return keys.hash("top-up", json.dumps([top_up.key, top_up.phone, top_up.amount]))


# Run by run, in the order of the index on open payouts: else each chunk would sort all that is
# still to be paid, or look through all that ever was.
_NEXT_PREPARED = text("""
    WITH next AS (
        SELECT chunk.id, run.as_of
        FROM settlement_runs AS run
        CROSS JOIN LATERAL (
            SELECT id FROM payouts
            WHERE payouts.period = run.period AND payouts.state = 'prepared'
            ORDER BY payouts.period, payouts.id
            LIMIT :limit
            FOR UPDATE SKIP LOCKED
        ) AS chunk
        WHERE run.state = 'running'
          AND (SELECT count(*) FROM payouts WHERE state = 'unknown') < :too_many
          AND (SELECT count(DISTINCT fence) FROM payouts
               WHERE state = 'claimed' AND lease_until > clock_timestamp()) < :concurrency
          AND settlement_may_send()
        LIMIT :limit
    )
    UPDATE payouts
    SET fence = :fence, lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM next JOIN payouts AS chosen ON chosen.id = next.id
              JOIN numbers ON numbers.id = chosen.number_id
    WHERE payouts.id = next.id
    RETURNING payouts.id, payouts.member_id, numbers.sealed, payouts.amount, next.as_of,
              0 AS age, 0 AS since_sent
""")

_STILL_THEIRS = text("""
    SELECT payouts.id
    FROM payouts JOIN members ON members.id = payouts.member_id
                 JOIN numbers ON numbers.id = payouts.number_id
    WHERE payouts.id = ANY (:ids)
      AND numbers.ended_at IS NULL AND members.closed_at IS NULL AND members.auto_payment
""")

_MARK_SENT = text("""
    UPDATE payouts
    SET state = 'claimed', sent_at = clock_timestamp(), request_hash = given.hash
    FROM unnest(CAST(:ids AS bigint[]), CAST(:hashes AS bytea[])) AS given (id, hash)
    WHERE payouts.id = given.id AND payouts.fence = :fence
""")

_MARK_WITHHELD = text("""
    UPDATE payouts
    SET state = 'withheld', reason = given.reason, ended_at = clock_timestamp(),
        lease_until = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS given (id, reason)
    WHERE payouts.id = given.id AND payouts.fence = :fence
""")
