"""Sums of the whole ledger by both clocks: days that were summed up once, and what came since.

A day is summed up by PostgreSQL when it is over for good. Whatever moments are asked for, what
lies in whole days comes from the sums and the rest from the entries themselves, so that the
answer is exact to the kopeck and reads little. The caller owns the unit of work.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.kit.clock import moscow_date, moscow_midnight
from tracker.kit.database import one_of
from tracker.ledger.rolled_models import RolledDay
from tracker.ledger.rules import CLAWBACKS, SHOP_ACCOUNTS, Account, Difference

_SHOPS = one_of("account", SHOP_ACCOUNTS)
_MARGINS = one_of("account", (Account.MARGIN, Account.PENDING_MARGIN))

_BY_SHOP = SHOP_ACCOUNTS | {Account.MARGIN, Account.PENDING_MARGIN}

TAKING = one_of("kind", CLAWBACKS)
"""The text of a condition on kinds that may leave a debt; there is an index of these alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Which part of the ledger is meant: by moments, or the books up to a month."""

    as_of: datetime
    """What counts until this business moment; not looked at where a period is given."""
    known_at: datetime | None = None
    """What was recorded until this real moment; None: all."""
    through: str | None = None
    """The books up to and with this month, ``2011-01``; None: by the moments."""

    @property
    def condition(self) -> str:
        """SQL upon the columns of ``ledger_transactions``; its parameters are in `values`."""
        counts = "effective_at <= :as_of" if self.through is None else "period <= :through"
        known = "" if self.known_at is None else " AND recorded_at <= :known_at"
        return counts + known

    @property
    def outside(self) -> str:
        """SQL for all else."""
        counts = "effective_at > :as_of" if self.through is None else "period > :through"
        known = "" if self.known_at is None else " OR recorded_at > :known_at"
        return f"({counts}{known})"

    @property
    def last_day(self) -> date:
        """The business day up to which it goes; where a period is given, about."""
        if self.through is None:
            return moscow_date(self.as_of)
        return date.fromisoformat(f"{self.through}-28")

    @property
    def last_known_day(self) -> date:
        """The day up to which it goes by either clock, about."""
        if self.known_at is None:
            return self.last_day
        return min(self.last_day, moscow_date(self.known_at))

    @property
    def values(self) -> Mapping[str, Any]:
        """What `condition` names."""
        counts = {"as_of": self.as_of} if self.through is None else {"through": self.through}
        return counts if self.known_at is None else {**counts, "known_at": self.known_at}


@dataclass(frozen=True, slots=True)
class Movements:
    """A SELECT of ``effective_day, period, account, shop_id, kind, amount, entries``.

    The amount in kopecks, debit positive; there may be several rows of the same. The shop is told
    of commission and margins (0 where none has to do with it), and is 0 for all other accounts.
    """

    select: str
    values: Mapping[str, Any]


def movements(session: Session, cut: Cut, accounts: Collection[Account] | None = None) -> Movements:
    """All that moved, within a cut; on these accounts alone, if any are named."""
    only = "" if accounts is None else f" AND {one_of('account', accounts)}"
    rolled: date | None = session.scalar(_LAST_DAY)
    if rolled is None:
        return Movements(_raw(cut.condition + only), cut.values)
    first_raw = rolled + timedelta(days=1)
    if cut.known_at is not None:
        first_raw = min(first_raw, moscow_date(cut.known_at))
    values = {**cut.values, "first_raw": first_raw, "tail": moscow_midnight(first_raw)}
    by_shop = accounts is None or _BY_SHOP.intersection(accounts)
    of_sums = only if by_shop else f"{only} AND shop_id = 0"  # there is an index of these
    parts = [_raw(f"recorded_at >= :tail AND {cut.condition}{only}")]
    if cut.through is None:
        values |= {"last_day": cut.last_day, "midnight": moscow_midnight(cut.last_day)}
        parts.append(_SUMS.format(counts="effective_day < :last_day" + of_sums))
        # The last business day is not whole.
        late = "recorded_at < :tail AND effective_at >= :midnight"
        parts.append(_raw(f"{late} AND {cut.condition}{only}"))
    else:
        parts.append(_SUMS.format(counts="period <= :through" + of_sums))
    return Movements(" UNION ALL ".join(parts), values)


def owed_to_us(session: Session, cut: Cut) -> int:
    """What members below zero owe us, in kopecks. What one owes lessens nothing that we owe others.

    Where little lies outside the cut it is told from what members have now, less that. Else from
    the entries of members from whom something was taken back: nobody else can owe anything.
    """
    little_outside = session.scalar(_LITTLE_SINCE, {"day": cut.last_known_day})
    query = _DEBTS_BACK.format(cut.outside) if little_outside else _DEBTS.format(cut.condition)
    return int(session.scalar(text(query), cut.values) or 0)


def roll_up(session: Session) -> date | None:
    """Sum up the next day that is over for good; None when there is none."""
    found: date | None = session.scalar(text("SELECT ledger_roll_up()"))
    return found


def rolling_is_due(session: Session) -> bool:
    """Whether a day waits to be summed up."""
    return bool(session.scalar(_IS_DUE))


def prove(session: Session) -> Iterator[Difference]:
    """Every day that was summed up still comes to what its entries come to."""
    for row in session.execute(_OFF):
        what = (
            f"sums of {row.recorded_day}: {row.kind} of {row.effective_day} in {row.period}"
            f" on {row.account}, shop {row.shop_id}"
        )
        yield Difference(
            what, f"{row.due} in {row.due_entries}", f"{row.kept} in {row.kept_entries}"
        )


def _raw(condition: str) -> str:
    return _RAW.format(condition=condition)


_LAST_DAY = select(func.max(RolledDay.day))

_IS_DUE = text("""
    SELECT clock_timestamp() >= (
        coalesce((SELECT max(day) + 1 FROM ledger_rolled_days),
                 (SELECT CAST(recorded_at AT TIME ZONE 'Europe/Moscow' AS date)
                  FROM ledger_transactions ORDER BY id LIMIT 1)) + 1 + interval '2 hours'
    ) AT TIME ZONE 'Europe/Moscow'
