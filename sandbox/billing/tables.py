"""The tables of the operator's books: one SQLite file in a data folder."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sandbox.billing.topups import Payment

BUSY_SECONDS = 10.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys ( -- what is remembered of each key
    key       TEXT    PRIMARY KEY,
    phone     TEXT    NOT NULL,
    amount    INTEGER NOT NULL CHECK (amount > 0), -- kopecks
    status    TEXT    NOT NULL CHECK (status IN ('paid', 'failed', 'accepted')),
    reference TEXT    CHECK ((reference IS NOT NULL) = (status = 'paid')),
    reason    TEXT    CHECK ((reason IS NOT NULL) = (status = 'failed')),
    at        TEXT    CHECK ((at IS NOT NULL) = (status = 'paid')), -- instant in UTC
    forget_at REAL -- seconds since 1970, real time
);
CREATE TABLE IF NOT EXISTS payments ( -- money that is gone
    id        INTEGER PRIMARY KEY,
    key       TEXT    NOT NULL, -- twice when it was forgotten and came again
    phone     TEXT    NOT NULL,
    amount    INTEGER NOT NULL CHECK (amount > 0), -- kopecks
    reference TEXT    NOT NULL UNIQUE,
    day       TEXT    NOT NULL, -- business date in Moscow
    at        TEXT    NOT NULL  -- instant in UTC
);
CREATE INDEX IF NOT EXISTS payments_statement ON payments (day, key, reference);
CREATE TABLE IF NOT EXISTS days (
    day   TEXT    PRIMARY KEY,
    count INTEGER NOT NULL,
    total INTEGER NOT NULL -- kopecks
);
CREATE TABLE IF NOT EXISTS due ( -- what is to be done later, also after a restart
    id     INTEGER PRIMARY KEY,
    at     REAL    NOT NULL, -- seconds since 1970, real time
    what   TEXT    NOT NULL CHECK (what IN ('pay', 'settle', 'tell')),
    key    TEXT    NOT NULL,
    phone  TEXT,
    amount INTEGER,
    reason TEXT, -- why it will fail
    body   TEXT, -- what is told, JSON
    tries  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS due_at ON due (at);
CREATE TABLE IF NOT EXISTS errors ( -- requests whose kept answer is a 500
    key   TEXT PRIMARY KEY,
    until REAL NOT NULL -- until then questions are answered so too; seconds since 1970
);
CREATE TABLE IF NOT EXISTS calls (
    operation TEXT PRIMARY KEY,
    number    INTEGER NOT NULL -- of the last call before a crash of the script's
);
"""

SAVED = """
    SELECT key, phone, amount, status, reference, reason, at FROM keys
    WHERE key IN (SELECT value FROM json_each(?)) AND (forget_at IS NULL OR forget_at > ?)
"""
ANY_DUE = "SELECT 1 FROM due WHERE at <= ? AND what <> 'tell' LIMIT 1"
DUE = """
    SELECT id, what, key, phone, amount, reason FROM due
    WHERE at <= ? AND what <> 'tell' ORDER BY at, id LIMIT ?
"""
TELLINGS = "SELECT id, body FROM due WHERE at <= ? AND what = 'tell' ORDER BY at, id LIMIT ?"
ERROR = "SELECT 1 FROM errors WHERE key IN (SELECT value FROM json_each(?)) AND until > ? LIMIT 1"


def store_file(data: Path) -> Path:
    """Where the books lie in a data folder."""
    return data / "billing.sqlite3"


def payment_of(row: tuple[str, str, int, str, str]) -> Payment:
    """A payment's key, phone, amount, reference and moment as they are read."""
    key, phone, amount, reference, at = row
    return Payment(key, phone, amount, reference, datetime.fromisoformat(at))


def text_of(moment: datetime | None) -> str | None:
    """A moment as it is written."""
    return moment.isoformat() if moment else None


def listed(keys: Iterable[str]) -> str:
    """Keys as one parameter of a statement."""
    return json.dumps(list(keys))
