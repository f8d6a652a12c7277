"""The documents of a month's books, as lines.

Nothing but what stands in entries of that month and of those before it, so that they come out the
same for ever once the month is closed.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from tracker.kit.money import format_rubles

Line = tuple[str, ...]
Lines = Callable[[Session, str], Iterator[Line]]
"""A document of a month: its header, then its lines."""

_AT_ONCE = 5_000


def trial_balance(session: Session, period: str) -> Iterator[Line]:
    """Each account: where it stood, what moved, where it stands. Roubles; debit is positive."""
    yield ("account", "opening", "debit", "credit", "closing")
    for row in _rows(session, _TRIAL_BALANCE, period):
        yield (row[0], *(format_rubles(int(amount)) for amount in row[1:]))


def movements(session: Session, period: str) -> Iterator[Line]:
    """Each kind of movement on each account, in the month. Roubles."""
    yield ("kind", "account", "entries", "debit", "credit")
    for row in _rows(session, _MOVEMENTS, period):
        yield (row[0], row[1], str(row[2]), *(format_rubles(int(amount)) for amount in row[3:]))


def shops(session: Session, period: str) -> Iterator[Line]:
    """Each shop: what it owes, and what it will owe. Roubles; debit is positive."""
    yield ("shop_id", "account", "opening", "debit", "credit", "closing")
    for row in _rows(session, _SHOPS, period):
        yield (str(row[0]), row[1], *(format_rubles(int(amount)) for amount in row[2:]))


def members(session: Session, period: str) -> Iterator[Line]:
    """What each member was owed when the month ended. Roubles; below zero it is a debt."""
    yield ("member_id", "pending", "available", "reserved", "in_flight")
    for row in _rows(session, _MEMBERS, period):
        yield (str(row[0]), *(format_rubles(int(amount)) for amount in row[1:]))


def journal(session: Session, period: str) -> Iterator[Line]:
    """Every entry of the month. Roubles; debit is positive; moments in UTC."""
    yield (
        "transaction",
        "reference",
        "kind",
        "effective_at",
        "recorded_at",
        "corrects",
        "leg",
        "account",
        "owner",
        "amount",
    )
    for row in _rows(session, _JOURNAL, period):
        *said, amount = row
        yield (*("" if one is None else str(one) for one in said), format_rubles(int(amount)))


DOCUMENTS: Mapping[str, Lines] = {
    "trial-balance": trial_balance,
    "movements": movements,
    "shops": shops,
    "members": members,
    "journal": journal,
}
"""By their names. One that is added later is drawn up for months that are closed from then on."""


def _rows(session: Session, query: TextClause, period: str) -> Iterator[tuple[Any, ...]]:
    """Rows by a cursor of the server's: a journal of millions takes no memory here."""
    options = {"yield_per": _AT_ONCE}
    for row in session.execute(query, {"period": period}, execution_options=options):
        yield tuple(row)


_SUMS = """
    coalesce(sum(amount) FILTER (WHERE period < :period), 0) AS opening,
    coalesce(sum(amount) FILTER (WHERE period = :period AND amount > 0), 0) AS debit,
    coalesce(-sum(amount) FILTER (WHERE period = :period AND amount < 0), 0) AS credit,
    sum(amount) AS closing
"""

_UNTIL = """
    ledger_entries JOIN ledger_transactions AS moved
        ON moved.id = transaction_id AND moved.period <= :period
"""

_TRIAL_BALANCE = text(f"""
    SELECT account, {_SUMS} FROM {_UNTIL} GROUP BY account ORDER BY account COLLATE "C"
""")  # noqa: S608 (texts of this file put together)

_SHOPS = text(f"""
    SELECT owner_id, account, {_SUMS} FROM {_UNTIL}
    WHERE account IN ('shop_receivable', 'shop_pending_commission')
    GROUP BY owner_id, account ORDER BY owner_id, account COLLATE "C"
""")  # noqa: S608 (texts of this file put together)

_MOVEMENTS = text("""
    SELECT kind, account, count(*),
           coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
           coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)
    FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
    WHERE moved.period = :period
    GROUP BY kind, account ORDER BY kind COLLATE "C", account COLLATE "C"
""")

_MEMBERS = text(f"""
    SELECT owner_id,
           coalesce(-sum(amount) FILTER (WHERE account = 'member_pending'), 0),
           coalesce(-sum(amount) FILTER (WHERE account = 'member_available'), 0),
           coalesce(-sum(amount) FILTER (WHERE account = 'member_reserved'), 0),
           coalesce(-sum(amount) FILTER (WHERE account = 'member_in_flight'), 0)
    FROM {_UNTIL}
    WHERE account IN ('member_pending', 'member_available', 'member_reserved', 'member_in_flight')
    GROUP BY owner_id ORDER BY owner_id
""")  # noqa: S608 (texts of this file put together)

_JOURNAL = text("""
    SELECT moved.id, reference, kind,
           to_char(effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           corrects, leg, account, owner_id, amount
    FROM ledger_entries JOIN ledger_transactions AS moved ON moved.id = transaction_id
    WHERE moved.period = :period
    ORDER BY moved.id, leg
""")
