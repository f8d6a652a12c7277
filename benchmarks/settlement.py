"""The settlement: members paid a second, from drawing up the list to the last answer written down.

First our own side, with a billing that is a stub within the process and pays at once. The floor
makes the same rows and the same changes of state (payouts and their sealed copy, for each the
transactions and entries of sending and of payment and the notice to the member, all triggers on)
by a handful of set-based statements in one transaction.

Then delivery alone, by two workers to the sandbox's billing over HTTP. Its floor are two loops
that send the same batches, read the answers as JSON, and do nothing else.
"""

import itertools
import secrets
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.legs import Figure, Leg, Run, compared, interleaved
from benchmarks.seed import EPOCH, make_members
from benchmarks.sizes import Sizes
from benchmarks.stack import Stack
from benchmarks.workers import Worker, draw_up, pay, peak_memory, running, send_bare, together
from sandbox.billing.process import BillingProcess, running_billing
from tracker.settlement.rules import first_of

CAP = 10_000
"""Kopecks that each member is paid in each leg; nobody ever runs out."""
PAID, FLOOR = "1 worker process", "floor"
OVER_HTTP, BARE = "2 worker processes, delivery over HTTP", "bare HTTP client loops"
_MONTHS = itertools.count(12 * 2011)


def measure(stack: Stack, sizes: Sizes) -> list[Figure]:
    """Our own side beside set-based SQL, and delivery beside bare HTTP clients."""
    make_members(stack, sizes.members)
    _make_balances(stack)
    token = secrets.token_urlsafe()
    with (
        running(stack.url, stack.environ["TRACKER_SECRET_KEY"], 2) as workers,
        tempfile.TemporaryDirectory(prefix="tracker-billing-") as folder,
        running_billing(Path(folder), token=token) as billing,
    ):
        contenders: dict[str, Run] = {
            PAID: partial(_paid, stack, workers[0], sizes.members),
            FLOOR: partial(_floor, stack, sizes.members),
            OVER_HTTP: partial(_delivered, stack, workers, sizes.members, billing),
            BARE: partial(_bare, stack, workers, sizes.members, billing),
        }
        legs = interleaved(sizes.rounds, contenders)
    return [
        compared("settlement", PAID, "members/s", legs[PAID], legs[FLOOR]),
        compared("settlement", OVER_HTTP, "payouts/s", legs[OVER_HTTP], legs[BARE]),
    ]


def _paid(stack: Stack, worker: Worker, members: int) -> Leg:
    period = _next_period()
    with stack.meter.measured(tracker=[worker.pid]) as reading:
        (listed,) = together([worker], draw_up, period, CAP)
        together([worker], pay, None)
    _check(stack, period, members)
    return reading.leg(
        members,
        list_s=listed,
        delivery_s=reading.seconds - listed,
        peak_mb=max(together([worker], peak_memory)),
    )


def _delivered(
    stack: Stack, workers: Sequence[Worker], members: int, billing: BillingProcess
) -> Leg:
    period = _next_period()
    together(workers[:1], draw_up, period, CAP)
    pids = [one.pid for one in workers]
    with stack.meter.measured(tracker=pids, billing=[billing.process.pid]) as reading:
        together(workers, pay, (billing.url, billing.token))
    _check(stack, period, members)
    return reading.leg(members, peak_mb=max(together(workers, peak_memory)))


