"""A report as CSV, written by PostgreSQL itself: as fast as it reads, in flat memory.

UTF-8 with a header, lines end in LF. Texts are cells as `tracker.kit.csvfiles` makes them.
"""

import csv
import io
from collections.abc import Sequence

from psycopg import Connection
from sqlalchemy import text

from tracker.kit.csvfiles import CELL_IN_SQL, CELL_VALUES
from tracker.reports.contracts import Column, Of
from tracker.reports.reading import Reading, Sink
from tracker.reports.rules import as_json

_MONEY = "CAST(round(CAST({0} AS numeric) / 100, 2) AS text)"
_WHOLE = "CAST(CAST({0} AS bigint) AS text)"

_AS_TEXT = {
    Of.KOPECKS: _MONEY,
    Of.PERCENT: _MONEY,
    Of.COUNT: _WHOLE,
    Of.NUMBER: _WHOLE,
    Of.DAY: "to_char({0}, 'YYYY-MM-DD')",
    Of.MOMENT: "replace(CAST({0} AT TIME ZONE 'UTC' AS text), ' ', 'T') || '+00:00'",
    Of.TEXT: CELL_IN_SQL,
    Of.WORD: "{0}",
    Of.SHOP: "coalesce(CAST(:slugs_ AS jsonb) ->> CAST({0} AS text), CAST({0} AS text))",
}
"""A column's value as text, in SQL: the same as `rules.as_text` of it."""

_AT_ONCE = 500


def write(reading: Reading, sink: Sink) -> None:
    """The header, then the lines."""
    sink.take(_header(reading.report.columns))
    columns = ", ".join(_text_of(column) for column in reading.report.columns)
    query = f"SELECT {columns} FROM ({reading.lines.select}) AS lines"  # noqa: S608 (our columns)
    said = text(query).compile(dialect=reading.session.get_bind().dialect)
    slugs = as_json({str(shop): slug for shop, slug in reading.slugs.items()})
    given = {**reading.lines.values, **CELL_VALUES, "slugs_": slugs}
    driver = reading.session.connection().connection.driver_connection
    if not isinstance(driver, Connection):
        raise TypeError("CSV is written by psycopg's COPY")
    gathered: list[bytes | memoryview | bytearray] = []
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({said}) TO STDOUT WITH (FORMAT csv)".encode(), given) as copy,
    ):
        for line in copy:
            gathered.append(line)
            if len(gathered) == _AT_ONCE:
                sink.take(b"".join(gathered), _AT_ONCE)
                gathered.clear()
    sink.take(b"".join(gathered), len(gathered))


def _text_of(column: Column) -> str:
    return _AS_TEXT[column.of].format(f'lines."{column.name}"')


def _header(columns: Sequence[Column]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(column.name for column in columns)
    return written.getvalue().encode()
