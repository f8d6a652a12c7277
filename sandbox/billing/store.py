"""The operator's own books: one SQLite file, one transaction for each batch.

``synchronous=FULL`` because an operator does not forget what it has acknowledged: the file is what
crash tests compare with. It costs one fsync for each batch, not for each top-up.
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

from sandbox.billing.topups import KeyConflict, Line, Page, Result, Status, TopUp
from tracker.kit.clock import Clock, moscow_date

_SCHEMA = """
CREATE TABLE IF NOT EXISTS topups (
    id        INTEGER PRIMARY KEY,
    key       TEXT    NOT NULL UNIQUE,
    phone     TEXT    NOT NULL,
    amount    INTEGER NOT NULL CHECK (amount > 0), -- kopecks
    status    TEXT    NOT NULL CHECK (status IN ('paid', 'failed')),
    reference TEXT    UNIQUE CHECK ((reference IS NOT NULL) = (status = 'paid')),
    reason    TEXT    CHECK ((reason IS NOT NULL) = (status = 'failed')),
    day       TEXT    NOT NULL, -- business date in Moscow
    at        TEXT    NOT NULL  -- instant in UTC
);
CREATE INDEX IF NOT EXISTS topups_statement ON topups (day, key, reference) WHERE status = 'paid';
CREATE TABLE IF NOT EXISTS days (
    day   TEXT    PRIMARY KEY,
    count INTEGER NOT NULL,
    total INTEGER NOT NULL -- kopecks
);
"""
_BUSY_SECONDS = 10.0


def store_file(data: Path) -> Path:
    """Where the books lie in a data folder."""
    return data / "billing.sqlite3"


class Store:
    """The books, shared by the server's threads: one connection, one at a time."""

    def __init__(self, data: Path, clock: Clock) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            store_file(data), timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)

    def act(self, batch: Sequence[TopUp], refusals: Mapping[str, str]) -> list[Result]:
        """Pay what is new, or fail it where ``refusals`` (key → reason) says so; results in order.

        A key seen before gets its saved result. Raises KeyConflict, having done nothing, when one
        came before with another phone or amount. Keys within a batch must differ.
        """
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            saved = {topup.key: found for topup in batch if (found := self._saved(topup.key))}
            conflicts = [t.key for t in batch if t.key in saved and saved[t.key][0] != t]
            if conflicts:
                raise KeyConflict(conflicts)
            fresh = self._book([topup for topup in batch if topup.key not in saved], refusals)
            return [saved[t.key][1] if t.key in saved else fresh[t.key] for t in batch]

    def result(self, key: str) -> Result | None:
        """What became of a key, or None when it never came."""
        with self._lock:
            found = self._saved(key)
        return found[1] if found else None

    def statement(self, day: date, after: str, limit: int) -> Page:
        """Up to ``limit`` paid top-ups of a business day beyond the cursor ``after``, by key."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            count, total = self._connection.execute(
                "SELECT coalesce(sum(count), 0), coalesce(sum(total), 0) FROM days WHERE day = ?",
                (day.isoformat(),),
            ).fetchone()
            rows = self._connection.execute(
                "SELECT key, phone, amount, reference, at FROM topups"
                " WHERE status = 'paid' AND day = ? AND (key, reference) > (?, ?)"
                " ORDER BY key, reference LIMIT ?",
                (day.isoformat(), *_place(after), limit + 1),
            ).fetchall()
        lines = [
            Line(key, phone, amount, reference, datetime.fromisoformat(at))
            for key, phone, amount, reference, at in rows[:limit]
        ]
        following = f"{lines[-1].key} {lines[-1].reference}" if len(rows) > limit else None
        return Page(count, total, lines, following)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self._lock:
            self._connection.close()

    def _saved(self, key: str) -> tuple[TopUp, Result] | None:
        row = self._connection.execute(
            "SELECT phone, amount, status, reference, reason, at FROM topups WHERE key = ?",
            (key,),
        ).fetchone()
        if row is None:
            return None
        phone, amount, status, reference, reason, at = row
        paid_at = datetime.fromisoformat(at) if status == Status.PAID else None
        result = Result(key, Status(status), amount, reference, reason, paid_at)
        return TopUp(key, phone, amount), result

    def _book(self, fresh: Sequence[TopUp], refusals: Mapping[str, str]) -> dict[str, Result]:
        """Write new top-ups and the day's sum; the caller's transaction is open."""
        now = self._clock.now()
        day = moscow_date(now).isoformat()
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM topups").fetchone()
        numbered = list(enumerate(fresh, start=last + 1))
        results = {t.key: _result_of(t, number, refusals.get(t.key), now) for number, t in numbered}
        self._connection.executemany(
            "INSERT INTO topups (id, key, phone, amount, status, reference, reason, day, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_row(number, t, results[t.key], day, now.isoformat()) for number, t in numbered],
        )
        paid = [result.amount for result in results.values() if result.status is Status.PAID]
        if paid:
            self._connection.execute(
                "INSERT INTO days (day, count, total) VALUES (?, ?, ?) ON CONFLICT (day)"
                " DO UPDATE SET count = count + excluded.count, total = total + excluded.total",
                (day, len(paid), sum(paid)),
            )
        return results


def paid_topups(data: Path) -> dict[str, int]:
    """The truth to compare with: every key that was paid, and its kopecks.

    Reads the books in a data folder directly, whether or not the sandbox is running.
    """
    with closing(sqlite3.connect(store_file(data), timeout=_BUSY_SECONDS)) as connection:
        return dict(connection.execute("SELECT key, amount FROM topups WHERE status = 'paid'"))


def _place(cursor: str) -> tuple[str, str]:
    key, _, reference = cursor.partition(" ")
    return key, reference


def _result_of(topup: TopUp, number: int, reason: str | None, now: datetime) -> Result:
    if reason is None:
        return Result(topup.key, Status.PAID, topup.amount, f"T{number:012d}", None, now)
    return Result(topup.key, Status.FAILED, topup.amount, None, reason)


def _row(
    number: int, topup: TopUp, result: Result, day: str, at: str
) -> tuple[int | str | None, ...]:
    return (
        number,
        topup.key,
        topup.phone,
        topup.amount,
        result.status,
        result.reference,
        result.reason,
        day,
        at,
    )
