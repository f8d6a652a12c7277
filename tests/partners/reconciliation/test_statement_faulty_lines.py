"""Lines that cannot be read: what they name is left alone, and what they say is not kept."""

import pytest

from partners.reconciliation.rules import Decision
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.partners.reconciliation.sheets import IN_A_BOOK, book
from tests.partners.reconciliation.test_statement_files import GOOD, packed, refused

D1 = "2010-12-01"


@pytest.mark.parametrize("named", ["A-2", "a 2"])
def test_an_order_that_is_named_on_such_a_line_is_not_missing(desk: Desk, named: str) -> None:
    member = desk.world.member()
    desk.buys("A-1", 1000)
    desk.buys("A-2", 500, member=member)
    had = desk.world.balance(member).pending
    statement = desk.sends(
        ("A-1", D1, "1000", "open", "", ""),
        (named, D1, "500.000", "confirmed", "", ""),
        skip_faulty=True,
    )
    assert (statement.lines, statement.refused_lines) == (1, 1)
    assert desk.found() == []
    assert statement.figures["ours"]["orders"] == 1
    desk.decides(statement, Decision.THEIRS)
    desk.works()
    assert desk.world.balance(member).pending == had
    assert not desk.world.differences()


def test_half_of_an_order_is_not_compared(desk: Desk) -> None:
    desk.writes({**OWN, "rows": "lines"})
    desk.buys("A-1", 1000, 400)
    desk.sends(
        ("A-1", D1, "1000", "open", "", ""),
        ("A-1", D1, "400.000", "open", "", ""),
        ("A-2", D1, "1", "returned", "", ""),
        skip_faulty=True,
    )
    assert desk.found() == []


@pytest.mark.parametrize(
    "raw",
    [
        b"A-1,2010-12-01,100,open,Ivan Petrov,+79001234567\n",
        b"order,day,sum,status,commission,click\nA-1,2010-12-01,100,Ivan Petrov,,+79001234567\n",
        b"order,day,sum,status,commission,click\nPetrov,+79001234567,Petrov,Petrov,Petrov,\n",
    ],
)
def test_of_a_refused_file_no_cell_is_kept(desk: Desk, raw: bytes) -> None:
    statement = desk.sends_raw(raw)
    assert statement.state == "refused"
    assert statement.faults
    (row,) = desk.world.query("SELECT CAST(s AS text) AS said FROM shop_statements AS s")
    assert "+79001234567" not in row.said
    assert "Petrov" not in row.said


def test_what_the_library_says_of_a_broken_workbook_may_quote_it() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<sheetData><row r="1"><c r="A1"><v>Ivan Petrov</v></c></row></sheetData></worksheet>'
    )
    error = refused(packed({"xl/worksheets/sheet1.xml": sheet}), IN_A_BOOK)
    assert "Petrov" not in error.detail
    assert "cannot be read" in error.detail
    assert refused(book(GOOD)[:500], IN_A_BOOK).detail


def test_a_blank_that_only_looks_like_the_right_one_is_named(desk: Desk) -> None:
    desk.writes({**OWN, "numbers": {"unit": "rubles", "decimal": ".", "thousands": [" "]}})
    statement = desk.sends(
        ("A-1", D1, "1\u00a0530.00", "open", "", ""), ("A-2", D1, "a lot", "open", "", "")
    )
    blank, words = statement.faults["line 2, sum"], statement.faults["line 3, sum"]
    assert "no-break space (U+00A0)" in blank
    assert "JSON" not in words
    assert words.startswith("must be a sum")
