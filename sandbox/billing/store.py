"""The operator's own books: one SQLite file, one transaction for each batch.

``synchronous=FULL`` because an operator does not forget what it has acknowledged: the file is what
crash tests compare with. It costs one fsync for each batch, not for each top-up.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from sandbox.billing.tables import (
    ANY_DUE,
    BUSY_SECONDS,
    DUE,
    ERROR,
    SAVED,
    SCHEMA,
    TELLINGS,
    listed,
    payment_of,
    store_file,
    text_of,
)
from sandbox.billing.topups import (
    KeyConflict,
    Page,
    Result,
    Status,
    TopUp,
    failed,
    reference_of,
)
from sandbox.billing.wire import cursor_after, place_of, result_json
from tracker.kit.clock import Clock, moscow_date

_NONE: Mapping[str, float] = {}
_AT_ONCE = 1000
_TRIES = 20
"""How often a callback is tried before it is given up."""


class Store:
    """The books, shared by the server's threads: one connection, one at a time.

    ``tells``: who was only told "accepted" is called back once it is carried out.
    """

    def __init__(
        self,
        data: Path,
        clock: Clock,
        *,
        tells: bool = False,
        real: Callable[[], float] = time.time,
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._clock, self._tells, self._real = clock, tells, real
        self._lock = threading.Lock()
        self._met = data / "faults-met"
        self._connection = sqlite3.connect(
            store_file(data), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    def act(
        self,
        batch: Sequence[TopUp],
        refusals: Mapping[str, str],
        *,
        later: Mapping[str, float] = _NONE,
        forgotten: Mapping[str, float] = _NONE,
    ) -> list[Result]:
        """Pay what is new, or fail it where ``refusals`` (key → reason) says so; results in order.

        What is in ``later`` is accepted, and carried out after so many seconds; what is in
        ``forgotten`` is known for so many seconds, and then paid anew. A key seen before gets its
        saved result. Raises KeyConflict, having done nothing, when one came before with another
        phone or amount. Keys within a batch must differ.
        """
        with self._written():
            saved = self._saved([topup.key for topup in batch])
            conflicts = [t.key for t in batch if t.key in saved and saved[t.key][0] != t]
            if conflicts:
                raise KeyConflict(conflicts)
            new = [topup for topup in batch if topup.key not in saved]
            fresh = self._book(new, refusals, later, forgotten)
            return [saved[t.key][1] if t.key in saved else fresh[t.key] for t in batch]

    def postpone(self, batch: Sequence[TopUp], refusals: Mapping[str, str], seconds: float) -> None:
        """Carry a batch out later; until then nothing is known of it."""
        with self._written():
            self._put_off("pay", batch, refusals, dict.fromkeys((t.key for t in batch), seconds))

    def carry_out_due(self) -> int:
        """Do what has been put off and is due; returns how many top-ups were looked at."""
        now = self._real()
        with self._lock:
            if not self._connection.execute(ANY_DUE, (now,)).fetchone():
                return 0
        with self._written():
            rows = self._connection.execute(DUE, (now, _AT_ONCE)).fetchall()
            for _, what, *topup, reason in rows:
                self._carry_out(what, TopUp(*topup), reason)
            self._connection.executemany("DELETE FROM due WHERE id = ?", [row[:1] for row in rows])
        return len(rows)

    def result(self, key: str) -> Result | None:
        """What became of a key, or None when it never came, or was forgotten."""
        with self._lock:
            found = self._saved([key])
        return found[key][1] if found else None

    def statement(self, day: date, after: str, limit: int) -> Page:
        """Up to ``limit`` payments of a business day beyond the cursor ``after``, by key."""
        with self._lock, self._connection:
            self._connection.execute("BEGIN")
            count, total = self._connection.execute(
                "SELECT coalesce(sum(count), 0), coalesce(sum(total), 0) FROM days WHERE day = ?",
                (day.isoformat(),),
            ).fetchone()
            rows = self._connection.execute(
                "SELECT key, phone, amount, reference, at FROM payments"
                " WHERE day = ? AND (key, reference) > (?, ?)"
                " ORDER BY key, reference LIMIT ?",
                (day.isoformat(), *place_of(after), limit + 1),
            ).fetchall()
        lines = [payment_of(row) for row in rows[:limit]]
        return Page(count, total, lines, cursor_after(lines[-1]) if len(rows) > limit else None)

    def keep_error(self, keys: Iterable[str], seconds: float) -> None:
        """Let the answer to these keys be a 500 for ever; to questions, for so many seconds."""
        with self._written():
            self._connection.executemany(
                "INSERT OR IGNORE INTO errors VALUES (?, ?)",
                [(key, self._real() + seconds) for key in keys],
            )

    def error_kept(self, keys: Iterable[str], *, asked: bool) -> bool:
        """Whether the kept answer to any of these keys is a 500; ``asked``: to a question."""
        since = self._real() if asked else 0.0
        with self._lock:
            return bool(self._connection.execute(ERROR, (listed(keys), since)).fetchone())

    def tell(self, result: Result, seconds: float) -> None:
        """Have a result told by a callback, so many seconds from now."""
        with self._written():
            self._put_telling(result, seconds)

    def tellings(self) -> dict[int, str]:
        """Callbacks that are due: numbers, and what is to be said."""
        with self._lock:
            return dict(self._connection.execute(TELLINGS, (self._real(), _AT_ONCE)).fetchall())

    def told(self, tellings: Iterable[int]) -> None:
        """These callbacks were taken."""
        with self._written():
            self._connection.executemany("DELETE FROM due WHERE id = ?", [(n,) for n in tellings])

    def tell_again(self, tellings: Iterable[int], seconds: float) -> None:
        """These callbacks were not taken: again in so many seconds, but not for ever."""
        with self._written():
            self._connection.executemany(
                "UPDATE due SET at = ?, tries = tries + 1 WHERE id = ?",
                [(self._real() + seconds, number) for number in tellings],
            )
            self._connection.execute("DELETE FROM due WHERE tries >= ?", (_TRIES,))

    def calls(self) -> dict[str, int]:
        """The numbers of the last calls before a crash of the script's own, by operation."""
        with self._lock:
            return dict(self._connection.execute("SELECT operation, number FROM calls").fetchall())

    def keep_calls(self, numbers: Mapping[str, int]) -> None:
        """Let the count of calls go on after a crash."""
        with self._written():
            self._connection.executemany(
                "INSERT OR REPLACE INTO calls VALUES (?, ?)", list(numbers.items())
            )

    def note_faults(self, count: int) -> None:
        """So many faults are met: a byte for each, in a file that a crash does not empty."""
        if count:
            with self._met.open("ab") as file:
                file.write(b"." * count)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _written(self) -> Iterator[None]:
        with self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    def _saved(self, keys: Sequence[str]) -> dict[str, tuple[TopUp, Result]]:
        rows = self._connection.execute(SAVED, (listed(keys), self._real()))
        found = {}
        for key, phone, amount, status, reference, reason, at in rows:
            moment = datetime.fromisoformat(at) if at else None
            result = Result(key, Status(status), amount, reference, reason, moment)
            found[key] = (TopUp(key, phone, amount), result)
        return found

    def _book(
        self,
        fresh: Sequence[TopUp],
        refusals: Mapping[str, str],
        later: Mapping[str, float] = _NONE,
        forgotten: Mapping[str, float] = _NONE,
    ) -> dict[str, Result]:
        """Write what becomes of new top-ups; the caller's transaction is open."""
        self._put_off("settle", fresh, refusals, later)
        paid = self._pay([t for t in fresh if t.key not in later and t.key not in refusals])
        results = {}
        for topup in fresh:
            key = topup.key
            if key in later:
                results[key] = Result(key, Status.ACCEPTED, topup.amount, None, None)
            else:
                results[key] = paid.get(key) or failed(topup, refusals[key])
        now = self._real()
        self._connection.executemany(
            "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(t.key, t.phone, t.amount, results[t.key].status, results[t.key].reference),
                    *(results[t.key].reason, text_of(results[t.key].at)),
                    now + forgotten[t.key] if t.key in forgotten else None,
                )
                for t in fresh
            ],
        )
        return results

    def _pay(self, topups: Sequence[TopUp]) -> dict[str, Result]:
        """Money goes: payments, and the day's sum."""
        if not topups:
            return {}
        now = self._clock.now()
        day = moscow_date(now).isoformat()
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM payments").fetchone()
        numbered = list(enumerate(topups, start=last + 1))
        self._connection.executemany(
            "INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (number, t.key, t.phone, t.amount, reference_of(number), day, now.isoformat())
                for number, t in numbered
            ],
        )
        self._connection.execute(
            "INSERT INTO days (day, count, total) VALUES (?, ?, ?) ON CONFLICT (day)"
            " DO UPDATE SET count = count + excluded.count, total = total + excluded.total",
            (day, len(topups), sum(topup.amount for topup in topups)),
        )
        return {
            t.key: Result(t.key, Status.PAID, t.amount, reference_of(number), None, now)
            for number, t in numbered
        }

    def _put_off(
        self,
        what: str,
        batch: Sequence[TopUp],
        refusals: Mapping[str, str],
        later: Mapping[str, float],
    ) -> None:
        now = self._real()
        self._connection.executemany(
            "INSERT INTO due (at, what, key, phone, amount, reason) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (now + later[t.key], what, t.key, t.phone, t.amount, refusals.get(t.key))
                for t in batch
                if t.key in later
            ],
        )

    def _carry_out(self, what: str, topup: TopUp, reason: str | None) -> None:
        saved = self._saved([topup.key]).get(topup.key)
        if saved and not (what == "settle" and saved[1].status is Status.ACCEPTED):
            return  # it came again meanwhile, and was not forgotten
        results = self._book([topup], {topup.key: reason} if reason else {})
        if what == "settle" and self._tells:
            self._put_telling(results[topup.key], 0)

    def _put_telling(self, result: Result, seconds: float) -> None:
        self._connection.execute(
            "INSERT INTO due (at, what, key, body) VALUES (?, 'tell', ?, ?)",
            (self._real() + seconds, result.key, json.dumps(result_json(result))),
        )
