"""The bridge from last month's list: drawn up with the list, in the same moment, to the kopeck.

Years of bookings are not summed up anew each month: each list keeps what all bookings of a kind had
come to, and up to which of them the next one need not look. The caller owns the unit of work.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from tracker.kit.database import bulk_insert
from tracker.kit.money import MAX_KOPECKS
from tracker.settlement.lists.steps import Line, Step, in_order
from tracker.settlement.models import BookedSum, BridgeLine, SettlementBridge, SettlementRun


@dataclass(frozen=True, slots=True)
class Bridge:
    """From the list of a period (None: from nothing) to this one."""

    previous: str | None
    lines: tuple[Line, ...]


def bridge_of(session: Session, period: str) -> Bridge:
    """The bridge of a period, as it was when its list was drawn up."""
    kept = session.get(SettlementBridge, period)
    rows = session.scalars(select(BridgeLine).where(BridgeLine.period == period))
    lines = in_order(Line(row.step, row.count, row.amount) for row in rows)
    return Bridge(kept.previous if kept else None, lines)


def draw(session: Session, run: SettlementRun, *, minimum: int, cap: int | None) -> None:
    """Write the bridge to a list that was just drawn up; all in one moment, or it would not add up.

    ``minimum`` and ``cap`` are what the list was drawn up with, in kopecks.
    """
    given = {
        "period": run.period,
        "as_of": run.as_of,
        "minimum": minimum,
        "cap": cap,
        "most": MAX_KOPECKS,
    }
    stand = {row.step: row for row in session.execute(_STAND, given)}
    available = sum(int(row.amount) for row in stand.values())
    last = session.execute(_LAST, {"period": run.period}).one_or_none()
    settled = session.execute(_SETTLED).one()
    sums = _booked(session, run.period, settled, last if _goes_on(last, settled) else None)
    if sum(one["amount"] for one in sums) != available and last is not None:
        # Numbers of transactions that mean another database: all is summed up once more.
        sums = _booked(session, run.period, settled, None)
    rest = session.execute(_LEFT_BY_RELATIVES, given).one()
    lines = [
        *_moved(session, last.period if last else None, sums, available),
        *_taken_off(stand),
        Line(Step.LEFT_BY_RELATIVES, rest.members, -int(rest.amount)),
        Line(Step.TOTAL, run.payouts, run.total),
    ]
    previous = last.period if last else None
    session.add(SettlementBridge(period=run.period, previous=previous, **settled._mapping))
    bulk_insert(session, BookedSum, sums)
    bulk_insert(
        session,
        BridgeLine,
        [
            {"period": run.period, "step": str(one.step), "count": one.count, "amount": one.amount}
            for one in lines
        ],
    )
    session.flush()


def _goes_on(last: Row[Any] | None, settled: Row[Any]) -> bool:
    return last is not None and last.database_mark == settled.database_mark


def _booked(
    session: Session, period: str, settled: Row[Any], last: Row[Any] | None
) -> list[dict[str, Any]]:
    """What each kind has come to: what the last list saw for good, and all since."""
    sums: dict[str, dict[str, Any]] = {}
    if last is not None:
        for old in session.scalars(select(BookedSum).where(BookedSum.period == last.period)):
            sums[old.kind] = _sum_of(period, old.kind) | {
                "count": old.settled_count,
                "amount": old.settled_amount,
                "settled_count": old.settled_count,
                "settled_amount": old.settled_amount,
            }
    since = {
        "from_number": last.settled_below if last else 0,
        "from_moment": last.settled_since if last else None,
        "below": settled.settled_below,
        "before": settled.settled_since,
    }
    lowest = session.scalar(_LOWEST, since)
    if lowest is not None:
        for row in session.execute(_SINCE, {**since, "lowest": lowest}):
            one = sums.setdefault(row.kind, _sum_of(period, row.kind))
            one["count"] += row.bookings
            one["amount"] += int(row.amount)
            one["settled_count"] += row.settled_count
            one["settled_amount"] += int(row.settled_amount)
    return list(sums.values())


def _sum_of(period: str, kind: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("count", "amount", "settled_count", "settled_amount"), 0)
    return {"period": period, "kind": kind, **nothing}


def _moved(
    session: Session, previous: str | None, sums: list[dict[str, Any]], available: int
) -> list[Line]:
    """From what was available at the last list to what is available now."""
    before = session.get(BridgeLine, (previous, str(Step.AVAILABLE_NOW))) if previous else None
    seen = {
        old.kind: old
        for old in session.scalars(select(BookedSum).where(BookedSum.period == previous))
    }
    moved = []
    for one in sums:
        old = seen.get(one["kind"])
        count, amount = (old.count, old.amount) if old else (0, 0)
        if (one["count"], one["amount"]) != (count, amount):
            moved.append(Line(one["kind"], one["count"] - count, one["amount"] - amount))
    began = before.amount if before else 0
    return [
        Line(Step.AVAILABLE_BEFORE, before.count if before else 0, began),
        *moved,
        Line(Step.UNEXPLAINED, 0, available - began - sum(line.amount for line in moved)),
    ]


def _taken_off(stand: dict[str, Row[Any]]) -> list[Line]:
    """From what is available now to the list, but for what relatives' shares leave."""
    paid = [stand[name] for name in ("own", "shared") if name in stand]
    above = -sum(int(row.above) for row in paid)
    lines = [
        Line(
            Step.AVAILABLE_NOW,
            sum(row.members for row in stand.values()),
            sum(int(row.amount) for row in stand.values()),
        ),
        Line(Step.ABOVE_CAP, sum(row.capped for row in paid), above),
    ]
    for step in _OFF:
        row = stand.get(step)
        lines.append(Line(step, row.members if row else 0, -int(row.amount) if row else 0))
    return lines


