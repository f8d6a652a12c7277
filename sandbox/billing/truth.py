"""What was paid for real, read from the books in a data folder, whether or not anybody serves them:
the truth that everything else is compared with."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

from sandbox.billing.tables import BUSY_SECONDS, payment_of, store_file
from sandbox.billing.topups import Payment


def payments(data: Path) -> list[Payment]:
    """Every payment, in the order they were made; what was paid twice is there twice."""
    with closing(sqlite3.connect(store_file(data), timeout=BUSY_SECONDS)) as connection:
        rows = connection.execute(
            "SELECT key, phone, amount, reference, at FROM payments ORDER BY id"
        ).fetchall()
    return [payment_of(row) for row in rows]


def paid_topups(data: Path) -> dict[str, int]:
    """Every key that was paid, and the kopecks in all: twice as many for what was paid twice."""
    paid: Counter[str] = Counter()
    for one in payments(data):
        paid[one.key] += one.amount
    return dict(paid)


def still_due(data: Path) -> int:
    """How many top-ups are to be carried out later."""
    with closing(sqlite3.connect(store_file(data), timeout=BUSY_SECONDS)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM due WHERE what <> 'tell'").fetchone()
    return int(count)
