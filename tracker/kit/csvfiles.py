"""CSV files from outside: named columns, and faults told by line; and cells of files of ours."""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tracker.kit.errors import Invalid

_FIRST_YEAR = 2000
_FARTHEST = timedelta(hours=15)
"""No clock is farther from UTC, and PostgreSQL takes no farther one."""

W = TypeVar("W", bound=StrEnum)


class FileInvalid(Invalid):
    """A file has a fault; the detail names its line and column."""

    code = "file_invalid"


class Row(dict[str, str]):
    """A line of a file; ``line`` is its number for messages, the header being 1."""

    line: int


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file is written."""

    delimiter: str = ","
    encoding: str = "utf-8"


def read_rows(
    path: Path,
    *,
    required: Collection[str],
    may_be_empty: bool = False,
    writing: Writing = Writing(),
) -> Iterator[Row]:
    """Lines of a file with a header; blanks around values are cut. Raises FileInvalid.

    Required columns must be there and filled, and nothing holds a NUL; a caller that tells all
    faults of a line at once lets them be empty here and looks for itself.
    """
    encoding = "utf-8-sig" if writing.encoding == "utf-8" else writing.encoding
    with path.open(encoding=encoding, newline="") as file:
        try:
            reader = csv.DictReader(file, delimiter=writing.delimiter)
            for row in _rows(reader, required):
                if not may_be_empty:
                    _see_values(row, required)
                yield row
        except UnicodeDecodeError as error:
            raise FileInvalid(f"{path.name} is not in {writing.encoding.upper()}") from error
        except csv.Error as error:
            raise FileInvalid(f"{path.name} is not a CSV file: {error}") from error


def _rows(reader: "csv.DictReader[str]", required: Collection[str]) -> Iterator[Row]:
    names = list(reader.fieldnames or ())
    missing = sorted(set(required) - set(names))
    if missing:
        raise FileInvalid(f"line 1: no column {', '.join(missing)}{_hint(reader, names)}")
    for name in names:
        if names.count(name) > 1:
            raise FileInvalid(f"line 1: column {name} stands twice")
    for values in reader:
        if None in values or None in values.values():
            raise FileInvalid(f"line {reader.line_num}: not as many values as the header has names")
        row = Row({name: value.strip() for name, value in values.items()})
        row.line = reader.line_num
        yield row


def _see_values(row: Row, filled: Collection[str]) -> None:
    for name, value in row.items():
        if "\0" in value:
            raise FileInvalid(f"line {row.line}: {name} has a NUL character")
        if not value and name in filled:
            raise FileInvalid(f"line {row.line}: {name} is empty")


def _hint(reader: "csv.DictReader[str]", names: Collection[str]) -> str:
    expected = reader.reader.dialect.delimiter
    others = [mark for mark in ",;" if mark != expected and any(mark in name for name in names)]
    return f"; values are separated by {expected!r}, not {others[0]!r}" if others else ""


class Once:
    """Sees that a value stands in one line of a file only."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lines: dict[str, int] = {}

    def look(self, value: str, line: int) -> None:
        """Raises FileInvalid, naming both lines, when the value was seen before."""
        first = self._lines.setdefault(value, line)
        if first != line:
            raise FileInvalid(
                f"line {line}: the {self._what} {value!r} stands in line {first} already"
            )


def word(kind: type[W], text: str) -> W:
    """One of the words of an enum. Raises ValueError."""
    try:
        return kind(text)
    except ValueError as error:
        raise ValueError(f"one of {', '.join(kind)} is expected") from error


def instant(row: Row, column: str) -> datetime:
    """An ISO 8601 moment with its offset. Raises FileInvalid."""
    try:
        moment = datetime.fromisoformat(row[column])
    except ValueError as error:
        raise FileInvalid(
            f"line {row.line}: {column} is not an ISO 8601 date and time: {row[column]!r}"
        ) from error
    offset = moment.utcoffset()
    if offset is None:
        raise FileInvalid(f"line {row.line}: {column} needs an offset from UTC: {row[column]!r}")
    if abs(offset) > _FARTHEST:
        raise FileInvalid(f"line {row.line}: {column} has an offset that is none: {row[column]!r}")
    if not _FIRST_YEAR <= moment.year < _FIRST_YEAR + 100:
        raise FileInvalid(
            f"line {row.line}: {column} must lie in the years 2000 to 2099: {row[column]!r}"
        )
    return moment


_BLANKS = r"\t\n\x0b\x0c\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Python calls blank, for both kinds of regular expressions."""

_FORMULA = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
"""What makes a spreadsheet calculate, full-width forms included."""

_OBEYED = rf'^[{_BLANKS}"]*{_FORMULA}|^[\t\r\n\0]'
_FURTHER_CELL = rf'([;\t\r\n][{_BLANKS}"]*)(?={_FORMULA})'
_APART = r"\1'"


def cell(text: str) -> str:
    """A text that others may have written, as a spreadsheet shows it and does not obey it.

    Also one that parts cells at semicolons or tabs, as it does where commas part decimals: to that
    one a quotation mark in the midst of a cell holds nothing together, and a line break in the text
    begins a line; one at the beginning of a cell is no part of what stands there.
    """
    harmless = re.sub(_FURTHER_CELL, _APART, text)
    return f"'{harmless}" if re.match(_OBEYED, text) else harmless


CELL_IN_SQL = """
    CASE WHEN (ascii({0}) BETWEEN 65 AND 122 OR ascii({0}) BETWEEN 48 AND 57)
              AND strpos({0}, ';') = 0 AND strpos({0}, chr(9)) = 0
              AND strpos({0}, chr(10)) = 0 AND strpos({0}, chr(13)) = 0 THEN {0}
         ELSE CASE WHEN {0} ~ :obeyed_ THEN '''' ELSE '' END
              || regexp_replace({0}, :further_cell_, :apart_, 'g') END
"""
"""The same of a column, for files that PostgreSQL writes; most texts need no closer look."""

CELL_VALUES: Mapping[str, str] = {
    "obeyed_": _OBEYED,
    "further_cell_": _FURTHER_CELL,
    "apart_": _APART,
}
"""What `CELL_IN_SQL` names."""