_OFF = (
    Step.DEBTS,
    Step.CLOSED,
    Step.AUTO_PAYMENT_OFF,
    Step.JOINED_LATER,
    Step.BELOW_MINIMUM,
    Step.NO_NUMBER,
)

_LAST = text("""
    SELECT bridge.* FROM settlement_bridges AS bridge
    JOIN settlement_runs AS run ON run.period = bridge.period
    WHERE run.period <> :period
    ORDER BY run.prepared_at DESC LIMIT 1
""")

# What began before the oldest transaction still open is over; what it wrote was seen.
_SETTLED = text("""
    SELECT settlement_database_mark() AS database_mark,
           CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS settled_below,
           now() - interval '1 day' AS settled_since
""")

_WRITTEN_SINCE = """
    written_by >= :from_number
    AND recorded_at >= coalesce(CAST(:from_moment AS timestamptz), '-infinity')
"""

_LOWEST = text(f"""
    SELECT min(id) FROM ledger_transactions WHERE {_WRITTEN_SINCE}
""")  # noqa: S608 (two texts of this file put together)

_SINCE = text(f"""
    SELECT kind, count(*) AS bookings, -sum(amount) AS amount,
           count(*) FILTER (WHERE settled) AS settled_count,
           coalesce(-sum(amount) FILTER (WHERE settled), 0) AS settled_amount
    FROM (
        SELECT id, kind, written_by < :below OR recorded_at < :before AS settled
        FROM ledger_transactions WHERE {_WRITTEN_SINCE}
    ) AS booked
    JOIN ledger_entries AS entries ON entries.transaction_id = booked.id
    WHERE entries.account = 'member_available' AND entries.transaction_id >= :lowest
    GROUP BY kind
""")  # noqa: S608 (two texts of this file put together)

_STAND = text("""
    SELECT step, count(*) AS members, sum(available) AS amount,
           count(*) FILTER (WHERE above > 0) AS capped, sum(above) AS above
    FROM (
        SELECT available,
               greatest(0, available - least(available, CAST(:cap AS bigint), :most)) AS above,
               CASE WHEN available < 0 THEN 'debts'
                    WHEN members.id IS NULL OR members.closed_at IS NOT NULL THEN 'closed'
                    WHEN NOT members.auto_payment THEN 'auto_payment_off'
                    WHEN members.joined_at > :as_of THEN 'joined_later'
                    WHEN available < :minimum THEN 'below_minimum'
                    WHEN sharing.member_id IS NOT NULL THEN 'shared'
                    WHEN own.id IS NULL THEN 'no_number'
                    ELSE 'own' END AS step
        FROM member_balances AS balances
        LEFT JOIN members ON members.id = balances.member_id
        LEFT JOIN numbers AS own
             ON own.member_id = members.id AND own.role = 'own' AND own.ended_at IS NULL
        LEFT JOIN (SELECT DISTINCT member_id FROM relatives) AS sharing
             ON sharing.member_id = members.id
        WHERE available <> 0
    ) AS stood
    GROUP BY step
""")

_LEFT_BY_RELATIVES = text("""
    SELECT count(*) FILTER (WHERE due > listed) AS members, coalesce(sum(due - listed), 0) AS amount
    FROM (
        SELECT least(balances.available, CAST(:cap AS bigint), :most) AS due,
               (SELECT coalesce(sum(amount), 0) FROM payouts
                WHERE payouts.period = :period AND payouts.member_id = members.id) AS listed
        FROM (SELECT DISTINCT member_id FROM relatives) AS sharing
        JOIN members ON members.id = sharing.member_id
        JOIN member_balances AS balances ON balances.member_id = members.id
        WHERE balances.available >= :minimum
          AND members.auto_payment AND members.closed_at IS NULL AND members.joined_at <= :as_of
    ) AS shared
""")
