"""Seals the lists of written histories, as the product would have sealed and audited them."""

import psycopg

from tracker.settlement.lists.sealed import LINES
from tracker.settlement.rules import SealedLine, seal


def seal_list(connection: psycopg.Connection, period: str) -> None:
    """Keep a period's list in pieces, and its seal."""
    rows = connection.execute(_LISTED, {"period": period}).fetchall()
    listed = [SealedLine(*row) for row in rows]
    sums = {"payouts": len(listed), "total": sum(line.amount for line in listed)}
    for place, first in enumerate(range(0, len(listed), LINES)):
        piece = listed[first : first + LINES]
        body = "".join(f"{one.member_id} {one.number_id} {one.amount}\n" for one in piece)
        total = sum(one.amount for one in piece)
        span = (piece[0].member_id, piece[-1].member_id)
        connection.execute(_KEPT, (period, place, *span, len(piece), total, body))
    connection.execute(_SEAL, {"period": period, "sha256": seal(period, listed), **sums})
    connection.execute(_AUDITED, {"period": period})
    connection.execute(_CHAINED)


_LISTED = """
    SELECT member_id, number_id, amount FROM payouts
    WHERE period = %(period)s ORDER BY member_id, number_id
"""

_SEAL = """
    UPDATE settlement_runs SET payouts = %(payouts)s, total = %(total)s, sha256 = %(sha256)s
    WHERE period = %(period)s
"""

_KEPT = """
    INSERT INTO sealed_chunks (period, place, first_member, last_member, lines, total, body)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""

_CHAINED = """
    SELECT audit_append(id) FROM audit_entries
    WHERE id NOT IN (SELECT entry_id FROM audit_chain) ORDER BY id
"""

_AUDITED = """
    INSERT INTO audit_entries (who, action, subject, after)
    SELECT approved_by, action, 'settlement:' || period, jsonb_build_object('sha256', sha256)
    FROM settlement_runs
    CROSS JOIN (VALUES ('settlement.approve'), ('settlement.start')) AS acts (action)
    WHERE period = %(period)s
"""