def _bare(stack: Stack, workers: Sequence[Worker], members: int, billing: BillingProcess) -> Leg:
    keys, pids = _next_period(), [one.pid for one in workers]
    each = -(-members // len(workers))
    with stack.meter.measured(tracker=pids, billing=[billing.process.pid]) as reading:
        sent = together(workers, send_bare, (billing.url, billing.token), keys, each)
    return reading.leg(sum(sent))


def _floor(stack: Stack, members: int) -> Leg:
    period = _next_period()
    values = {"period": period, "as_of": first_of(period), "cap": CAP}
    with (
        stack.connect() as connection,
        stack.meter.measured() as reading,
        connection.transaction(),
    ):
        for statement in _FLOOR:
            connection.execute(statement, values)
    _check(stack, period, members)
    return reading.leg(members)


def _next_period() -> str:
    month = next(_MONTHS)
    return f"{month // 12}-{month % 12 + 1:02d}"


def _check(stack: Stack, period: str, members: int) -> None:
    """Everyone is paid, in the payouts and in the ledger, and the run is closed."""
    with stack.connect() as connection:
        row = connection.execute(_SETTLED, {"period": period}).fetchone()
    if row != (members, members, "done"):
        raise AssertionError(f"of {members} members, {period} has settled {row}")


def _make_balances(stack: Stack) -> None:
    with stack.connect() as connection:
        connection.execute(_BALANCES, {"at": EPOCH})
        # As in any month but the first: whose numbers they are is known.
        connection.execute(
            "INSERT INTO number_checks (number_id, served) SELECT id, true FROM numbers"
        )


_BALANCES = """
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transactions_id_seq') AS transaction_id, id FROM members
    ), moved AS (
        INSERT INTO ledger_transactions (id, reference, kind, effective_at)
        SELECT transaction_id, 'bench:balance:' || id, 'bonus_confirmed', %(at)s FROM numbered
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT transaction_id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM numbered CROSS JOIN LATERAL (VALUES
        (0, 'marketing_expense', 0, 1000000000), (1, 'member_available', id, -1000000000)
    ) AS legs (leg, account, owner_id, amount)
"""

_SETTLED = """
    SELECT count(*) FILTER (WHERE payouts.state = 'paid'), count(moved.id), min(run.state)
    FROM payouts JOIN settlement_runs AS run USING (period)
    LEFT JOIN ledger_transactions AS moved
        ON moved.reference = 'payout:' || payouts.id || ':payout_paid'
    WHERE payouts.period = %(period)s
"""

# Numbered by itself: to join the payouts with their new transactions would be left to the planner,
# who knows nothing yet of rows that are so fresh.
_MOVED = """
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transactions_id_seq') AS transaction_id, id, member_id, amount
        FROM payouts WHERE period = %(period)s
    ), moved AS (
        INSERT INTO ledger_transactions (id, reference, kind, effective_at)
        SELECT transaction_id, 'payout:' || id || ':{kind}', '{kind}', %(as_of)s FROM numbered
    )
    INSERT INTO ledger_entries (transaction_id, leg, account, owner_id, amount)
    SELECT transaction_id, legs.leg, legs.account, legs.owner_id, legs.amount
    FROM numbered CROSS JOIN LATERAL (VALUES
        (0, '{debit}', member_id, amount), (1, '{credit}', {owner}, -amount)
    ) AS legs (leg, account, owner_id, amount)
"""

_FLOOR = (
    """
    INSERT INTO payouts (period, member_id, number_id, amount)
    SELECT %(period)s, members.id, numbers.id, least(available, %(cap)s)
    FROM member_balances AS balances JOIN members ON members.id = balances.member_id
    JOIN numbers ON numbers.member_id = members.id AND role = 'own' AND ended_at IS NULL
    WHERE available >= 100 AND auto_payment AND closed_at IS NULL AND joined_at <= %(as_of)s
    ORDER BY members.id
    """,
    """
    INSERT INTO sealed_chunks (period, place, first_member, last_member, lines, total, body)
    SELECT %(period)s, place, min(member_id), max(member_id), count(*), sum(amount),
           string_agg(member_id || ' ' || number_id || ' ' || amount || chr(10), ''
                      ORDER BY member_id, number_id)
    FROM (
        SELECT *, (row_number() OVER (ORDER BY member_id, number_id) - 1) / 1000 AS place
        FROM payouts WHERE period = %(period)s
    ) AS numbered
    GROUP BY place
    """,
    """
    INSERT INTO settlement_runs (period, as_of, payouts, total, sha256, prepared_by)
    VALUES (%(period)s, %(as_of)s, 0, 0, '', 'bench-anna')
    """,
    _MOVED.format(
        kind="payout_submitted",
        debit="member_available",
        credit="member_in_flight",
        owner="member_id",
    ),
    """
    UPDATE payouts SET state = 'claimed', sent_at = clock_timestamp(),
        request_hash = sha256(convert_to(id || '+79000000000' || amount, 'UTF8'))
    WHERE period = %(period)s
    """,
    _MOVED.format(
        kind="payout_paid", debit="member_in_flight", credit="owed_to_operator", owner="0"
    ),
    """
    UPDATE payouts SET state = 'paid', reference = 'ref-' || id, ended_at = clock_timestamp()
    WHERE period = %(period)s
    """,
    """
    INSERT INTO notifications (key, kind, channel, member_id, payload, language, urgent, at,
                               expires_at)
    SELECT 'payout:' || payouts.id, 'payout_paid', 'sms', members.id,
           jsonb_build_object('amount', amount), language, false, %(as_of)s,
           clock_timestamp() + interval '1 day'
    FROM payouts JOIN members ON members.id = member_id WHERE period = %(period)s
    """,
    """
    UPDATE settlement_runs SET state = 'done', approved_by = 'bench-boris'
    WHERE period = %(period)s
    """,
)
