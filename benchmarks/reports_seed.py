"""A ledger of two years, written by set-based SQL: each posting recorded when it counts.

Triggers are off while it is written (by a superuser, as after a restore), and what they would have
filled is written with the rest. The days that are over are then summed up, as workers do.
"""

from dataclasses import dataclass
from datetime import timedelta

import psycopg

from benchmarks.seed import make_members, make_shops
from benchmarks.stack import Stack
from tracker.ledger.jobs import sum_up

SHOPS = 640
DAYS = 730
ENTRIES_EACH = 9
"""Ledger entries of a purchase, about, payouts of its member included."""
_PURCHASES_EACH = 20
_EXPORTED = 1_000_000
"""Entries of the stretch that is exported, at most."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What there is."""

    stack: Stack
    entries: int
    exported_since: str
    """The business day since which there are about a million entries."""
    exported: int


def seed(stack: Stack, entries: int) -> Seeded:
    """Fill a fresh database with about so many ledger entries."""
    purchases = -(-entries // ENTRIES_EACH)
    shops = make_shops(stack, SHOPS)
    members = make_members(stack, max(1, purchases // _PURCHASES_EACH))
    given = {
        "purchases": purchases,
        "members": members,
        "shops": [shop.id for shop in shops],
        "span": timedelta(days=DAYS) / purchases,
        "days": timedelta(days=DAYS),
    }
    with stack.connect_superuser() as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in (_PURCHASES, *_MOVES, _PAYOUTS, _HEADS, _LEGS, _BALANCES):
            connection.execute(statement, given)
        connection.execute(
            "SELECT setval('ledger_transactions_id_seq', max(id)) FROM ledger_transactions"
        )
        connection.execute("SET session_replication_role = origin")
        connection.execute("VACUUM ANALYZE")
        while sum_up(stack.engine):
            pass
        connection.execute("VACUUM ANALYZE ledger_rollups")
        connection.execute("CHECKPOINT")
        written, since, exported = _stretch(connection)
    return Seeded(stack, written, since, exported)


def _stretch(connection: psycopg.Connection) -> tuple[int, str, int]:
    row = connection.execute(_SINCE, {"exported": _EXPORTED}).fetchone()
    if row is None:
        raise AssertionError("nothing was written")
    return int(row[0]), str(row[1]), int(row[2])


_PURCHASES = """
    INSERT INTO purchases (shop_id, order_id, order_key, status, member_id, ordered_at,
                           statement_no, revision)
    SELECT (%(shops)s::bigint[])[1 + n %% cardinality(%(shops)s::bigint[])], 'r-' || n, 'r-' || n,
           'confirmed', (%(members)s::bigint[])[1 + n %% cardinality(%(members)s::bigint[])],
           date_trunc('minute', now()) - %(days)s::interval + n * %(span)s::interval, 1, 2
    FROM generate_series(1, %(purchases)s) AS n
"""

# One row for each posting, with its legs: kept aside until all are put in the order of their time.
_MOVES = (
    """
    CREATE UNLOGGED TABLE seeded AS
    SELECT 'purchase:' || id || ':tracked:1' AS reference, 'tracked' AS kind, ordered_at AS at,
           NULL AS corrects,
           ARRAY['shop_pending_commission', 'member_pending', 'pending_margin'] AS accounts,
           ARRAY[shop_id, member_id, 0] AS owners, ARRAY[18000, -15000, -3000] AS amounts
    FROM purchases
    """,
    """
    INSERT INTO seeded
    SELECT 'purchase:' || id || ':rejected:2', 'rejected', ordered_at + interval '9 days',
           'purchase:' || id || ':tracked:1',
           ARRAY['shop_pending_commission', 'member_pending', 'pending_margin'],
           ARRAY[shop_id, member_id, 0], ARRAY[-18000, 15000, 3000]
    FROM purchases WHERE id %% 10 = 0 AND ordered_at < now() - interval '9 days'
    """,
    """
    INSERT INTO seeded
    SELECT 'purchase:' || id || ':confirmed:2', 'confirmed', ordered_at + interval '30 days', NULL,
           ARRAY['shop_pending_commission', 'member_pending', 'pending_margin',
                 'shop_receivable', 'member_available', 'margin'],
           ARRAY[shop_id, member_id, 0, shop_id, member_id, 0],
           ARRAY[-18000, 15000, 3000, 18000, -15000, -3000]
    FROM purchases WHERE id %% 10 <> 0 AND ordered_at < now() - interval '30 days'
    """,
    """
    INSERT INTO seeded
    SELECT 'purchase:' || id || ':clawed_back:3', 'clawed_back', ordered_at + interval '45 days',
           'purchase:' || id || ':confirmed:2',
           ARRAY['shop_receivable', 'member_available', 'margin'],
           ARRAY[shop_id, member_id, 0], ARRAY[-18000, 15000, 3000]
    FROM purchases WHERE id %% 100 = 1 AND ordered_at < now() - interval '45 days'
    """,
)

# Every member is paid 100 roubles every third month.
_PAYOUTS = """
    INSERT INTO seeded
    SELECT 'payout:' || member || '-' || quarter || ':' || kind, kind,
           date_trunc('month', now()) - quarter * interval '3 months' + place * interval '1 hour',
           NULL, accounts, CASE WHEN place = 0 THEN ARRAY[member, member]
                                ELSE ARRAY[member, 0] END, ARRAY[10000, -10000]
    FROM unnest(%(members)s::bigint[]) AS member
    CROSS JOIN generate_series(1, 7) AS quarter
    CROSS JOIN (VALUES
        (0, 'payout_submitted', ARRAY['member_available', 'member_in_flight']),
        (1, 'payout_paid', ARRAY['member_in_flight', 'owed_to_operator'])
    ) AS ends (place, kind, accounts)
"""

_BALANCES = """
    INSERT INTO member_balances (member_id, pending, available, in_flight)
    SELECT owner_id,
           coalesce(-sum(amount) FILTER (WHERE account = 'member_pending'), 0),
           coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0),
           coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0)
    FROM ledger_entries WHERE account LIKE 'member%%' GROUP BY owner_id
    ON CONFLICT (member_id) DO UPDATE
    SET pending = excluded.pending, available = excluded.available, in_flight = excluded.in_flight
"""

_HEADS = """
    INSERT INTO ledger_transactions (id, reference, kind, effective_at, recorded_at, period,
                                     corrects)
    SELECT row_number() OVER (ORDER BY at), reference, kind, at, at + interval '2 seconds',
           to_char(at AT TIME ZONE 'Europe/Moscow', 'YYYY-MM'), corrects
    FROM seeded ORDER BY at
"""

_LEGS = """
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT written.id, leg - 1, account, owner, amount
    FROM ledger_transactions AS written JOIN seeded USING (reference)
    CROSS JOIN LATERAL unnest(accounts, owners, amounts) WITH ORDINALITY
               AS legs (account, owner, amount, leg)
    ORDER BY written.id
"""

_SINCE = """
    WITH days AS (
        SELECT effective_day, sum(entries) AS entries,
               sum(sum(entries)) OVER (ORDER BY effective_day DESC) AS so_far
        FROM ledger_rollups GROUP BY effective_day
    )
    SELECT (SELECT count(*) FROM ledger_entries), effective_day, so_far
    FROM days WHERE so_far <= %(exported)s ORDER BY effective_day LIMIT 1
"""
