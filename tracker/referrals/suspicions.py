"""Friends who may be the inviter again, or each other: looked for when a reward would be confirmed.

Suspicious is to share something with the inviter, with another friend of the same inviter, with
whoever invited the inviter, or with somebody who has left the club.
"""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.referrals.rules import Suspicion


def suspicions(session: Session, pairs: Mapping[int, int]) -> dict[int, list[Suspicion]]:
    """What is suspicious of pairs of a friend and the inviter; friends with nothing are left out.

    Hashes are compared: devices seen before the secret key was changed are not recognised after.
    """
    if not pairs:
        return {}
    rows = session.execute(
        _SHARED, {"friends": list(pairs), "inviters": list(pairs.values()), "most": _MOST}
    )
    found: dict[int, list[Suspicion]] = {}
    for row in rows:
        found.setdefault(row.friend_id, []).append(Suspicion(row.what))
    return found


_MOST = 1_000
"""Of a device or a number that so many others have, no more of them are looked at."""

# With the inviter everything is compared, whatever else there is on a device. A number that the
# operator took from one and gave to another (taken_over) has nothing to say of the two.
_SHARED = text("""
    SELECT pair.friend_id, shared.what
    FROM unnest(CAST(:friends AS bigint[]), CAST(:inviters AS bigint[]))
         AS pair (friend_id, inviter_id)
    JOIN members AS inviter ON inviter.id = pair.inviter_id
    CROSS JOIN LATERAL (
        SELECT 'device' AS what, other.member_id
        FROM sessions AS own JOIN sessions AS other ON other.device_hash = own.device_hash
        WHERE own.member_id = pair.friend_id AND other.member_id = pair.inviter_id
        UNION
        SELECT 'device', other.member_id
        FROM (
            SELECT DISTINCT device_hash FROM sessions
            WHERE member_id = pair.friend_id AND device_hash IS NOT NULL
        ) AS own
        CROSS JOIN LATERAL (
            SELECT sessions.member_id FROM sessions
            WHERE sessions.device_hash = own.device_hash
              AND sessions.member_id <> pair.friend_id
            LIMIT CAST(:most AS integer)
        ) AS other
        UNION
        SELECT 'number', other.member_id
        FROM numbers AS own JOIN numbers AS other ON other.hash = own.hash
        WHERE own.member_id = pair.friend_id AND other.member_id = pair.inviter_id
          AND own.end_reason IS DISTINCT FROM 'taken_over'
          AND other.end_reason IS DISTINCT FROM 'taken_over'
        UNION
        SELECT 'number', other.member_id
        FROM numbers AS own
        CROSS JOIN LATERAL (
            SELECT numbers.member_id FROM numbers
            WHERE numbers.hash = own.hash AND numbers.member_id <> pair.friend_id
              AND numbers.end_reason IS DISTINCT FROM 'taken_over'
            LIMIT CAST(:most AS integer)
        ) AS other
        WHERE own.member_id = pair.friend_id AND own.end_reason IS DISTINCT FROM 'taken_over'
        UNION
        SELECT 'email', other.id
        FROM members AS own JOIN members AS other ON other.email_hash = own.email_hash
        WHERE own.id = pair.friend_id AND other.id <> own.id
    ) AS shared
    JOIN members AS kin ON kin.id = shared.member_id
    WHERE kin.id IN (inviter.id, inviter.referrer_id)
       OR kin.referrer_id = inviter.id
       OR kin.closed_at IS NOT NULL
    GROUP BY pair.friend_id, shared.what
    ORDER BY pair.friend_id, shared.what
""")
