"""Lists as PostgreSQL arrays, written at once instead of value by value.

Bulk statements hand over a chunk's rows as one array for each column. psycopg looks at each value
by itself, which was a quarter of a worker's time.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.types.array import ListDumper


class ColumnDumper(ListDumper):
    """Writes lists of whole numbers, of words and of moments at once; all others as psycopg does.

    Any of them may hold None.
    """

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The list as an array in PostgreSQL's text format."""
        kinds = set(map(type, obj)) - {type(None)}
        write = _WRITERS.get(kinds.pop()) if len(kinds) == 1 else None
        written = write(obj) if write else None
        return super().dump(obj) if written is None else written.encode(self._tx.encoding)


def write_lists_at_once(connection: Connection[Any]) -> None:
    """Let a connection write lists so."""
    connection.adapters.register_dumper(list, ColumnDumper)


def _numbers(values: list[int | None]) -> str:
    return "{" + ",".join(["NULL" if one is None else str(one) for one in values]) + "}"


def _quoted(values: list[Any]) -> str:
    return "{" + ",".join(["NULL" if one is None else f'"{one}"' for one in values]) + "}"


def _words(values: list[str | None]) -> str | None:
    """None where a word cannot stand between quotes as it is, or nowhere, as the NUL byte."""
    together = "".join(filter(None, values))
    return None if any(mark in together for mark in '"\\\0') else _quoted(values)


_WRITERS: dict[type, Callable[[list[Any]], str | None]] = {
    int: _numbers,
    str: _words,
    datetime: _quoted,
}
