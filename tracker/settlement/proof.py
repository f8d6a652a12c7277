"""This room's part of the ledger proof: payouts against entries."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference


def prove(session: Session) -> Iterator[Difference]:
    """Money in flight is exactly that of the payouts on their way; money owed to the operator
    exactly that of the payouts paid."""
    for row in session.execute(_PAYOUTS_OFF):
        what = f"payout {row.id} {row.account}"
        yield Difference(what, str(row.expected), str(row.found))


_PAYOUTS_OFF = text("""
    WITH booked AS (
        SELECT CAST(split_part(reference, ':', 2) AS bigint) AS id, account, -sum(amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind LIKE 'payout_%' AND account <> 'member_available'
        GROUP BY 1, 2
    ), kept AS (
        SELECT id, said.account, said.amount
        FROM payouts CROSS JOIN LATERAL (VALUES
            ('member_in_flight',
             CASE WHEN state IN ('submitted', 'unknown', 'with_staff') THEN amount ELSE 0 END),
            ('owed_to_operator', CASE WHEN state = 'paid' THEN amount ELSE 0 END)
        ) AS said (account, amount)
    )
    SELECT coalesce(kept.id, booked.id) AS id, account,
           coalesce(booked.amount, 0) AS expected, coalesce(kept.amount, 0) AS found
    FROM kept FULL JOIN booked USING (id, account)
    WHERE coalesce(booked.amount, 0) <> coalesce(kept.amount, 0)
    ORDER BY 1, 2
""")
