"""The cells of a file from outside, line by line and in flat memory. Pure but for reading the file.

No more of a file is held than one line of it may take, whatever stands on that line.
"""

import codecs
import csv
from collections.abc import Iterator
from io import TextIOWrapper
from typing import IO

from partners.reconciliation.formats import Shape, StatementFormat
from partners.reconciliation.parts import MAX_LINE
from partners.reconciliation.rules import StatementRefused
from partners.reconciliation.workbooks import MAX_COLUMNS, MAX_XML, ZIP, Cells, sheet

MAX_ROWS = 10_000_000

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def rows(file: IO[bytes], form: StatementFormat, unpacked: int = MAX_XML) -> Iterator[Cells]:
    """The lines from the header on; a workbook may come out at so many bytes. Raises
    StatementRefused."""
    start = file.read(4)
    file.seek(0)
    is_book = form.shape is Shape.XLSX
    found = sheet(file, start, form.sheet, unpacked) if is_book else _table(file, start, form)
    for line, cells in found:
        if line > MAX_ROWS:
            raise StatementRefused(f"a file has {MAX_ROWS:,} lines at most")
        if line >= form.header:
            yield line, cells


def _table(file: IO[bytes], start: bytes, form: StatementFormat) -> Iterator[Cells]:
    if start == ZIP:
        raise StatementRefused("the file is a workbook or an archive, and not CSV")
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if marked not in (None, form.encoding):
        raise StatementRefused(f"the file is in {marked}, and the format says {form.encoding}")
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    lines = _Lines(TextIOWrapper(file, encoding=encoding, newline=""))
    reader = csv.reader(lines, delimiter=form.delimiter, strict=True)
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise StatementRefused(f"line {reader.line_num} has over {MAX_COLUMNS} columns")
            yield reader.line_num, cells
            lines.given = 0
    except UnicodeError as error:
        why = f"line {reader.line_num + 1} or soon after is not in {form.encoding}: {error}"
        raise StatementRefused(why[:500]) from error
    except csv.Error as error:
        raise StatementRefused(f"line {reader.line_num}: not CSV: {error}") from error


class _Lines:
    """The lines of a text; what is in quotation marks may go on over several of them."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self.given = 0
        """Characters since the last row of cells was whole."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_LINE + 1)
        self.given += len(line)
        if self.given > MAX_LINE:
            raise StatementRefused(f"a line has over {MAX_LINE:,} characters")
        if not line:
            raise StopIteration
        return line
