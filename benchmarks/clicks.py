"""Clicks: members who follow links, a second and at the 99th percentile, over the real stack.

Each is a `GET /go/<shop>` of a member who is signed in: the session is looked up, the shop and its
terms of the moment are read, the click is counted against the member's allowance, kept, and
durable before the 302. The floor is pgbench: as many clients, each inserting one row a transaction
into the same table, prepared, with nothing in between.
"""

import itertools
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta

from benchmarks.door import pgbench_leg
from benchmarks.legs import Figure, Leg, compared, interleaved
from benchmarks.load import drive
from benchmarks.processes import NOW, serving
from benchmarks.seed import TERMS, Shop, make_members, make_shops
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack, cores
from tracker.kit.clock import SystemClock

CLIENTS = 8
MEMBERS = 10_000
"""Enough that nobody uses up an allowance."""
_PER_SECOND = 10_000
"""Requests made ready for each second of a leg: more than can be answered."""
_WARM_UP = 2.0
_FOUND = 302
_INTO_CLICKS = """
\\set shop random({first_shop}, {last_shop})
\\set member random({first_member}, {last_member})
\\set number random(1, 9000000000000000000)
INSERT INTO clicks (id, member_id, shop_id, clicked_at, valid_until, cashback_bp, commission_bp,
                    hold_days, on_hold_end)
VALUES ('clk_' || md5(:number::text), :member, :shop, '{now}', '{until}',
        {cashback}, {commission}, {hold}, '{policy}');
"""
_SESSIONS = """
    COPY sessions (member_id, token_hash, kind, label, remembered, created_at, seen_at, expires_at)
    FROM STDIN
"""


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """Links that are followed, beside the floor."""
    shops = make_shops(stack, sizes.shops)
    members = make_members(stack, min(MEMBERS, 10 * sizes.purchases))
    tokens = sign_in(stack, members)
    legs = interleaved(
        sizes.rounds,
        {
            "ours": lambda: followed(stack, shops, tokens, sizes.seconds),
            "floor": lambda: floor(stack, shops, members, sizes.seconds),
        },
    )
    contender = f"{cores()} processes, {CLIENTS} clients"
    return [compared("clicks", contender, "clicks/s", legs["ours"], legs["floor"])]


def sign_in(stack: Stack, members: Sequence[int]) -> list[str]:
    """A session for each member; their tokens."""
    tokens = ["ses_" + secrets.token_urlsafe(32) for _ in members]
    now = SystemClock().now()
    until = now + timedelta(days=30)
    with (
        stack.connect() as connection,
        connection.cursor() as cursor,
        cursor.copy(_SESSIONS) as copy,
    ):
        for member, token in zip(members, tokens, strict=True):
            hashed = stack.keys.hash("session token", token)
            copy.write_row((member, hashed, "app", "", True, now, now, until))
    return tokens


def followed(stack: Stack, shops: Sequence[Shop], tokens: Sequence[str], seconds: float) -> Leg:
    """Links are followed for so long, over processes that have answered before."""
    count = int((seconds + _WARM_UP) * _PER_SECOND)
    ready = iter(list(requests(shops, tokens, count)))
    with serving(stack, cores()) as (port, pid):
        drive(port, ready, clients=CLIENTS, seconds=_WARM_UP)
        before = _kept(stack)
        with stack.meter.measured(tracker=[pid]) as reading:
            load = drive(port, ready, clients=CLIENTS, seconds=seconds)
    found = load.statuses[_FOUND]
    if load.statuses.total() != found or _kept(stack) - before != found:
        raise AssertionError(f"{load.statuses} came back, {_kept(stack) - before} are kept")
    return reading.leg(found, p50_ms=load.percentile(0.5), p99_ms=load.percentile(0.99))


def requests(shops: Sequence[Shop], tokens: Sequence[str], count: int) -> Iterator[bytes]:
    """Whole requests of members in turn, each to another shop."""
    start = int.from_bytes(os.urandom(3), "big")
    for number in itertools.islice(itertools.count(start), count):
        shop, token = shops[number % len(shops)], tokens[number % len(tokens)]
        yield (
            f"GET /go/{shop.slug} HTTP/1.1\r\nHost: bench.example\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        ).encode()


def floor(stack: Stack, shops: Sequence[Shop], members: Sequence[int], seconds: float) -> Leg:
    """The least that a click could be: one durable row."""
    ids = [shop.id for shop in shops]
    script = _INTO_CLICKS.format(
        first_shop=min(ids),
        last_shop=max(ids),
        first_member=min(members),
        last_member=max(members),
        now=NOW.isoformat(),
        until=(NOW + timedelta(days=30)).isoformat(),
        cashback=TERMS.cashback_bp,
        commission=TERMS.commission_bp,
        hold=TERMS.hold_days,
        policy=TERMS.on_hold_end,
    )
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        return pgbench_leg(stack, file.name, clients=CLIENTS, seconds=seconds)


def _kept(stack: Stack) -> int:
    with stack.connect() as connection:
        row = connection.execute("SELECT count(*) FROM clicks").fetchone()
    return int(row[0]) if row else 0
