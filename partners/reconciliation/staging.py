"""From a statement's file to its lines in the database: by COPY, in flat memory."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any

import psycopg
from sqlalchemy.orm import Session

from partners.reconciliation.claims import Claim
from partners.reconciliation.reading import Named, Reader, Told
from partners.reconciliation.rules import StatementRefused
from tracker.kit.money import MAX_KOPECKS
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
    held: Claim,
    reader: Reader,
    file: IO[bytes],
    tell: Callable[[int], None],
) -> Staged:
    """Keep the lines of a file; ``tell`` hears now and then how far it is.

    Raises StatementRefused: then what is kept must not stay.
    """
    lines = total = last = 0
    sums = [0, 0]
    since, until = held.days.since(reader.form.zone), held.days.until(reader.form.zone)
    is_of_the_days = False
    found = reader.read(file, tell)
    first = next(found, None)  # before there is a transaction: a workbook's texts take a while
    with _copy(session) as copy:
        for told in found if first is None else chain((first,), found):
            last = told.line
            if reader.refused and not held.skip_faulty:
                continue  # it is refused in the end: what else is wrong is told along with it
            if isinstance(told, Named):
                copy.write_row((held.id, told.line, *_named(told.order_id), *_NOTHING, True))
                continue
            lines += 1
            total += told.amount
            _see_sums(sums, told)
            is_of_the_days = (
                is_of_the_days or told.ordered_at is None or since <= told.ordered_at < until
            )
            copy.write_row((held.id, *_row(told)))
    _see_what_was_read(reader, lines, held, is_of_the_days=is_of_the_days)
    faults = json.dumps(reader.faults, ensure_ascii=False)
    return Staged(lines, total, reader.refused, reader.ignored, last, faults)


def _see_sums(sums: list[int], told: Told) -> None:
    """That the sums of a file can be added up, and multiplied by a rate. Raises StatementRefused.

    Without their signs: an order's are added up by themselves.
    """
    for place, one in enumerate((told.amount, told.commission or 0)):
        sums[place] += abs(one)
        if sums[place] > MAX_KOPECKS:
            what = "commissions" if place else "sums"
            raise StatementRefused(
                f"line {told.line}: up to here the {what} come to over a trillion roubles together"
            )


def _see_what_was_read(reader: Reader, lines: int, held: Claim, *, is_of_the_days: bool) -> None:
    """Raises StatementRefused."""
    if reader.refused and not held.skip_faulty:
        count = "1 line is" if reader.refused == 1 else f"{reader.refused} lines are"
        raise StatementRefused(f"{count} at fault", fields=reader.faults)
    if not lines:
        raise StatementRefused("no line tells of an order", fields=reader.faults)
    if not is_of_the_days:
        days = f"{held.days.first} to {held.days.last}"
        raise StatementRefused(f"no line tells of an order of {days}: is it another month's?")


def _named(order_id: str | None) -> tuple[str | None, str | None]:
    return order_id, None if order_id is None else order_key(order_id)


def _row(told: Told) -> tuple[Any, ...]:
    return (
        told.line,
        *_named(told.order_id),
        told.ordered_at,
        told.amount,
        None if told.word is None else str(told.word),
        told.commission,
        told.click_id,
        False,
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
                               commission, click_id, faulty) FROM STDIN
"""

_NOTHING = (None, 0, None, None, None)
"""What is known of a line with a fault, but for the order that it names."""
