"""A shop's statement: from its file to every difference with our books, lines a second.

The file comes in parts as it does over HTTP, is read and kept line by line, and matched. One order
in a hundred differs, in one of four ways. The floor knows the format by heart: the same lines, made
ready for PostgreSQL beforehand, by COPY into a plain table, and one join that counts what differs.
"""

import hashlib
import os
import resource
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from time import perf_counter

from benchmarks.legs import Figure, Leg, Run, compared, interleaved
from benchmarks.seed import EPOCH, make_clicks, make_members, make_shops
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack
from partners.reconciliation.rules import MAX_PART, days
from partners.reconciliation.service import File, add_part, begin, finish, statement_of
from partners.reconciliation.working import work
from tracker.kit.database import unit_of_work
from tracker.kit.logs import set_up_logs
from tracker.purchases.service import Programme

LINES_EACH = 100
"""Lines of a statement for each purchase that a leg of booking has."""
READ, FLOOR = "read and matched", "COPY and one join"
AMOUNT = 153_000
_MIB = 1024
_LEGS = count(1)


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """One statement after the other of the same month, each in a file of its own."""
    set_up_logs("WARNING")
    lines = sizes.purchases * LINES_EACH
    shop = make_shops(stack, 1)[0]
    (member,) = make_members(stack, 1)
    make_clicks(stack, [("clk_bench", member, shop.id)])
    with stack.connect() as connection:
        connection.execute(_PURCHASES, {"shop": shop.id, "member": member, "count": lines})
    with stack.connect_owner() as owner:
        owner.execute("ANALYZE")
        owner.execute(_PLAIN)
    raw = "".join(_rows(lines)).encode()
    contenders: dict[str, Run] = {
        READ: partial(_read, stack, shop.id, raw, lines),
        FLOOR: partial(_floor, stack, raw, lines),
    }
    legs = interleaved(sizes.rounds, contenders)
    return [compared("statements", f"{READ}, {lines:,}", "lines/s", legs[READ], legs[FLOOR])]


def _rows(lines: int) -> Iterator[str]:
    """Every hundredth order differs: lost by them, by us, in its sum, in its status."""
    yield "order_id,ordered_at,amount,status\n"
    for number in range(1, lines + 1):
        odd = number // 100 % 4 if number % 100 == 0 else None
        order = f"X-{number}" if odd == 0 else f"A-{number:09d}"
        at = (EPOCH + timedelta(seconds=number % 2_000_000)).isoformat()
        amount = "1500.00" if odd == 1 else "1530.00"
        word = "returned" if odd == 2 else "open"
        if odd != 3:
            yield f"{order},{at},{amount},{word}\n"


def _read(stack: Stack, shop_id: int, raw: bytes, lines: int) -> Leg:
    leg = next(_LEGS)
    file = File("bench.csv", days(EPOCH.date(), EPOCH.date() + timedelta(days=31 + leg)))
    took = []
    with stack.meter.measured(tracker=[os.getpid()]) as reading:
        with unit_of_work(stack.engine) as session:
            statement = begin(session, shop_id, file, "bench")
            for part, start in enumerate(range(0, len(raw), MAX_PART), start=1):
                add_part(session, stack.keys, statement, part, raw[start : start + MAX_PART])
            finish(session, stack.keys, statement)
        for _ in ("read", "matched"):
            began = perf_counter()
            assert work(stack.engine, stack.keys, Programme(welcome_bonus=0))
            took.append(perf_counter() - began)
    with unit_of_work(stack.engine) as session:
        found = statement_of(session, shop_id, statement.id)
    assert found.state == "matched", found.why
    assert sum(one["count"] for one in found.figures["findings"].values()) >= lines // 100
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB
    return reading.leg(lines, read_s=took[0], match_s=took[1], peak_mib=peak)


def _floor(stack: Stack, raw: bytes, lines: int) -> Leg:
    with stack.meter.measured(tracker=[]) as reading, stack.connect_owner() as connection:
        connection.execute("TRUNCATE statement_floor")
        hashlib.sha256(raw)
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write(raw)
        row = connection.execute(_JOIN).fetchone()
    assert row is not None
    assert row[0] >= lines // 100
    return reading.leg(lines, read_s=0, match_s=0, peak_mib=0)


_PURCHASES = """
    INSERT INTO purchases (shop_id, order_id, order_key, status, click_id, member_id, ordered_at,
                           hold_ends_at, statement_no, stated_total, feed, promised_cashback,
                           pending_cashback, pending_commission)
    SELECT %(shop)s, 'A-' || lpad(n::text, 9, '0'), 'a' || lpad(n::text, 9, '0'), 'pending',
           'clk_bench', %(member)s,
           timestamptz '2010-12-01 00:00+03' + n %% 2000000 * interval '1 s',
           timestamptz '2011-02-01 00:00+03', 1, 153000, 'native', 15300, 15300, 18360
    FROM generate_series(1, %(count)s) AS n
"""

_PLAIN = """
    CREATE TABLE statement_floor (order_id text COLLATE "C", ordered_at timestamptz,
                                  amount numeric, word text)
"""

_COPY = "COPY statement_floor FROM STDIN (FORMAT csv, HEADER)"

_JOIN = """
    SELECT count(*) FROM statement_floor AS theirs
    FULL JOIN purchases AS ours USING (order_id)
    WHERE theirs.amount * 100 IS DISTINCT FROM ours.stated_total OR theirs.word = 'returned'
"""
