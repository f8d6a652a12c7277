"""Certificates: issued a second, ordered and issued a second, and papers made.

Issuing is the workers' part alone: claim, issue, tell the member. The other contender also orders
each certificate from a goal, as the API does it: one member, one transaction, one COMMIT. The
floor of both makes the same rows and changes by a handful of set-based statements in one
transaction. No PDF is made for any of them: a paper is made when somebody asks for it, and is
measured by itself, beside an empty page of the same library.
"""

import itertools
from collections.abc import Sequence
from functools import partial

from benchmarks.legs import Figure, Leg, Run, compared, interleaved
from benchmarks.seed import EPOCH, make_members
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack
from benchmarks.workers import (
    Worker,
    issue_all,
    order_for,
    print_empty,
    print_papers,
    running,
    together,
)

AMOUNT = 10_000
"""Kopecks of each; nobody ever runs out."""
_SAVED = 1_000_000_000
WORKERS = 2
ISSUED, ISSUED_FLOOR = f"issued, {WORKERS} worker processes", "issued, floor"
ORDERED, ORDERED_FLOOR = f"ordered and issued, {WORKERS} processes", "ordered and issued, floor"
PAPERS, PAPERS_FLOOR = "papers, 1 process", "empty pages"
_NAMES = itertools.count(1)
_PER_PAPER = 50
"""Of those that are issued in a leg, one is printed."""


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """Certificates and papers, each beside its floor. As many to a leg as purchases are booked."""
    members = make_members(stack, sizes.purchases)
    _make_goals(stack)
    papers = max(1, sizes.purchases // _PER_PAPER)
    with running(stack.url, stack.environ["TRACKER_SECRET_KEY"], WORKERS) as workers:
        contenders: dict[str, Run] = {
            ISSUED: partial(_issued, stack, workers, members),
            ISSUED_FLOOR: partial(_floor, stack, members, ordered_before=True),
            ORDERED: partial(_ordered, stack, workers, members),
            ORDERED_FLOOR: partial(_floor, stack, members, ordered_before=False),
            PAPERS: partial(_printed, stack, workers[0], papers),
            PAPERS_FLOOR: partial(_empty, stack, workers[0], papers),
        }
        legs = interleaved(sizes.rounds, contenders)
    return [
        compared("certificates", ISSUED, "certificates/s", legs[ISSUED], legs[ISSUED_FLOOR]),
        compared("certificates", ORDERED, "certificates/s", legs[ORDERED], legs[ORDERED_FLOOR]),
        compared("certificates", PAPERS, "papers/s", legs[PAPERS], legs[PAPERS_FLOOR]),
    ]


def _issued(stack: Stack, workers: Sequence[Worker], members: Sequence[int]) -> Leg:
    name = _next_name()
    _run(stack, name, _ORDERED)
    with stack.meter.measured(tracker=[one.pid for one in workers]) as reading:
        together(workers, issue_all, EPOCH)
    _check(stack, name, len(members))
    return reading.leg(len(members))


def _ordered(stack: Stack, workers: Sequence[Worker], members: Sequence[int]) -> Leg:
    name = _next_name()
    goals = _goals(stack)
    with stack.meter.measured(tracker=[one.pid for one in workers]) as reading:
        parts = [
            one.executor.submit(order_for, goals[place :: len(workers)], AMOUNT, name, EPOCH)
            for place, one in enumerate(workers)
        ]
        for part in parts:
            part.result()
        together(workers, issue_all, EPOCH)
    _check(stack, name, len(members))
    return reading.leg(len(members))


def _floor(stack: Stack, members: Sequence[int], *, ordered_before: bool) -> Leg:
    name = _next_name()
    if ordered_before:
        _run(stack, name, _ORDERED)
    with stack.meter.measured() as reading:
        _run(stack, name, _ISSUED if ordered_before else _ORDERED + _ISSUED)
    _check(stack, name, len(members))
    return reading.leg(len(members))


def _printed(stack: Stack, worker: Worker, count: int) -> Leg:
    with stack.meter.measured(tracker=[worker.pid]) as reading:
        ((p50, p99),) = together([worker], print_papers, count)
    return reading.leg(count, p50_ms=p50, p99_ms=p99)


def _empty(stack: Stack, worker: Worker, count: int) -> Leg:
    with stack.meter.measured(tracker=[worker.pid]) as reading:
        ((p50, p99),) = together([worker], print_empty, count)
    return reading.leg(count, p50_ms=p50, p99_ms=p99)


def _next_name() -> str:
    return f"leg-{next(_NAMES)}"


def _run(stack: Stack, name: str, statements: Sequence[str]) -> None:
    values = {"name": name, "amount": AMOUNT, "at": EPOCH}
    with stack.connect() as connection, connection.transaction():
        for statement in statements:
            connection.execute(statement, values)


def _goals(stack: Stack) -> list[tuple[int, int]]:
    """Each member with the goal."""
    with stack.connect() as connection:
        return list(connection.execute("SELECT member_id, id FROM goals ORDER BY member_id"))


def _make_goals(stack: Stack) -> None:
    with stack.connect() as connection:
        for statement in _SAVINGS:
            connection.execute(statement, {"saved": _SAVED, "at": EPOCH})


def _check(stack: Stack, name: str, count: int) -> None:
    """Everyone has one, paid for and issued, and will be told."""
    with stack.connect() as connection:
        row = connection.execute(_FOUND, {"name": name}).fetchone()
    if row != (count, count, count):
        raise AssertionError(f"of {count} certificates {name} has {row}")


_SAVINGS = (
    """
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transactions_id_seq') AS transaction_id, id FROM members
    ), moved AS (
        INSERT INTO ledger_transactions (id, reference, kind, effective_at)
        SELECT transaction_id, 'bench:saved:' || id, 'goal_reserved', %(at)s FROM numbered
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT transaction_id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM numbered CROSS JOIN LATERAL (VALUES
        (0, 'marketing_expense', 0, %(saved)s::bigint),
        (1, 'member_reserved', id, -%(saved)s::bigint)
    ) AS legs (leg, account, owner_id, amount)
    """,
    """
    INSERT INTO goals (member_id, name, target, reserved, place, created_at, reached_at)
    SELECT id, 'bench', %(saved)s, %(saved)s, 1, %(at)s, %(at)s FROM members
    """,
)

_FOUND = """
    SELECT count(*) FILTER (WHERE one.state = 'issued'), count(moved.id), count(told.key)
    FROM certificates AS one
    LEFT JOIN ledger_transactions AS moved
        ON moved.reference = 'certificate:' || one.id || ':ordered'
    LEFT JOIN notifications AS told ON told.key = 'certificate:' || one.id || ':issued'
    WHERE order_key = %(name)s
"""

_ORDERED = (
    """
    INSERT INTO certificates (member_id, goal_id, order_key, part, amount, from_goal, state,
                              language, ordered_at)
    SELECT members.id, goals.id, %(name)s, 1, %(amount)s, %(amount)s, 'ordered', language, %(at)s
    FROM members JOIN goals ON goals.member_id = members.id ORDER BY members.id
    """,
    """
    UPDATE goals SET reserved = reserved - %(amount)s
    WHERE id IN (SELECT goal_id FROM certificates WHERE order_key = %(name)s)
    """,
    """
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transactions_id_seq') AS transaction_id, id, member_id, amount
        FROM certificates WHERE order_key = %(name)s
    ), moved AS (
        INSERT INTO ledger_transactions (id, reference, kind, effective_at)
        SELECT transaction_id, 'certificate:' || id || ':ordered', 'certificate_ordered', %(at)s
        FROM numbered
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT transaction_id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM numbered CROSS JOIN LATERAL (VALUES
        (0, 'member_reserved', member_id, amount), (1, 'certificates_outstanding', 0, -amount)
    ) AS legs (leg, account, owner_id, amount)
    """,
)

_ISSUED = (
    """
    UPDATE certificates SET state = 'issued', issued_at = %(at)s WHERE order_key = %(name)s
    """,
    """
    INSERT INTO notifications (key, kind, channel, member_id, payload, language, urgent, at,
                               expires_at)
    SELECT 'certificate:' || one.id || ':issued', 'certificate_issued', 'sms', members.id,
           jsonb_build_object('amount', amount), members.language, false, %(at)s,
           clock_timestamp() + interval '1 day'
    FROM certificates AS one JOIN members ON members.id = member_id WHERE order_key = %(name)s
    """,
)
