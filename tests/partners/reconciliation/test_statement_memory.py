"""Files that take more memory than they look: each is refused before it is held."""

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from xlsxwriter import Workbook

from partners.reconciliation import workbooks
from partners.reconciliation.cells import rows
from partners.reconciliation.formats import check
from partners.reconciliation.rules import StatementRefused
from partners.reconciliation.workbooks import MAX_COLUMNS
from tests.partners.reconciliation.conftest import OWN

XLSX = check({**OWN, "file": {"kind": "xlsx"}})
CSV = check(OWN)
MIB = 1024**2
SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b"%s</sheetData></worksheet>"
)


def book(change: Callable[[str, bytes], tuple[str, bytes]], text: str = "x") -> bytes:
    """A workbook of which each part comes out otherwise."""
    file, out = io.BytesIO(), io.BytesIO()
    with Workbook(file) as made:
        header = ("order", "day", "sum", "status", "commission", "click", text)
        made.add_worksheet().write_row(0, 0, header)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            new.writestr(*change(one.filename, old.read(one)))
    return out.getvalue()


def with_sheet(content: bytes) -> bytes:
    def change(name: str, raw: bytes) -> tuple[str, bytes]:
        return name, SHEET % content if name.startswith("xl/worksheets/") else raw

    return book(change)


def moved(name: str, raw: bytes) -> tuple[str, bytes]:
    """The texts stand among the sheets."""
    raw = raw.replace(b"/xl/sharedStrings.xml", b"/xl/worksheets/strings.xml")
    return name.replace("xl/sharedStrings.xml", "xl/worksheets/strings.xml"), raw


def moved_and_called_a_sheet(name: str, raw: bytes) -> tuple[str, bytes]:
    name, raw = moved(name, raw)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    twice = b'<Override PartName="/xl/worksheets/strings.xml" ContentType="%s"/></Types>' % kind
    return name, raw.replace(b"</Types>", twice)


@pytest.mark.parametrize("change", [lambda *part: part, moved, moved_and_called_a_sheet])
def test_the_texts_of_a_workbook_are_bounded_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    raw = book(change, "x" * 30_000 + "y" * 2_000)
    assert len(list(rows(io.BytesIO(raw), XLSX))) == 1
    monkeypatch.setattr(workbooks, "MAX_HELD", 30_000)
    with pytest.raises(StatementRefused, match="more texts"):
        list(rows(io.BytesIO(raw), XLSX))


def peak(raw: bytes, form: Any) -> tuple[int, str]:
    """Bytes that it takes to read a file, and why it is refused."""
    why = ""
    tracemalloc.start()
    try:
        for _ in rows(io.BytesIO(raw), form):
            pass
    except StatementRefused as error:
        why = error.detail
    finally:
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return top, why


@pytest.mark.parametrize(
    "content",
    [
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"x" * 64 * MIB + b"</t></is></c></row>",
        b'<row r="1"><c r="A1" t="inlineStr"><is>'
        + b"<r><t>x</t></r>" * 4 * MIB
        + b"</is></c></row>",
        b'<row r="1">' + b"<c/>" * 16 * MIB + b"</row>",
        b"<c/>" * 16 * MIB,
    ],
)
def test_a_line_of_a_sheet_is_bounded(content: bytes) -> None:
    raw = with_sheet(content)
    assert len(raw) < MIB
    top, why = peak(raw, XLSX)
    assert "has over" in why
    assert top < 60 * MIB


@pytest.mark.parametrize("content", [b"," * 8 * MIB, b'"\n",' * 2 * MIB])
def test_a_line_of_a_text_is_bounded(content: bytes) -> None:
    top, why = peak(b"order,day,sum,status,commission,click\n" + content + b"\n", CSV)
    assert "has over" in why
    assert top < 24 * MIB


def test_columns_are_counted() -> None:
    line = ("x," * MAX_COLUMNS).encode()
    assert len(list(rows(io.BytesIO(line[:-1]), CSV))) == 1
    with pytest.raises(StatementRefused, match="columns"):
        list(rows(io.BytesIO(line), CSV))
    far = b'<row r="1"><c r="IW1"><v>1</v></c></row>'
    with pytest.raises(StatementRefused, match="columns"):
        list(rows(io.BytesIO(with_sheet(far)), XLSX))
    empty = b'<row r="1"><c r="A1"><v>1</v></c><c r="IW1"/></row>'
    assert list(rows(io.BytesIO(with_sheet(empty)), XLSX)) == [(1, [1])]


def test_lines_of_a_sheet_are_all_read_in_their_order() -> None:
    """Whatever the sheet says of its size."""
    few = b'<row r="2"><c r="A2"><v>1</v></c></row><row><c><v>2</v></c></row>'
    assert list(rows(io.BytesIO(with_sheet(few)), XLSX)) == [(1, ()), (2, [1]), (3, [2])]
    back = b'<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>'
    with pytest.raises(StatementRefused, match="after line 2 of the sheet comes line 1"):
        list(rows(io.BytesIO(with_sheet(back)), XLSX))
