"""Cells and sums that no shop means: each is told of by its line, and none stops the work."""

import base64
import io
import re
import zipfile
from collections.abc import Callable

import pytest

from partners.reconciliation.formats import check
from partners.reconciliation.reading import Reader
from partners.reconciliation.rules import StatementRefused
from tests.partners.reconciliation.conftest import OWN, Desk
from tests.partners.reconciliation.sheets import IN_A_BOOK, book
from tests.partners.reconciliation.test_statements_by_two import joins
from tracker.staff.rules import Role

D1 = "2010-12-01"


def changed(change: Callable[[str], str]) -> bytes:
    """A workbook of one order, whose sheet comes out otherwise."""
    made, out = book(("A-1", "01.12.2010", 100, "выполнен", 1, "")), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                raw = change(raw.decode()).encode()
            new.writestr(name, raw)
    return out.getvalue()


def with_sum(number: str) -> bytes:
    return changed(lambda sheet: sheet.replace("<v>100</v>", f"<v>{number}</v>"))


def with_text(column: str, place: str) -> bytes:
    cell = rf'(<c r="{column}2"[^>]*?) t="s"><v>\d+</v>'
    return changed(lambda sheet: re.sub(cell, rf'\1 t="s"><v>{place}</v>', sheet))


def with_number(column: str, number: str) -> bytes:
    cell = rf'(<c r="{column}2"[^>]*?) t="s"><v>\d+</v>'
    return changed(lambda sheet: re.sub(cell, rf"\1><v>{number}</v>", sheet))


@pytest.mark.parametrize("number", ["9" * 4000, "-" + "9" * 4000, "1e999", "-1e999", "1e300"])
def test_a_number_beyond_all_sums_is_a_fault_of_its_line(number: str) -> None:
    reader = Reader(check(IN_A_BOOK))
    list(reader.read(io.BytesIO(with_sum(number))))
    assert list(reader.faults) == ["line 2, Сумма"]


@pytest.mark.parametrize("number", ["9" * 4000, "1e999", "1e300"])
def test_a_number_beyond_all_days_is_a_fault_of_its_line(number: str) -> None:
    reader = Reader(check(IN_A_BOOK))
    list(reader.read(io.BytesIO(with_number("B", number))))
    assert list(reader.faults) == ["line 2, Дата"]


@pytest.mark.parametrize("number", ["9" * 5000, "nan", "1-1", "--"])
def test_what_is_no_number_is_told_by_its_line(number: str) -> None:
    with pytest.raises(StatementRefused, match="line 2 of the sheet cannot be read"):
        list(Reader(check(IN_A_BOOK)).read(io.BytesIO(with_sum(number))))


def test_a_sample_with_a_number_of_4000_digits_is_no_fault_of_ours(desk: Desk) -> None:
    answer = desk.world.client().post(
        "/admin/api/v1/shops/shop/statement-format/try",
        headers={"Authorization": f"Bearer {joins(desk, 'olga', Role.OPERATOR)}"},
        json={"format": IN_A_BOOK, "sample": base64.b64encode(with_sum("9" * 4000)).decode()},
    )
    assert answer.status_code == 200
    assert list(answer.get_json()["faults"]) == ["line 2, Сумма"]


@pytest.mark.parametrize("place", ["-1", "99", "9" * 400])
def test_a_text_that_is_not_there_is_none_from_the_end(place: str) -> None:
    with pytest.raises(StatementRefused, match=r"line 2 .* names a text that the workbook does"):
        list(Reader(check(IN_A_BOOK)).read(io.BytesIO(with_text("A", place))))


def test_a_line_that_no_sheet_has_is_not_written_out() -> None:
    raw = changed(lambda sheet: sheet.replace('<row r="2"', f'<row r="{"9" * 4000}"'))
    with pytest.raises(StatementRefused, match="after line 1") as caught:
        list(Reader(check(IN_A_BOOK)).read(io.BytesIO(raw)))
    assert len(caught.value.detail) < 200


MANY = [(f"O-{number}", D1, "1000000000000.00", "open", "", "") for number in range(100)]
OWED = [(f"O-{number}", D1, "1.00", "open", "1000000000000.00", "") for number in range(100)]
ONE = [("O-1", D1, f"{sign}1000000000000.00", "open", "", "") for sign in ("", "-") * 50]


@pytest.mark.parametrize(("rows", "what"), [(MANY, "sums"), (OWED, "commissions"), (ONE, "sums")])
@pytest.mark.parametrize("skip_faulty", [False, True])
def test_sums_beyond_what_is_counted_are_refused_at_once(
    desk: Desk, rows: list[tuple[str, ...]], what: str, skip_faulty: bool
) -> None:
    desk.writes({**OWN, "rows": "lines"})
    made = desk.sends(*rows, skip_faulty=skip_faulty)
    assert made.state == "refused"
    assert made.why == f"line 3: up to here the {what} come to over a trillion roubles together"
    assert desk.world.query("SELECT * FROM shop_statement_lines") == []


def test_a_trillion_roubles_are_counted(desk: Desk) -> None:
    made = desk.sends(MANY[0])
    assert made.state == "matched"
    assert made.total == 10**14