""")

_SUMS = """
    SELECT effective_day, period, account, shop_id, kind, amount, entries
    FROM ledger_rollups
    WHERE recorded_day < :first_raw AND {counts}
"""

_RAW = f"""
    SELECT CAST(effective_at AT TIME ZONE 'Europe/Moscow' AS date) AS effective_day, period,
           account,
           CASE WHEN {_SHOPS} THEN owner_id
                WHEN {_MARGINS} THEN coalesce(
                    (SELECT owner_id FROM ledger_entries AS told
                     WHERE told.transaction_id = moved.id AND told.{_SHOPS} LIMIT 1), 0)
                ELSE 0 END AS shop_id,
           kind, amount, 1 AS entries
    FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
    WHERE {{condition}}
"""  # noqa: S608 (words of this file)

_LITTLE_SINCE = text("""
    SELECT coalesce(4 * sum(entries) FILTER (WHERE day > :day), 0) <= coalesce(sum(entries), 0)
    FROM ledger_rolled_days
""")

_DEBTS_BACK = """
    WITH outside AS (
        SELECT owner_id, sum(amount) AS amount
        FROM ledger_transactions AS moved JOIN ledger_entries ON transaction_id = moved.id
        WHERE account = 'member_available' AND {}
        GROUP BY owner_id
    )
    SELECT sum(debt) FROM (
        SELECT -available - coalesce(outside.amount, 0) AS debt
        FROM member_balances LEFT JOIN outside ON outside.owner_id = member_id
    ) AS debts
    WHERE debt > 0
"""

# Each entry of these few members is looked up by itself: to be joined with all transactions of the
# cut took several times as long.
_DEBTS = f"""
    SELECT sum(amount) FROM (
        SELECT sum(amount) AS amount
        FROM (
            SELECT DISTINCT taken.owner_id
            FROM ledger_transactions JOIN ledger_entries AS taken
                 ON taken.transaction_id = ledger_transactions.id
            WHERE {TAKING} AND taken.account = 'member_available' AND {{0}}
        ) AS owing
        JOIN ledger_entries AS entries
             ON account = 'member_available' AND entries.owner_id = owing.owner_id
        CROSS JOIN LATERAL (
            SELECT FROM ledger_transactions
            WHERE id = transaction_id AND {{0}} OFFSET 0
        ) AS moved
        GROUP BY entries.owner_id
        HAVING sum(amount) > 0
    ) AS debts
"""  # noqa: S608 (words of this file)

_OFF = text(f"""
    WITH written AS (
        SELECT CAST(recorded_at AT TIME ZONE 'Europe/Moscow' AS date) AS recorded_day,
               CAST(effective_at AT TIME ZONE 'Europe/Moscow' AS date) AS effective_day,
               period, account, CASE WHEN {_SHOPS} OR {_MARGINS} THEN shop_id ELSE 0 END AS shop_id,
               kind, sum(amount) AS due, count(*) AS due_entries
        FROM ledger_transactions AS moved
        JOIN (
            SELECT transaction_id, account, amount,
                   coalesce(max(owner_id) FILTER (WHERE {_SHOPS})
                            OVER (PARTITION BY transaction_id), 0) AS shop_id
            FROM ledger_entries
        ) AS legs ON legs.transaction_id = moved.id
        WHERE CAST(recorded_at AT TIME ZONE 'Europe/Moscow' AS date)
              <= (SELECT max(day) FROM ledger_rolled_days)
        GROUP BY 1, 2, 3, 4, 5, 6
    ), kept AS (
        SELECT recorded_day, effective_day, period, account, shop_id, kind, amount AS kept,
               entries AS kept_entries
        FROM ledger_rollups
    )
    SELECT recorded_day, effective_day, period, account, shop_id, kind, coalesce(due, 0) AS due,
           coalesce(due_entries, 0) AS due_entries, coalesce(kept, 0) AS kept,
           coalesce(kept_entries, 0) AS kept_entries
    FROM written
    FULL JOIN kept USING (recorded_day, effective_day, period, account, shop_id, kind)
    WHERE due IS DISTINCT FROM kept OR due_entries IS DISTINCT FROM kept_entries
    ORDER BY 1, 2, 3, 4, 5, 6
""")  # noqa: S608 (words of this file)
