"""Booking: purchases booked a second, out of the inbox, by one worker process and by two.

The floor writes the same rows (purchases, lines, ledger transactions and entries, all triggers on)
by two set-based statements a chunk, from tables that hold what would otherwise have to be read,
checked and worked out. It neither reads the events nor marks them as done.
"""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import psycopg

from benchmarks.legs import Figure, Leg, Run, compared, interleaved
from benchmarks.seed import EPOCH, TERMS, make_clicks, make_members, make_shops
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack
from benchmarks.webhooks import event
from benchmarks.workers import Worker, drain, running, together
from tracker.kit.money import share
from webhooks.dispatch import CHUNK

SHOPS = 640
MEMBERS = 10_000
"""So many that nobody has bought a hundred times within the hour when the last leg begins: for a
second telling of a sale all that a member bought within the hour is looked through."""
AMOUNTS = (1530, 249)
"""Roubles of the lines of every purchase."""
ORDERED_AT = EPOCH + timedelta(days=1)
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase to be booked."""

    number: int
    shop_id: int
    member_id: int

    @property
    def order_id(self) -> str:
        """The shop's number of it."""
        return f"booking-{self.number}"

    @property
    def click_id(self) -> str:
        """The click that it names."""
        return f"clk_{self.number:022d}"


Orders = Callable[[], list[Order]]
"""Makes orders that were never there before."""


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """One and two processes, each beside a floor of as many connections."""
    shops = [shop.id for shop in make_shops(stack, SHOPS)]
    members = make_members(stack, members_for(sizes))
    make_floor_tables(stack)
    fresh = partial(orders_for, shops, members, sizes.purchases)
    with running(stack.url, stack.environ["TRACKER_SECRET_KEY"], 2) as workers:
        # A member's first purchase brings the welcome bonus; what is timed is all the others.
        _booked(stack, workers, partial(orders_for, shops, members, len(members)), EPOCH)
        contenders: dict[str, Run] = {}
        for count in (1, 2):
            contenders[f"booked {count}"] = partial(_booked, stack, workers[:count], fresh)
            contenders[f"floor {count}"] = partial(floor, stack, count, fresh)
        legs = interleaved(sizes.rounds, contenders)
    return [
        compared("booking", named, "purchases/s", legs[f"booked {count}"], legs[f"floor {count}"])
        for count, named in ((1, "1 worker process"), (2, "2 worker processes"))
    ]


def members_for(sizes: Sizes) -> int:
    """Fewer where it is only tried: each of them buys before anything is timed."""
    return min(MEMBERS, 10 * sizes.purchases)


def orders_for(shops: Sequence[int], members: Sequence[int], count: int) -> list[Order]:
    """Orders that were never there before, spread evenly."""
    numbers = itertools.islice(_NUMBERS, count)
    return [Order(n, shops[n % len(shops)], members[n % len(members)]) for n in numbers]


def _booked(
    stack: Stack, workers: Sequence[Worker], fresh: Orders, ordered_at: datetime = ORDERED_AT
) -> Leg:
    orders = fresh()
    make_clicks(stack, [(one.click_id, one.member_id, one.shop_id) for one in orders])
    bodies = [event(one.order_id, one.click_id, AMOUNTS, ordered_at) for one in orders]
    with stack.connect() as connection:
        shops, ids = [one.shop_id for one in orders], [f"msg_{one.number}" for one in orders]
        connection.execute(_INBOX, {"shops": shops, "ids": ids, "bodies": bodies})
    with stack.meter.measured(tracker=[worker.pid for worker in workers]) as reading:
        together(workers, drain)
    _check(stack, orders)
    return reading.leg(len(orders))


def floor(stack: Stack, connections: int, fresh: Orders) -> Leg:
    """The same rows by set-based SQL, over so many connections."""
    orders = fresh()
    _fill_floor_tables(stack, orders)
    starts = range(orders[0].number, orders[-1].number + 1, CHUNK)
    with ThreadPoolExecutor(connections) as pool:
        opened = [stack.connect() for _ in range(connections)]
        parts = [starts[place::connections] for place in range(connections)]
        with stack.meter.measured() as reading:
            list(pool.map(_write_chunks, opened, parts))
        for connection in opened:
            connection.close()
    _check(stack, orders)
    return reading.leg(len(orders))


def _write_chunks(connection: psycopg.Connection, starts: Sequence[int]) -> None:
    for start in starts:
        chunk = {"first": start, "last": start + CHUNK - 1, "at": ORDERED_AT}
        with connection.transaction():
            connection.execute(_FLOOR_PURCHASES, chunk, prepare=True)
            connection.execute(_FLOOR_LEDGER, chunk, prepare=True)


