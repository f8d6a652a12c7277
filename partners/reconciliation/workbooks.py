"""The cells of a workbook from outside, line by line and in flat memory. Pure but for reading it.

A workbook is a zip of XML: its parts may be written small and come out huge, so that their sizes
are looked at first, whatever they are called; of a sheet no more is held than one line may take.
Entities are refused by the library beneath, and rows and columns are counted.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Any
from zipfile import BadZipFile

from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import ARC_STYLE, ARC_WORKBOOK, WORKSHEET_TYPE
from openpyxl.xml.functions import iterparse

from partners.reconciliation.rules import StatementRefused

Cells = tuple[int, Sequence[Any]]
"""The number of a line, the first of the file being 1, and its cells."""

ZIP = b"PK\x03\x04"
"""How a workbook begins."""

MAX_COLUMNS = 256
MAX_LINE = 1024**2
"""Bytes that one line of a sheet takes, or characters of a text: all its cells together."""
MAX_SHEET_ROWS = 1_048_576
"""What a workbook can have."""
MAX_XML = 2 * 1024**3
"""Bytes of all parts of a workbook together, when unpacked."""
MAX_HELD = 192 * 1024**2
"""Bytes of a part that has to be held as a whole: all but the sheets."""
MAX_TREE = 16 * 1024**2
"""Bytes of a part that is taken apart as a whole: which sheets there are, and their styles."""
MAX_MEMBERS = 2_000

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


def sheet(file: IO[bytes], start: bytes, name: str | None) -> Iterator[Cells]:
    """The lines of a sheet, of the first one where none is named. Raises StatementRefused."""
    if start != ZIP:
        raise StatementRefused("the file is no workbook (XLSX)")
    try:
        reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        _look_at_sizes(reader)
        reader.read_strings()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        yield from _lines(reader, _path_of(reader, name))
    except _BROKEN as error:
        # Not in the library's words: they may quote a cell.
        raise StatementRefused(f"the workbook cannot be read: {type(error).__name__}") from error


def _look_at_sizes(reader: ExcelReader) -> None:
    """No more than the told size of a part is ever unpacked, so that it can be held to that.

    A part is a sheet by what the workbook says that it is, and nothing else besides: its name says
    nothing.
    """
    members = reader.archive.infolist()
    if len(members) > MAX_MEMBERS or sum(one.file_size for one in members) > MAX_XML:
        raise StatementRefused("the workbook comes out larger than workbooks are")
    held = {one.filename: one.file_size for one in members}
    if held.get(Manifest.path, 0) > MAX_TREE:
        raise StatementRefused("the workbook comes out larger than workbooks are")
    reader.read_manifest()
    told = [(one.PartName[1:], one.ContentType) for one in reader.package.Override]
    others = {part for part, kind in told if kind != WORKSHEET_TYPE}
    for part in {part for part, _ in told} - others:
        held.pop(part, None)
    if max(held.values(), default=0) > MAX_HELD:
        raise StatementRefused("the workbook has more texts than we read: save it as CSV instead")
    trees = {ARC_STYLE, ARC_WORKBOOK, *(part for part, kind in told if kind.endswith("main+xml"))}
    trees |= {part for part in held if part.endswith(".rels")}
    if max((held.get(part, 0) for part in trees), default=0) > MAX_TREE:
        raise StatementRefused("the workbook comes out larger than workbooks are")


def _path_of(reader: ExcelReader, name: str | None) -> str:
    """Where a sheet stands in the archive. Raises StatementRefused."""
    found = {
        one.name: link.target
        for one, link in reversed([*reader.parser.find_sheets()])
        if "chartsheet" not in link.Type and link.target in reader.valid_files
    }
    if not found:
        raise StatementRefused("the workbook has no sheet")
    if name is not None and name not in found:
        raise StatementRefused(f"the workbook has no sheet {name!r}")
    return str([*found.values()][-1] if name is None else found[name])


def _lines(reader: ExcelReader, path: str) -> Iterator[Cells]:
    book: Any = reader.wb
    last, data = 0, None
    with reader.archive.open(path) as packed:
        source = _Bounded(packed)
        parser = WorkSheetParser(
            source,
            reader.shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for event, element in iterparse(source, events=("start", "end")):
            if element.tag == DATA_TAG:
                if event == "end":
                    return
                data = element
            elif event == "end" and element.tag == ROW_TAG and data is not None:
                line, cells = parser.parse_row(element)
                if not last < line <= MAX_SHEET_ROWS:
                    raise StatementRefused(f"after line {last} of the sheet comes line {line}")
                for missing in range(last + 1, line):
                    yield missing, ()
                yield line, _row(line, cells)
                last = line
                source.given = 0
                data.clear()
                parser.row_dimensions.clear()


def _row(line: int, cells: Sequence[Any]) -> list[Any]:
    """The values of a line, each in its place."""
    row: list[Any] = []
    for cell in cells:
        column, value = cell["column"], cell["value"]
        if value is None:
            continue
        if column > MAX_COLUMNS:
            raise StatementRefused(f"line {line} has over {MAX_COLUMNS} columns")
        row += [None] * (column - len(row))
        row[column - 1] = value
    return row


class _Bounded:
    """A sheet, of which no more is read than one line may take."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self.given = 0
        """Bytes since the last line was whole."""

    def read(self, size: int = -1) -> bytes:
        piece = self._packed.read(size)
        self.given += len(piece)
        if self.given > MAX_LINE:
            raise StatementRefused(f"a line of the sheet has over {MAX_LINE:,} bytes")
        return piece
