"""What is read of a shop's file, and how each fault is told by its line and column."""

from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from partners.reconciliation import workbooks
from partners.reconciliation.formats import check
from partners.reconciliation.reading import Reader, Told
from partners.reconciliation.rules import StatementRefused, Word
from tests.partners.reconciliation.sheets import HEADER, IN_A_BOOK, book, form, table

FIFTH = datetime.fromisoformat("2011-01-05T00:00:00+03:00")
GOOD = ("A-1", "05.01.2011", "1 530,00", "Выполнен", "183,60", "clk_1")
TOLD = Told(2, "A-1", FIFTH, 153_000, Word.CONFIRMED, 18_360, "clk_1")


def read(raw: bytes, told: dict[str, Any] | None = None) -> tuple[list[Told], Reader]:
    reader = Reader(check(told or form()))
    return [one for one in reader.read(BytesIO(raw)) if isinstance(one, Told)], reader


def refused(raw: bytes, told: dict[str, Any] | None = None) -> StatementRefused:
    with pytest.raises(StatementRefused) as caught:
        read(raw, told)
    return caught.value


def csv_with(**changes: Any) -> dict[str, Any]:
    return form(file={"kind": "csv", "delimiter": ";"} | changes)


def test_a_line_is_read() -> None:
    assert read(table(GOOD))[0] == [TOLD]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1251", "cp866", "koi8-r"])
def test_every_encoding_is_read(encoding: str) -> None:
    raw = table(GOOD).decode().encode(encoding)
    assert read(raw, csv_with(encoding=encoding))[0] == [TOLD]


def test_a_mark_of_the_encoding_is_no_part_of_the_first_name() -> None:
    assert read(table(GOOD).decode().encode("utf-8-sig"))[0] == [TOLD]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (table(GOOD).decode().encode("utf-16"), csv_with()),
        (table(GOOD).decode().encode("utf-8-sig"), csv_with(encoding="windows-1251")),
        (table(GOOD).decode().encode("windows-1251"), csv_with()),
        (book(GOOD), csv_with()),
        (table(GOOD), IN_A_BOOK),
        (b"", csv_with()),
        (b"\n\n\n", csv_with()),
        (b'"never closed\n' + table(GOOD), csv_with()),
        (b"x" * 200_000, csv_with()),
        (b"PK\x03\x04 and no archive", IN_A_BOOK),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes, told: dict[str, Any]) -> None:
    assert refused(raw, told).detail


def test_what_stands_above_the_header_and_sums_below_are_no_orders() -> None:
    raw = b"Report\n;;;\n" + table(GOOD, (), ("Итого", "", "1 530,00"), ("", "", "", "", "", ""))
    found, reader = read(raw, csv_with(header=3))
    assert [one.order_id for one in found] == ["A-1"]
    assert found[0].line == 4
    assert reader.ignored == 1


def test_words_tell_what_an_order_is() -> None:
    rows = [(f"A-{n}", "05.01.2011", "10", word) for n, word in enumerate(STATUSES)]
    found, reader = read(table(*rows))
    assert [one.word for one in found] == [Word.OPEN, Word.CONFIRMED, Word.RETURNED, None]
    assert reader.ignored == 1


STATUSES = ("новый", " ВЫПОЛНЕН ", "Отменён", "тест", "в пути")


@pytest.mark.parametrize(
    ("place", "text", "column"),
    [
        (1, "5 January", "Дата"),
        (2, "1,530.00", "Сумма"),
        (2, "-5", "Сумма"),
        (2, "", "Сумма"),
        (3, "lost", "Статус"),
        (3, "", "Статус"),
        (4, "1,2,3", "Комиссия"),
        (0, "A" * 201, "Заказ"),
        (0, "A\u0000", "Заказ"),
        (0, "A\u202e", "Заказ"),
    ],
)
def test_a_fault_is_told_by_its_line_and_column(place: int, text: str, column: str) -> None:
    bad = [*GOOD[:place], text, *GOOD[place + 1 :]]
    found, reader = read(table(GOOD, bad))
    assert found == [TOLD]
    assert reader.refused == 1
    assert list(reader.faults) == [f"line 3, {column}"]


def test_a_line_needs_a_number_or_a_day() -> None:
    found, reader = read(table(("", "05.01.2011", "10", "новый"), ("", "", "10", "новый")))
    assert [one.order_id for one in found] == [None]
    assert list(reader.faults) == ["line 3, Заказ"]


