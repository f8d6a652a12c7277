"""What was delivered: one SQLite file in the data folder, for its owner alone.

A stand-in's own box: what passes here is in the clear. Nothing is synced; a phone that loses power
may forget, too.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id        INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('sms', 'mail')),
    at        TEXT NOT NULL, -- instant in UTC
    recipient TEXT NOT NULL, -- +number or address
    sender    TEXT NOT NULL,
    subject   TEXT,
    text      TEXT NOT NULL,
    reference TEXT NOT NULL, -- the centre's name of an SMS, the Message-ID of a letter
    parts     INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_of_recipient ON messages (recipient, id);
"""
_BUSY_SECONDS = 10.0
_COLUMNS = "kind, at, recipient, sender, subject, text, reference, parts"


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message as its recipient has it; ``parts`` is 1 for mail and for a short SMS."""

    kind: str
    at: datetime
    recipient: str
    sender: str
    subject: str | None
    text: str
    reference: str
    parts: int = 1


def store_file(data: Path) -> Path:
    """Where the messages lie in a data folder."""
    return data / "messages.sqlite3"


class Store:
    """The writing side, for the servers' one thread."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        path = store_file(data)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # its journals take its mode
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)

    def keep(self, message: Delivered) -> None:
        """Deliver a message."""
        self._connection.execute(
            f"INSERT INTO messages ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                message.kind,
                message.at.isoformat(),
                message.recipient,
                message.sender,
                message.subject,
                message.text,
                message.reference,
                message.parts,
            ),
        )

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        self._connection.close()


def now() -> datetime:
    """When something is delivered: by the real clock, whatever business time is."""
    return datetime.now(UTC)


def delivered(data: Path, to: str | None = None, *, last: bool = False) -> Sequence[Delivered]:
    """What lies in a data folder's box, oldest first: all, to one recipient, or the newest alone.

    Reads the file directly, whether or not the servers are running.
    """
    path = store_file(data)
    if not path.exists():
        return []
    where, values = ("WHERE recipient = ?", (to,)) if to is not None else ("", ())
    order = "DESC LIMIT 1" if last else "ASC"
    with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM messages {where} ORDER BY id {order}",  # noqa: S608
            values,
        ).fetchall()
    return [Delivered(row[0], datetime.fromisoformat(row[1]), *row[2:]) for row in rows]
