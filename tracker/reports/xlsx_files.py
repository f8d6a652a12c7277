"""A report as a workbook: its lines, and a sheet that says what it is.

Sums are numbers that can be added up, days are dates, moments stay texts (a cell knows no zone).
A sheet takes a million lines; what is more goes on in the next. Rows leave memory as they come.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter

from tracker.kit.csvfiles import cell
from tracker.reports.contracts import Column, Of
from tracker.reports.questions import as_text, written
from tracker.reports.reading import Reading, Sink

LINES_OF_A_SHEET = 1_000_000
_TEXT_OF_A_CELL = 32_767
_WIDTHS = {Of.MOMENT: 32, Of.TEXT: 28, Of.WORD: 28, Of.SHOP: 22}
_PIECE = 1024 * 1024
_BEAT = 500

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "use_zip64": True,
}


def write(reading: Reading, sink: Sink) -> None:
    """The whole workbook is made beside, and then handed on in pieces."""
    with TemporaryDirectory(prefix="report-") as folder:
        path = Path(folder) / "book.xlsx"
        with xlsxwriter.Workbook(str(path), {**_OPTIONS, "tmpdir": folder}) as book:
            # The same question makes the same bytes.
            book.set_properties({"created": reading.asked.as_of.replace(tzinfo=None)})
            _Sheets(book, reading.report.columns).write(reading, sink)
            _about(book.add_worksheet("about"), reading)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                sink.take(piece)


class _Sheets:
    """The sheets with the lines."""

    def __init__(self, book: xlsxwriter.Workbook, columns: Sequence[Column]) -> None:
        self._book = book
        self._columns = columns
        self._bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        self._bold_money = book.add_format({"num_format": "#,##0.00", "bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._formats = {Of.KOPECKS: money, Of.PERCENT: money, Of.DAY: day}
        self._count = 0

    def write(self, reading: Reading, sink: Sink) -> None:
        """The lines, and what they come to."""
        sheet, place = self._sheet(), 0
        kinds = [(one.of, self._formats.get(one.of)) for one in self._columns]
        for row in reading.rows():
            if place == LINES_OF_A_SHEET:
                sheet, place = self._sheet(), 0
            place += 1
            for number, (value, (of, form)) in enumerate(zip(row, kinds, strict=True)):
                if value is not None:
                    _put(sheet, (place, number), of, value, form)
            if place % _BEAT == 0:
                sink.take(b"", _BEAT)
        sink.take(b"", place % _BEAT)
        totals = reading.totals or {}
        for number, column in enumerate(self._columns):
            if column.name in totals:
                form = self._bold_money if column.of is Of.KOPECKS else self._bold
                _put(sheet, (place + 1, number), column.of, totals[column.name], form)

    def _sheet(self) -> Any:
        self._count += 1
        sheet = self._book.add_worksheet(f"lines {self._count}")
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(self._columns):
            sheet.set_column(number, number, _WIDTHS.get(column.of, 16))
        for number, column in enumerate(self._columns):
            sheet.write_string(0, number, column.name, self._bold)
        return sheet


def _about(sheet: Any, reading: Reading) -> None:
    report, figures = reading.report, reading.figures()
    sheet.set_column(0, 1, 32)
    told = [("report", report.name), ("", report.about)]
    told += [(name, str(value)) for name, value in written(reading.asked).items()]
    told += [(one.name, as_text(one.of, figures[one.name])) for one in report.figures]
    told += [(f"column {column.name}", column.about) for column in report.columns]
    for place, words in enumerate(told):
        for number, word in enumerate(words):
            sheet.write_string(place, number, cell(word))


def _put(sheet: Any, place: tuple[int, int], of: Of, value: Any, form: Any) -> None:
    if of in _NUMBERS:
        whole = Decimal(int(value))
        sheet.write_number(*place, whole.scaleb(-2) if of in _HUNDREDTHS else whole, form)
    elif of is Of.DAY:
        sheet.write_datetime(*place, value, form)
    else:
        sheet.write_string(*place, cell(as_text(of, value))[:_TEXT_OF_A_CELL], form)


_HUNDREDTHS = frozenset({Of.KOPECKS, Of.PERCENT})
_NUMBERS = _HUNDREDTHS | {Of.COUNT, Of.NUMBER}
