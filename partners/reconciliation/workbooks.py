"""The cells of a workbook from outside, line by line and in flat memory. Pure but for reading it.

A workbook is a zip of XML: its parts may be written small and come out huge, so that their sizes
are looked at first, whatever they are called; of a sheet no more is held than one line may take.
Entities are refused by the library beneath, and rows and columns are counted.
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Any
from zipfile import BadZipFile

from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import ARC_STYLE, ARC_WORKBOOK, SHARED_STRINGS, WORKSHEET_TYPE
from openpyxl.xml.functions import iterparse

from partners.reconciliation.parts import Bounded, Days, Texts
from partners.reconciliation.rules import StatementRefused

Cells = tuple[int, Sequence[Any]]
"""The number of a line, the first of the file being 1, and its cells."""

ZIP = b"PK\x03\x04"
"""How a workbook begins."""

MAX_COLUMNS = 256
MAX_SHEET_ROWS = 1_048_576
"""What a workbook can have."""
MAX_XML = 2 * 1024**3
"""Bytes of all parts of a workbook together, when unpacked."""
MAX_HELD = 192 * 1024**2
"""Bytes of a part that has to be held as a whole: all but the sheets."""
MAX_TREE = 2 * 1024**2
"""Bytes of a part that is taken apart as a whole: which parts and sheets there are."""
MAX_STYLED = 16 * 1024**2
"""Bytes of the part that says how cells are shown."""
MAX_MEMBERS = 2_000
MAX_CONTENTS = 256 * MAX_MEMBERS
"""Bytes of the list of parts."""

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


def sheet(
    file: IO[bytes], start: bytes, name: str | None, unpacked: int = MAX_XML
) -> Iterator[Cells]:
    """The lines of a sheet, of the first one where none is named; the parts of the workbook may
    come out at so many bytes. Raises StatementRefused."""
    if start != ZIP:
        raise StatementRefused("the file is no workbook (XLSX)")
    try:
        reader = _opened(file)
        _look_at_sizes(reader, min(unpacked, MAX_XML))
        texts = _texts(reader)
        reader.read_workbook()
        yield from _lines(reader, _path_of(reader, name), texts, _days(reader))
    except _BROKEN as error:
        # Not in the library's words: they may quote a cell.
        raise StatementRefused(f"the workbook cannot be read: {type(error).__name__}") from error


def _opened(file: IO[bytes]) -> ExcelReader:
    """The list of parts is read as a whole as soon as the file is opened: it is looked at first."""
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end and end[zipfile._ECD_SIZE] > MAX_CONTENTS:  # type: ignore[attr-defined]
        raise StatementRefused(f"the workbook has over {MAX_MEMBERS:,} parts")
    return ExcelReader(file, read_only=True, data_only=True, keep_links=False)


def _look_at_sizes(reader: ExcelReader, unpacked: int) -> None:
    """No more than the told size of a part is ever unpacked, so that it can be held to that.

    A part is a sheet by what the workbook says that it is, and nothing else besides: its name says
    nothing. Packed otherwise than workbooks are, a part would be unpacked at one go.
    """
    members = reader.archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise StatementRefused(f"the workbook has over {MAX_MEMBERS:,} parts")
    if any(one.compress_type not in _PACKED for one in members):
        raise StatementRefused("the workbook is packed otherwise than workbooks are")
    _see(sum(one.file_size for one in members), unpacked, "the workbook")
    held = {one.filename: one.file_size for one in members}
    _see(held.get(Manifest.path, 0), MAX_TREE, "the workbook's list of parts")
    reader.read_manifest()
    told = [(one.PartName[1:], one.ContentType) for one in reader.package.Override]
    others = {part for part, kind in told if kind != WORKSHEET_TYPE}
    for part in {part for part, _ in told} - others:
        held.pop(part, None)
    if max(held.values(), default=0) > MAX_HELD:
        limit = f"{MAX_HELD // 1024**2} MiB"
        raise StatementRefused(
            f"the workbook has more texts than we read, {limit}: save it as CSV instead"
        )
    _see(held.get(ARC_STYLE, 0), MAX_STYLED, "what the workbook says of styles")
    trees = {ARC_WORKBOOK, *(part for part, kind in told if kind.endswith("main+xml"))}
    trees |= {part for part in held if part.endswith(".rels")}
    _see(max((held.get(one, 0) for one in trees), default=0), MAX_TREE, "a part of the workbook")


def _see(size: int, limit: int, what: str) -> None:
    if size > limit:
        raise StatementRefused(f"{what} comes out larger than {limit / 1024**2:g} MiB")


def _texts(reader: ExcelReader) -> Texts:
    package: Any = reader.package
    found = package.find(SHARED_STRINGS)
    if found is None:
        return Texts()
    with reader.archive.open(found.PartName[1:]) as packed:
        return Texts(packed)


def _days(reader: ExcelReader) -> Days:
    book: Any = reader.wb
    if ARC_STYLE not in reader.valid_files:
        return Days(epoch=book.epoch)
    with reader.archive.open(ARC_STYLE) as packed:
        return Days(packed, book.epoch)


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


def _lines(reader: ExcelReader, path: str, texts: Texts, days: Days) -> Iterator[Cells]:
    last, data = 0, None
    with reader.archive.open(path) as packed:
        source = Bounded(packed, "a line of the sheet")
        parser = WorkSheetParser(source, texts, data_only=True)
        for event, element in iterparse(source, events=("start", "end")):
            if element.tag == DATA_TAG:
                if event == "end":
                    return
                data = element
            elif event == "end" and element.tag == ROW_TAG and data is not None:
                line, row = _row(parser, element, days, last)
                for missing in range(last + 1, line):
                    yield missing, ()
                yield line, row
                last = line
                source.given = 0
                data.clear()
                parser.row_dimensions.clear()


def _row(parser: WorkSheetParser, element: Any, days: Days, last: int) -> tuple[int, list[Any]]:
    """The number of a line and its values, each in its place. Raises StatementRefused."""
    try:
        line, cells = parser.parse_row(element)
    except _BROKEN as error:
        why = _WHY.get(type(error), type(error).__name__)
        known = parser.row_counter
        line = known if last < known <= MAX_SHEET_ROWS else last + 1
        raise StatementRefused(f"line {line} of the sheet cannot be read: {why}") from error
    if not 0 < line <= MAX_SHEET_ROWS:
        raise StatementRefused(f"after line {last} of the sheet comes one that no sheet has")
    if line <= last:
        raise StatementRefused(f"after line {last} of the sheet comes line {line}")
    row: list[Any] = []
    for cell in cells:
        column, value = cell["column"], cell["value"]
        if value is None:
            continue
        if column > MAX_COLUMNS:
            raise StatementRefused(f"line {line} has over {MAX_COLUMNS} columns")
        if cell["data_type"] == "n":
            value = days.value(value, cell["style_id"])
        row += [None] * (column - len(row))
        row[column - 1] = value
    return line, row


_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_WHY = {
    IndexError: "a cell names a text that the workbook does not have",
    ValueError: "a cell is not what it says that it is",
}
"""What goes wrong with a cell, in words."""