def test_more_cells_than_names_are_a_fault() -> None:
    _, reader = read(table([*GOOD, "", "1"]))
    assert list(reader.faults) == ["line 2, Сумма"]


def test_the_first_hundred_faults_are_told_and_all_are_counted() -> None:
    _, reader = read(table(*[("A-1", "?", "?", "новый")] * 150))
    assert len(reader.faults) == 100
    assert reader.refused == 150


def test_columns_are_found_by_their_names_wherever_they_stand() -> None:
    header = ("Пол", "Пол", "Метка", "Комиссия", "Статус", "Сумма", "Дата", "Заказ")
    assert read(table(("м", "ж", *reversed(GOOD)), header=header))[0] == [TOLD]


@pytest.mark.parametrize("name", ["Заказы", "Сумма"])
def test_a_column_that_is_missing_or_stands_twice_is_named(name: str) -> None:
    error = refused(table(GOOD, header=(name, *HEADER[1:])))
    assert error.fields


def test_an_order_on_several_lines_may_have_some_below_zero() -> None:
    rows = [("A-1", "05.01.2011", text, "новый") for text in ("100,00", "-30,00", "\u22125")]
    found, _ = read(table(*rows), form(rows="lines"))
    assert [one.amount for one in found] == [10_000, -3_000, -500]


# -- workbooks -------------------------------------------------------------------------------


def test_a_workbook_is_read_with_numbers_and_dates_of_its_own() -> None:
    rows = [
        ("A-1", date(2011, 1, 5), 1530, "выполнен", 183.6, "clk_1"),
        (536365, "05.01.2011", 0.1 + 0.2, "новый", None, None),
    ]
    found, reader = read(book(*rows), IN_A_BOOK)
    assert found[0] == TOLD
    assert (found[1].order_id, found[1].ordered_at, found[1].amount) == ("536365", FIFTH, 30)
    assert not reader.faults


def test_a_formula_counts_as_it_was_last_calculated() -> None:
    _, reader = read(book(("A-1", "05.01.2011", "=1+1", "новый")), IN_A_BOOK)
    assert reader.faults == {}


def test_a_number_that_a_spreadsheet_has_rounded_is_no_orders_number() -> None:
    _, reader = read(book((12345678901234567890, "05.01.2011", 1, "новый")), IN_A_BOOK)
    assert list(reader.faults) == ["line 2, Заказ"]


def test_a_sheet_is_chosen_by_its_name() -> None:
    told = form(file={"kind": "xlsx", "sheet": "Orders"})
    assert len(read(book(GOOD, sheet="Orders"), told)[0]) == 1
    assert "no sheet" in refused(book(GOOD, sheet="Other"), told).detail


def test_a_bomb_is_refused_by_its_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = packed({"xl/sharedStrings.xml": b" " * 1_000_000})
    assert read(book(GOOD), IN_A_BOOK)
    monkeypatch.setattr(workbooks, "MAX_HELD", 900_000)
    assert "more texts" in refused(raw, IN_A_BOOK).detail
    monkeypatch.setattr(workbooks, "MAX_XML", 500_000)
    assert "larger" in refused(raw, IN_A_BOOK).detail


def test_entities_are_refused() -> None:
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>'
        b"<worksheet><sheetData><row><c><v>&lol2;</v></c></row></sheetData></worksheet>"
    )
    assert refused(packed({"xl/worksheets/sheet1.xml": laughs}), IN_A_BOOK).detail


@pytest.mark.parametrize("row", [b"999999999", b"1048577"])
def test_a_row_far_below_is_not_walked_to(row: bytes) -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<sheetData><row r="%b"><c r="A%b"><v>1</v></c></row></sheetData></worksheet>'
    ) % (row, row)
    assert refused(packed({"xl/worksheets/sheet1.xml": sheet}), IN_A_BOOK).detail


def packed(changes: dict[str, bytes]) -> bytes:
    """A good workbook with some of its parts replaced."""
    file = BytesIO()
    with ZipFile(BytesIO(book(GOOD))) as good, ZipFile(file, "w", ZIP_DEFLATED) as made:
        for name in good.namelist():
            made.writestr(name, changes.get(name, good.read(name)))
        for name in changes.keys() - set(good.namelist()):
            made.writestr(name, changes[name])
    return file.getvalue()
