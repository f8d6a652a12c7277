"""What must hold once a month has been recovered: the operator's books are the truth."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from psycopg.rows import class_row

import wsgi
from sandbox.billing.topups import Payment
from sandbox.billing.truth import payments
from tests.crash.place import Place
from tracker.kit.database import snapshot
from tracker.kit.runtime import Runtime

PROVED = ("ledger", "settlement")
"""Rooms whose part of the ledger proof is asked for: members' money did not come by purchases."""


def month_is_wrong(place: Place, period: str) -> Iterator[str]:
    """What is wrong with a month: nobody paid twice, nobody lost, books that agree."""
    cursor = place.owner.cursor(row_factory=class_row(SimpleNamespace))
    run = cursor.execute("SELECT * FROM settlement_runs WHERE period = %s", [period]).fetchone()
    yield from _run_is_wrong(run, period)
    ours = cursor.execute("SELECT * FROM payouts WHERE period = %s", [period]).fetchall()
    for row in cursor.execute(_LINES_TWICE, {"period": period}):
        yield f"{period}: member {row.member_id} has {row.found} lines for number {row.number_id}"
    paid: dict[str, list[Any]] = {}
    everything = payments(place.books)
    for one in everything:
        paid.setdefault(one.key, []).append(one)
    for payout in ours:
        yield from _payout_is_wrong(place, payout, paid.get(f"payout:{payout.id}", []))
    yield from _sums_are_wrong(cursor, period, everything)
    for row in cursor.execute(_PAYOUTS_OFF, {"period": period}):
        yield f"{period}: payout {row.id} is {row.state} with {row.kinds}"
    for row in cursor.execute(_BALANCES_OFF, {"period": period}):
        yield f"{period}: member {row.member_id} has {row.balance}, booked are {row.booked}"
    for row in cursor.execute(_TOLD_OFF, {"period": period}):
        yield f"{period}: of payout {row.id}, {row.state}, members were told {row.told}"


def _sums_are_wrong(cursor: Any, period: str, paid: list[Payment]) -> Iterator[str]:
    """Over all months: what the operator has paid is ours, to the kopeck."""
    known = {f"payout:{row.id}" for row in cursor.execute("SELECT id FROM payouts")}
    for key in {one.key for one in paid} - known:
        yield f"the operator has paid {key}, which is no payout of ours"
    total = sum(one.amount for one in paid)
    for row in cursor.execute(_TOTALS):
        if row.payouts != total:
            yield f"{period}: our payouts say {row.payouts} kopecks were paid, the operator {total}"
        if row.owed != total:
            yield f"{period}: our ledger owes the operator {row.owed} kopecks, it paid {total}"


def era_is_wrong(tools: Runtime) -> Iterator[str]:
    """The whole proof, over all months."""
    with snapshot(tools.engine) as session:
        for room in PROVED:
            for one in wsgi.PROOFS[room](session):
                yield f"ledger proof: {one}"


def _run_is_wrong(run: Any, period: str) -> Iterator[str]:
    if run is None:
        yield f"{period}: there is no run"
    elif run.state != "closed":
        yield f"{period}: the run is {run.state}"


def _payout_is_wrong(place: Place, payout: Any, paid: list[Any]) -> Iterator[str]:
    name = f"{payout.period}: payout {payout.id} ({payout.state})"
    if len(paid) > 1:
        yield f"{name} was paid {len(paid)} times"
    if payout.state not in ("paid", "failed", "withheld"):
        yield f"{name} has not ended"
    if (payout.state == "paid") != bool(paid):
        yield f"{name}: the operator has paid it {len(paid)} times"
    phone = place.template.phones.get(payout.number_id)
    for one in paid:
        if (one.phone, one.amount) != (phone, payout.amount):
            yield f"{name} is of {payout.amount} to {phone}, paid were {one.amount} to {one.phone}"
    if payout.lease_until is not None:
        yield f"{name} is still in somebody's hands"


_LINES_TWICE = """
    SELECT member_id, number_id, count(*) AS found FROM payouts WHERE period = %(period)s
    GROUP BY member_id, number_id HAVING count(*) > 1
"""

_TOTALS = """
    SELECT (SELECT coalesce(sum(amount), 0) FROM payouts WHERE state = 'paid') AS payouts,
           (SELECT coalesce(-sum(amount), 0) FROM ledger_entries
            WHERE account = 'owed_to_operator') AS owed
"""

_PAYOUTS_OFF = """
    SELECT payouts.id, payouts.state, string_agg(kind, ' ' ORDER BY moved.id) AS kinds
    FROM payouts LEFT JOIN ledger_transactions AS moved
         ON moved.reference LIKE 'payout:' || payouts.id || ':%%'
    WHERE payouts.period = %(period)s
    GROUP BY payouts.id
    HAVING coalesce(string_agg(kind, ' ' ORDER BY moved.id), '') <> CASE payouts.state
        WHEN 'paid' THEN 'payout_submitted payout_paid'
        WHEN 'failed' THEN 'payout_submitted payout_failed'
        ELSE '' END
"""

_BALANCES_OFF = """
    SELECT member_id, available || ' available, ' || in_flight || ' in flight' AS balance,
           booked.free || ', ' || booked.flying AS booked
    FROM member_balances JOIN LATERAL (
        SELECT coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0) AS free,
               coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0) AS flying
        FROM ledger_entries WHERE owner_id = member_id
    ) AS booked ON true
    WHERE member_id IN (SELECT member_id FROM payouts WHERE period = %(period)s)
      AND (available <> free OR in_flight <> flying OR flying <> 0)
"""

_TOLD_OFF = """
    SELECT payouts.id, payouts.state, string_agg(messages.kind, ' ') AS told
    FROM payouts LEFT JOIN notifications AS messages
         ON messages.key LIKE '%%payout:' || payouts.id
    WHERE period = %(period)s
    GROUP BY payouts.id
    HAVING coalesce(string_agg(messages.kind, ' '), '') <> CASE payouts.state
        WHEN 'paid' THEN 'payout_paid' WHEN 'failed' THEN 'payout_failed' ELSE '' END
"""
