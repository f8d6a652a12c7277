"""The room's part of the ledger proof: statements are as they came, and what was accepted of them
is in the purchases' facts."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference


def prove(session: Session) -> Iterator[Difference]:
    """Compare lines with what their statements came to, and what was booked with the facts."""
    for row in session.execute(_LINES):
        expected, found = f"{row.lines}: {row.total}", f"{row.kept}: {row.sum}"
        yield Difference(f"lines of statement {row.id}", expected, found)
    for row in session.execute(_FACTS):
        what = f"{row.kind} of order {row.order_id!r}, finding {row.id}"
        yield Difference(what, "in the facts of its purchase", "not there")


_LINES = text("""
    SELECT shop_statements.id, lines, total, coalesce(kept, 0) AS kept, coalesce(sum, 0) AS sum
    FROM shop_statements
    LEFT JOIN (
        SELECT statement_id, count(*) AS kept, sum(amount) AS sum
        FROM shop_statement_lines WHERE NOT faulty GROUP BY statement_id
    ) AS there ON statement_id = shop_statements.id
    WHERE (lines, total) IS DISTINCT FROM (coalesce(kept, 0), coalesce(sum, 0))
    ORDER BY shop_statements.id
""")

# A statement of the shop's that came later may have taken the place of one that was booked.
_FACTS = text("""
    SELECT found.id, kind, found.order_id
    FROM partner_findings AS found
    LEFT JOIN purchases ON purchases.shop_id = found.shop_id
        AND purchases.order_id = coalesce(found.our_order_id, found.order_id)
    WHERE state = 'booked' AND NOT coalesce(
        CASE
            WHEN kind = 'missing_with_us' THEN statement_no > 0
            WHEN kind = 'status' AND their_word = 'confirmed'
                THEN confirmed_by_shop_at IS NOT NULL
            WHEN kind = 'amount' AND their_amount > our_amount THEN statement_no > 1
            ELSE EXISTS (
                SELECT FROM purchase_returns
                WHERE purchase_id = purchases.id
                  AND (whole OR return_id = 'statement-' || found.id)
            ) END, false)
    ORDER BY found.id
""")