def _check(stack: Stack, orders: Sequence[Order]) -> None:
    """Every order is booked: pending, with its money in the ledger."""
    with stack.connect() as connection:
        row = connection.execute(_PENDING, [[one.order_id for one in orders]]).fetchone()
    if row is None or row[0] != len(orders):
        raise AssertionError(f"{row} of {len(orders)} purchases are booked")


def make_floor_tables(stack: Stack) -> None:
    """What the floor reads instead of events."""
    with stack.connect_owner() as connection:
        connection.execute(_FLOOR_TABLES)


def _fill_floor_tables(stack: Stack, orders: Sequence[Order]) -> None:
    earned = [
        sum(share(100 * amount, rate) for amount in AMOUNTS)
        for rate in (TERMS.cashback_bp, TERMS.commission_bp)
    ]
    with stack.connect_owner() as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE bench_orders, bench_lines")
        with cursor.copy("COPY bench_orders FROM STDIN") as copy:
            for one in orders:
                names = (one.number, one.shop_id, one.order_id, one.click_id, one.member_id)
                copy.write_row((*names, *earned))
        with cursor.copy("COPY bench_lines FROM STDIN") as copy:
            for one in orders:
                for place, amount in enumerate(AMOUNTS, start=1):
                    line = (str(place), f"SKU-{place:04d}", "home", 1, 100 * amount)
                    copy.write_row((one.number, *line))
        cursor.execute("ANALYZE bench_orders, bench_lines")


_INBOX = """
    WITH given AS (
        SELECT * FROM unnest(%(shops)b::bigint[], %(ids)b::text[], %(bodies)b::bytea[])
             AS given (shop_id, webhook_id, body)
    ), fresh AS (
        INSERT INTO inbox_events (shop_id, webhook_id, sha256, size)
        SELECT shop_id, webhook_id, sha256(body), octet_length(body) FROM given
        RETURNING id, received_at, webhook_id
    )
    INSERT INTO inbox_bodies (event_id, received_at, body)
    SELECT id, received_at, body FROM fresh JOIN given USING (webhook_id)
"""

_PENDING = """
    SELECT count(*) FROM purchases
    JOIN ledger_transactions ON reference = tracked_reference
    WHERE order_id = ANY (%s) AND status = 'pending' AND pending_cashback > 0
"""

_FLOOR_TABLES = """
    CREATE UNLOGGED TABLE bench_orders (
        number bigint PRIMARY KEY, shop_id bigint, order_id text COLLATE "C",
        click_id text COLLATE "C", member_id bigint, cashback bigint, commission bigint
    );
    CREATE UNLOGGED TABLE bench_lines (
        number bigint, line_id text COLLATE "C", sku text, category text,
        quantity bigint, amount bigint, PRIMARY KEY (number, line_id)
    );
    GRANT SELECT ON bench_orders, bench_lines TO tracker_app;
"""

_FLOOR_PURCHASES = """
    WITH opened AS (
        INSERT INTO purchases (shop_id, order_id, order_key, status, click_id, member_id,
                               ordered_at, hold_ends_at, statement_no, stated_at,
                               stated_source, revision, pending_cashback, pending_commission,
                               tracked_reference)
        SELECT shop_id, order_id, order_id, 'pending', click_id, member_id, %(at)s,
               CAST(%(at)s AS timestamptz) + interval '30 days', 1, %(at)s, 'msg_' || number, 1,
               cashback, commission, 'floor:' || number
        FROM bench_orders WHERE number BETWEEN %(first)s AND %(last)s
        RETURNING id, shop_id, order_id
    )
    INSERT INTO purchase_lines (purchase_id, statement_no, line_id, sku, category, quantity, amount)
    SELECT opened.id, 1, line_id, sku, category, quantity, amount
    FROM bench_orders JOIN opened USING (shop_id, order_id) JOIN bench_lines USING (number)
    WHERE number BETWEEN %(first)s AND %(last)s
"""

_FLOOR_LEDGER = """
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transactions_id_seq') AS transaction_id, bench_orders.*
        FROM bench_orders WHERE number BETWEEN %(first)s AND %(last)s
    ), moved AS (
        INSERT INTO ledger_transactions (id, reference, kind, effective_at)
        SELECT transaction_id, 'floor:' || number, 'tracked', %(at)s FROM numbered
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT transaction_id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM numbered CROSS JOIN LATERAL (VALUES
        (0, 'shop_pending_commission', shop_id, commission),
        (1, 'member_pending', member_id, -cashback),
        (2, 'pending_margin', 0, cashback - commission)
    ) AS legs (leg, account, owner_id, amount)
"""
