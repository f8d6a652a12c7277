"""Whatever a list holds, PostgreSQL gets it as it is."""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from psycopg import DataError
from psycopg.types.array import ListDumper
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tracker.kit.arrays import ColumnDumper
from tracker.kit.runtime import Runtime

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Kind(StrEnum):
    """Words of our own."""

    TEA = "tea"
    MILK = "milk"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", [1, -2, None, 0, 2**63 - 1, -(2**63)]),
        ("bigint", [None, 7]),
        ("bigint", []),
        ("bigint", [None, None]),
        ("bigint", list(range(10_000))),
        ("numeric", [2**64, 1]),
        ("boolean", [True, None, False]),
        ("text", ["plain", None, ""]),
        ("text", ["NULL", "null", None]),
        ("text", ["a,b", "{c}", " d ", "e\nf\t", "ё", "\u2003", "\U0001f375", "'", "%s", ":a"]),
        ("text", ['"', 'a"b', None, 'c","d']),
        ("text", ["\\", "\\\\", 'a\\"b', "\\N"]),
        ("text", [Kind.TEA, Kind.MILK, None]),
        ("text", ["tea", Kind.MILK]),
        ("bytea", [b'"\\\x00{}', None, b""]),
        (
            "timestamptz",
            [NOON, None, NOON.astimezone(timezone(timedelta(hours=-3, minutes=-30)))],
        ),
        ("timestamptz", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]),
        ("timestamptz", [NOON + timedelta(microseconds=1)]),
        ("timestamp", [NOON.replace(tzinfo=None)]),
    ],
)
def test_what_is_written_is_read_back(tools: Runtime, kind: str, values: list[Any]) -> None:
    with tools.engine.connect() as connection:
        read = connection.scalar(text(f"SELECT CAST(:given AS {kind}[])"), {"given": values})
    assert read == values


def test_a_word_that_cannot_be_kept_is_refused(tools: Runtime) -> None:
    with tools.engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT CAST(:given AS text[])"), {"given": ["good", "b\0ad"]})
    assert isinstance(caught.value.orig, DataError)


def test_connections_of_the_engine_write_so(tools: Runtime) -> None:
    """Or the tests above would look at psycopg's own way, which is right as well."""
    with tools.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.adapters.get_dumper(list, "t") is ColumnDumper
    assert ColumnDumper.dump is not ListDumper.dump
