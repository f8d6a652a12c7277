"""This room's part of the ledger proof: adjustments against entries, and against their approval."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference


def prove(session: Session) -> Iterator[Difference]:
    """Each adjustment is booked once, of its member, sum and moment, against its account; nothing
    else is booked as one; and each is what two people agreed to, to the last word."""
    for row in session.execute(_OFF):
        yield Difference(f"adjustment {row.id} {row.account}", row.expected, row.found)
    for row in session.execute(_NOT_AGREED):
        yield Difference(f"adjustment {row.id}", row.expected, row.found)


_OFF = text("""
    WITH booked AS (
        SELECT split_part(reference, ':', 2) AS id, kind, account, owner_id,
               -sum(amount) AS amount, effective_at
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind LIKE 'adjustment\\_%'
        GROUP BY transactions.id, 1, kind, account, owner_id, effective_at
    ), kept AS (
        SELECT CAST(made.id AS text) AS id, 'adjustment_' || kind AS kind, said.account,
               said.owner_id, said.amount, effective_at
        FROM adjustments AS made
        CROSS JOIN LATERAL (SELECT CASE kind WHEN 'debit' THEN -amount ELSE amount END)
            AS told (given)
        CROSS JOIN LATERAL (VALUES
            ('member_available', member_id, given),
            (CASE WHEN cause = 'operator_paid' THEN 'owed_to_operator'
                  WHEN kind = 'goodwill' THEN 'goodwill_expense'
                  WHEN kind = 'write_off' THEN 'write_offs'
                  ELSE 'adjustments' END, 0, -given)
        ) AS said (account, owner_id, amount)
    )
    SELECT coalesce(kept.id, booked.id) AS id, coalesce(kept.account, booked.account) AS account,
           coalesce(booked.amount || ' at ' || booked.effective_at, 'not booked') AS expected,
           coalesce(kept.amount || ' at ' || kept.effective_at, 'no adjustment') AS found
    FROM kept FULL JOIN booked USING (id, kind, account, owner_id, amount, effective_at)
    WHERE kept.id IS NULL OR booked.id IS NULL
    ORDER BY 1, 2
""")

_NOT_AGREED = text("""
    WITH agreed AS (
        SELECT id, payload FROM proposals
        WHERE starts_with(action, 'adjustment.') AND state = 'approved'
    )
    SELECT coalesce(agreed.id, made.id) AS id,
           coalesce(CAST(agreed.payload AS text), 'not agreed to') AS expected,
           coalesce(CAST(to_jsonb(made) AS text), 'not made') AS found
    FROM agreed FULL JOIN adjustments AS made ON made.id = agreed.id
    WHERE agreed.id IS NULL OR made.id IS NULL
       OR (agreed.payload ->> 'kind', agreed.payload ->> 'cause',
           CAST(agreed.payload ->> 'member_id' AS bigint),
           CAST(agreed.payload ->> 'amount' AS bigint))
          <> (made.kind, made.cause, made.member_id, made.amount)
       OR CAST(agreed.payload ->> 'payout_id' AS bigint) IS DISTINCT FROM made.payout_id
       OR CAST(agreed.payload ->> 'effective_at' AS timestamptz) <> made.effective_at
    ORDER BY 1
""")
