"""From a statement's file to its lines in the database: by COPY, in flat memory."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import psycopg
from sqlalchemy.orm import Session

from partners.reconciliation.reading import Reader, Told
from partners.reconciliation.rules import StatementRefused
from tracker.purchases.keys import order_key


@dataclass(frozen=True, slots=True)
class Staged:
    """What was read of a file."""

    lines: int
    total: int
    """Kopecks."""
    refused_lines: int
    ignored_lines: int
    progress: int
    """The last line that was read."""
    faults: str
    """As JSON."""


def stage(
    session: Session,
    statement_id: int,
    reader: Reader,
    file: IO[bytes],
    *,
    skip_faulty: bool,
    tell: Callable[[int], None],
) -> Staged:
    """Keep the lines of a file; ``tell`` hears now and then how far it is.

    Raises StatementRefused: then what is kept must not stay.
    """
    lines = total = last = 0
    with _copy(session) as copy:
        for told in reader.read(file, tell):
            if reader.refused and not skip_faulty:
                last = told.line
                continue  # it is refused in the end: what else is wrong is told along with it
            lines += 1
            total += told.amount
            last = told.line
            copy.write_row((statement_id, *_row(told)))
        if reader.refused and not skip_faulty:
            raise StatementRefused(f"{reader.refused} lines are at fault", fields=reader.faults)
        if not lines:
            raise StatementRefused("no line tells of an order", fields=reader.faults)
    faults = json.dumps(reader.faults, ensure_ascii=False)
    return Staged(lines, total, reader.refused, reader.ignored, last, faults)


def _row(told: Told) -> tuple[Any, ...]:
    return (
        told.line,
        told.order_id,
        None if told.order_id is None else order_key(told.order_id),
        told.ordered_at,
        told.amount,
        None if told.word is None else str(told.word),
        told.commission,
        told.click_id,
    )


@contextmanager
def _copy(session: Session) -> Iterator[psycopg.Copy]:
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("statements are kept by psycopg's COPY")
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        yield copy


_COPY = """
    COPY shop_statement_lines (statement_id, line, order_id, order_key, ordered_at, amount, word,
                               commission, click_id) FROM STDIN
"""
