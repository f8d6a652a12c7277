"""Certificates as a file for finance."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import IO, Any

from tracker.kit.csvfiles import cell
from tracker.kit.money import format_rubles

_SUMS = ("amount", "from_goal")
COLUMNS = (
    "id",
    "member_id",
    "goal_id",
    "amount",
    "from_goal",
    "state",
    "codes",
    "ordered_at",
    "issued_at",
    "expires_at",
    "redeemed_at",
    "salon",
    "receipt_id",
    "voided_at",
    "void_reason",
    "released_by",
)
_PIECE = 64 * 1024


def written(rows: Iterable[Mapping[str, Any]]) -> IO[bytes]:
    """A file on disk with all rows, to be read from its start.

    It is whole before the first byte of it is sent: so a database that goes away half-way is told
    as what it is, and one that waits for a slow reader holds nothing up.
    """
    with ExitStack() as if_it_fails:
        file = if_it_fails.enter_context(tempfile.TemporaryFile())
        lines = io.TextIOWrapper(file, "utf-8", newline="")
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        writer.writerows([_cell(name, row[name]) for name in COLUMNS] for row in rows)
        lines.detach()
        file.seek(0)
        if_it_fails.pop_all()
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A file, some at a time; it is gone afterwards."""
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _SUMS:
        return format_rubles(value)
    return cell(value.isoformat() if isinstance(value, datetime) else str(value))
