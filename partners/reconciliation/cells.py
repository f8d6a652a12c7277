"""The cells of a file from outside, line by line and in flat memory. Pure but for reading the file.

A workbook is a zip of XML: its parts may be written small and come out huge, so that their sizes
are looked at first; entities are refused by the library beneath, and rows and columns are counted.
"""

import codecs
import csv
import zlib
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from partners.reconciliation.formats import Shape, StatementFormat
from partners.reconciliation.rules import StatementRefused

Cells = tuple[int, Sequence[Any]]
"""The number of a line, the first of the file being 1, and its cells."""

MAX_COLUMNS = 256
MAX_ROWS = 10_000_000
MAX_SHEET_ROWS = 1_048_576
"""What a workbook can have."""
MAX_XML = 2 * 1024**3
"""Bytes of all parts of a workbook together, when unpacked."""
MAX_HELD = 192 * 1024**2
"""Bytes of a part that has to be held as a whole: all but the sheets."""
MAX_MEMBERS = 2_000

_ZIP = b"PK\x03\x04"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_BROKEN = (
    BadZipFile,
    InvalidFileException,
    zlib.error,
    SyntaxError,  # what is no XML
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the library throws at a broken workbook: it takes whatever it opens for a good one."""


def rows(file: IO[bytes], form: StatementFormat) -> Iterator[Cells]:
    """The lines from the header on. Raises StatementRefused."""
    start = file.read(4)
    file.seek(0)
    found = _sheet(file, start, form) if form.shape is Shape.XLSX else _table(file, start, form)
    for line, cells in found:
        if line > MAX_ROWS:
            raise StatementRefused(f"a file has {MAX_ROWS:,} lines at most")
        if line >= form.header:
            yield line, cells


def _table(file: IO[bytes], start: bytes, form: StatementFormat) -> Iterator[Cells]:
    if start == _ZIP:
        raise StatementRefused("the file is a workbook or an archive, and not CSV")
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if marked not in (None, form.encoding):
        raise StatementRefused(f"the file is in {marked}, and the format says {form.encoding}")
    encoding = "utf-8-sig" if form.encoding == "utf-8" else form.encoding
    text = TextIOWrapper(file, encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=form.delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except UnicodeError as error:
        why = f"line {reader.line_num + 1} or soon after is not in {form.encoding}: {error}"
        raise StatementRefused(why[:500]) from error
    except csv.Error as error:
        raise StatementRefused(f"line {reader.line_num}: not CSV: {error}") from error


def _sheet(file: IO[bytes], start: bytes, form: StatementFormat) -> Iterator[Cells]:
    if start != _ZIP:
        raise StatementRefused("the file is no workbook (XLSX)")
    try:
        _look_at_sizes(file)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise StatementRefused("the workbook has no sheet")
        if form.sheet is not None and form.sheet not in book.sheetnames:
            raise StatementRefused(f"the workbook has no sheet {form.sheet!r}")
        sheet = book.worksheets[0] if form.sheet is None else book[form.sheet]
        lines = sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
        for line, cells in enumerate(lines, start=1):
            if line > MAX_SHEET_ROWS:
                raise StatementRefused("the sheet has more lines than a workbook can have")
            yield line, cells
        book.close()
    except _BROKEN as error:
        raise StatementRefused(f"the workbook cannot be read: {error}"[:500]) from error


def _look_at_sizes(file: IO[bytes]) -> None:
    """No more than the told size of a part is ever unpacked, so that it can be held to that."""
    with ZipFile(file) as packed:
        members = packed.infolist()
    held = [one.file_size for one in members if "worksheets/" not in one.filename]
    if len(members) > MAX_MEMBERS or sum(one.file_size for one in members) > MAX_XML:
        raise StatementRefused("the workbook comes out larger than workbooks are")
    if max(held, default=0) > MAX_HELD:
        raise StatementRefused("the workbook has more texts than we read: save it as CSV instead")
    file.seek(0)
