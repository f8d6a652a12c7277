"""End to end: events booked a second, from the door through two workers, and how long that takes.

Senders send as fast as events are booked: never more than AHEAD of them are accepted and wait. So
the rate is one that could go on for ever, and the lag that of a system at its limit.

The floor is that of booking: the purchases' rows alone, by set-based SQL over two connections, with
nothing before them.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import psycopg

from benchmarks.booking import (
    AMOUNTS,
    ORDERED_AT,
    SHOPS,
    Order,
    Orders,
    floor,
    make_floor_tables,
    members_for,
    orders_for,
)
from benchmarks.legs import Figure, Leg, compared, interleaved
from benchmarks.load import drive
from benchmarks.processes import serving, started
from benchmarks.seed import EPOCH, Shop, make_clicks, make_members, make_shops
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack, cores
from benchmarks.webhooks import event, request

AIM = 3_200
"""Events a second: 640 shops, 5 each."""

CLIENTS = 64
WORKERS = 2
AHEAD = 2_000
"""Events that are accepted and not yet booked, at most."""

_LOOK = 0.02
"""Seconds between two looks at how many wait."""
_PER_SECOND = 6_000
_LIMIT = 120.0
_HTTP_ACCEPTED = 202


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """Two workers behind the door, beside the floor of two connections."""
    shops = {shop.id: shop for shop in make_shops(stack, SHOPS)}
    members = make_members(stack, members_for(sizes))
    make_floor_tables(stack)
    fresh = partial(orders_for, list(shops), members)
    web = max(1, cores() // 2)
    with ExitStack() as running:
        port, pid = running.enter_context(serving(stack, web))
        pids = [pid]
        for name in ["worker"] * WORKERS + ["scheduler"]:
            pids.append(running.enter_context(started(stack, name)).pid)
        _wait_for_the_first_looks(stack)
        through = partial(_through, _House(stack, shops, port, pids))
        # A member's first purchase brings the welcome bonus; what is timed is all the others.
        through(partial(fresh, len(members)), _LIMIT, EPOCH)
        count = int(sizes.seconds * _PER_SECOND)
        legs = interleaved(
            sizes.rounds,
            {
                "booked": lambda: through(partial(fresh, count), sizes.seconds, ORDERED_AT),
                "floor": lambda: floor(stack, WORKERS, partial(fresh, sizes.purchases)),
            },
        )
    contender = f"{web} web processes, {WORKERS} workers"
    return [compared("end-to-end", contender, "events/s", legs["booked"], legs["floor"])]


def _wait_for_the_first_looks(stack: Stack) -> None:
    """Workers that begin look at all alerts first, and prove the books: that is not timed."""
    deadline = time.perf_counter() + _LIMIT
    with stack.connect() as connection:
        while not _one(connection, _LOOKED)[0]:
            if time.perf_counter() > deadline:
                raise TimeoutError("nobody looks at the alerts")
            time.sleep(_LOOK)


_LOOKED = "SELECT count(*) > 0 AND count(*) = count(looked_at) FROM alert_conditions"


@dataclass(frozen=True, slots=True)
class _House:
    """What runs, and who sends to it."""

    stack: Stack
    shops: Mapping[int, Shop]
    port: int
    pids: Sequence[int]


def _through(house: _House, fresh: Orders, seconds: float, ordered_at: datetime) -> Leg:
    stack, shops = house.stack, house.shops
    orders = fresh()
    make_clicks(stack, [(one.click_id, one.member_id, one.shop_id) for one in orders])
    prepared = [_request(shops[one.shop_id], one, ordered_at) for one in orders]
    with stack.connect() as connection:
        began = _now(connection)
        with stack.meter.measured(tracker=house.pids) as reading:
            gate = _Gate(connection)
            load = drive(
                house.port, iter(prepared), clients=CLIENTS, seconds=seconds, may_send=gate.is_open
            )
            if load.statuses.total() == len(prepared):
                gate.wait_until_empty()
        ended = _now(connection)
        gate.wait_until_empty()
        booked, p50, p99 = _booked(connection, began, ended)
    if load.statuses.total() != load.statuses[_HTTP_ACCEPTED]:
        raise AssertionError(f"{load.statuses} came back")
    return reading.leg(
        booked,
        lag_p50_ms=p50,
        lag_p99_ms=p99,
        answer_p99_ms=load.percentile(0.99),
        of_the_aim_percent=100 * booked / reading.seconds / AIM,
    )


def _request(shop: Shop, order: Order, ordered_at: datetime) -> bytes:
    body = event(order.order_id, order.click_id, AMOUNTS, ordered_at)
    return request(shop, f"msg_{order.number}", str(int(time.time())), body)


class _Gate:
    """Open as long as not too many events wait to be booked."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._looked_at = 0.0
        self._left = 0

    def is_open(self) -> bool:
        """Whether one more may be sent."""
        now = time.perf_counter()
        if now - self._looked_at > _LOOK:
            self._looked_at, self._left = now, AHEAD - CLIENTS - self._waiting()
        self._left -= 1
        return self._left >= 0

    def wait_until_empty(self) -> None:
        """Until all is booked."""
        deadline = time.perf_counter() + _LIMIT
        while self._waiting():
            if time.perf_counter() > deadline:
                raise TimeoutError(f"not all was booked in {_LIMIT:.0f} s")
            time.sleep(_LOOK)

    def _waiting(self) -> int:
        return int(_one(self._connection, _WAITING)[0])


def _now(connection: psycopg.Connection) -> datetime:
    moment: datetime = _one(connection, "SELECT clock_timestamp()")[0]
    return moment


def _booked(
    connection: psycopg.Connection, began: datetime, ended: datetime
) -> tuple[int, float, float]:
    """How many in that time, and milliseconds from COMMIT to booked: the median and the last
    hundredth."""
    count, p50, p99 = _one(connection, _BOOKED, began, ended)
    return int(count), float(p50), float(p99)


def _one(connection: psycopg.Connection, sql: str, *values: Any) -> tuple[Any, ...]:
    row = connection.execute(sql, values).fetchone()
    if row is None:
        raise AssertionError("a question without an answer")
    found: tuple[Any, ...] = row
    return found


_WAITING = "SELECT count(*) FROM inbox_events WHERE state = 'waiting'"

_BOOKED = """
    SELECT count(*),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY lag),
           percentile_cont(0.99) WITHIN GROUP (ORDER BY lag)
    FROM (
        SELECT 1000 * extract(epoch FROM handled_at - received_at) AS lag
        FROM inbox_events WHERE state = 'done' AND handled_at BETWEEN %s AND %s
    ) AS booked
"""
