"""This room's part of the ledger proof."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference


def prove(session: Session) -> Iterator[Difference]:
    """What members' goals have together is their reserved balance."""
    for row in session.execute(_OFF):
        yield Difference(f"member {row.member_id} reserved", str(row.expected), str(row.found))


_OFF = text("""
    SELECT member_id, coalesce(balances.reserved, 0) AS expected,
           coalesce(goals.reserved, 0) AS found
    FROM (SELECT member_id, reserved FROM member_balances WHERE reserved <> 0) AS balances
    FULL JOIN (
        SELECT member_id, sum(reserved) AS reserved FROM goals
        WHERE ended_at IS NULL GROUP BY member_id
    ) AS goals USING (member_id)
    WHERE coalesce(balances.reserved, 0) <> coalesce(goals.reserved, 0)
    ORDER BY member_id
""")
