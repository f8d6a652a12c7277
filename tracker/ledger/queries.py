"""Reads of the ledger: its proof, and totals."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.ledger.rules import ACCOUNTS_OF, Difference, Kind


def prove(session: Session) -> Iterator[Difference]:
    """Recompute balances from entries: every transaction balances between accounts that its kind
    moves, and every member's balance is the sum of the member's entries."""
    for row in session.execute(_UNBALANCED):
        yield Difference(f"transaction {row.reference}", "0 in 2 or more legs", f"{row.off}")
    for row in session.execute(_BALANCES_OFF):
        yield Difference(f"member {row.member_id} {row.account}", str(row.expected), str(row.found))
    for kind, accounts in totals(session).items():
        for account in sorted(accounts.keys() - ACCOUNTS_OF[Kind(kind)]):
            yield Difference(f"{kind} on {account}", "no entries", str(accounts[account]))


def totals(session: Session) -> dict[str, dict[str, int]]:
    """Kopecks moved on each account for each kind of movement, debit positive."""
    found: dict[str, dict[str, int]] = {}
    for row in session.execute(_TOTALS):
        found.setdefault(row.kind, {})[row.account] = int(row.amount)
    return found


def gauges(session: Session) -> dict[str, float]:
    """What we owe all members together, in figures for monitoring: kopecks."""
    owed = session.execute(_OWED).one()
    return {f"members_{name}_kopecks": int(amount) for name, amount in owed._asdict().items()}


_OWED = text("""
    SELECT coalesce(sum(pending), 0) AS pending, coalesce(sum(available), 0) AS available,
           coalesce(sum(in_flight), 0) AS in_flight, coalesce(sum(reserved), 0) AS reserved
    FROM member_balances
""")

_UNBALANCED = text("""
    SELECT transactions.reference, coalesce(sum(entries.amount), 0) AS off
    FROM ledger_transactions AS transactions
    LEFT JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
    GROUP BY transactions.id, transactions.reference
    HAVING coalesce(sum(entries.amount), 0) <> 0 OR count(entries.leg) < 2
    ORDER BY transactions.id
""")

_BALANCES_OFF = text("""
    WITH expected AS (
        SELECT owner_id AS member_id, account, -sum(amount) AS amount
        FROM ledger_entries
        WHERE account IN ('member_pending', 'member_available', 'member_in_flight',
                          'member_reserved')
        GROUP BY owner_id, account
    ), found AS (
        SELECT member_id, kept.account, kept.amount
        FROM member_balances CROSS JOIN LATERAL (VALUES
            ('member_pending', pending),
            ('member_available', available),
            ('member_in_flight', in_flight),
            ('member_reserved', reserved)
        ) AS kept (account, amount)
    )
    SELECT coalesce(expected.member_id, found.member_id) AS member_id,
           coalesce(expected.account, found.account) AS account,
           coalesce(expected.amount, 0) AS expected, coalesce(found.amount, 0) AS found
    FROM expected FULL JOIN found USING (member_id, account)
    WHERE coalesce(expected.amount, 0) <> coalesce(found.amount, 0)
    ORDER BY 1, 2
""")

_TOTALS = text("""
    SELECT kind, account, sum(amount) AS amount
    FROM ledger_transactions AS transactions
    JOIN ledger_entries AS entries ON entries.transaction_id = transactions.id
    GROUP BY kind, account
    ORDER BY kind, account
""")
