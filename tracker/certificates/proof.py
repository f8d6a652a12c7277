"""This room's part of the ledger proof: certificates against entries."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import Difference


def prove(session: Session) -> Iterator[Difference]:
    """Outstanding is exactly the money of certificates that no salon has taken, owed to salons that
    of those taken; each is its own member's, who gave it once, and has it back if it was voided.
    What a goal gave is what was taken from what was put aside, and what it has what is left. The
    moment in which a salon took it is the entry's."""
    for statement in (_OFF, _GIVEN_OFF, _MOMENTS_OFF):
        for row in session.execute(statement):
            what = f"certificate {row.certificate} {row.account}"
            yield Difference(what, str(row.expected), str(row.found))
    for row in session.execute(_GOALS_OFF):
        yield Difference(f"goal {row.id} reserved", str(row.expected), str(row.found))


_OFF = text("""
    WITH booked AS (
        SELECT split_part(reference, ':', 2) AS certificate,
               CASE WHEN account IN ('member_available', 'member_reserved') THEN 'member'
                    ELSE account END AS account,
               owner_id, -sum(amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind LIKE 'certificate\\_%'
        GROUP BY 1, 2, 3
    ), kept AS (
        SELECT CAST(certificates.id AS text) AS certificate, said.account, said.owner_id,
               said.amount
        FROM certificates
        CROSS JOIN LATERAL (SELECT
            CASE WHEN state IN ('ordered', 'review', 'issued') THEN amount ELSE 0 END,
            CASE WHEN state = 'redeemed' THEN amount ELSE 0 END
        ) AS told (outstanding, taken)
        CROSS JOIN LATERAL (VALUES
            ('member', member_id, -outstanding - taken),
            ('certificates_outstanding', 0, outstanding),
            ('owed_to_salons', 0, taken)
        ) AS said (account, owner_id, amount)
    )
    SELECT coalesce(kept.certificate, booked.certificate) AS certificate,
           coalesce(kept.account, booked.account) AS account,
           coalesce(booked.amount, 0) AS expected, coalesce(kept.amount, 0) AS found
    FROM kept FULL JOIN booked USING (certificate, account, owner_id)
    WHERE coalesce(booked.amount, 0) <> coalesce(kept.amount, 0)
    ORDER BY 1, 2
""")

_GIVEN_OFF = text("""
    WITH given AS (
        SELECT split_part(reference, ':', 2) AS certificate, sum(amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        WHERE kind = 'certificate_ordered' AND account = 'member_reserved'
        GROUP BY 1
    )
    SELECT CAST(certificates.id AS text) AS certificate, 'from a goal' AS account,
           coalesce(given.amount, 0) AS expected, from_goal AS found
    FROM certificates LEFT JOIN given ON given.certificate = CAST(certificates.id AS text)
    WHERE from_goal <> coalesce(given.amount, 0)
    ORDER BY certificates.id
""")

_MOMENTS_OFF = text("""
    SELECT CAST(certificates.id AS text) AS certificate, 'redeemed' AS account,
           transactions.effective_at AS expected, redeemed_at AS found
    FROM certificates
    JOIN ledger_transactions AS transactions
      ON transactions.reference = 'certificate:' || certificates.id || '\\:redeemed'
    WHERE redeemed_at IS DISTINCT FROM transactions.effective_at
    ORDER BY certificates.id
""")

# Goals stand beneath certificates: only from here it is seen to which goal a certificate's
# money belongs.
_GOALS_OFF = text("""
    WITH moved AS (
        SELECT CASE WHEN kind LIKE 'goal\\_%' THEN CAST(split_part(reference, ':', 2) AS bigint)
               ELSE certificates.goal_id END AS goal, -sum(entries.amount) AS amount
        FROM ledger_transactions AS transactions
        JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
        LEFT JOIN certificates
          ON kind LIKE 'certificate\\_%'
         AND certificates.id = CAST(split_part(reference, ':', 2) AS bigint)
        WHERE account = 'member_reserved'
        GROUP BY 1
    )
    SELECT coalesce(goals.id, goal) AS id, coalesce(moved.amount, 0) AS expected,
           coalesce(goals.reserved, 0) AS found
    FROM goals FULL JOIN moved ON moved.goal = goals.id
    WHERE coalesce(moved.amount, 0) <> coalesce(goals.reserved, 0)
    ORDER BY 1
""")
