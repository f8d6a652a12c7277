"""Reading a file of invoices."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.replay.rows import InvoicesUnreadable, Row, parse_rows, read_rows

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
FIRST = "536365,85123A,WHITE HEART,6,2010-12-01T08:26,2.55,17850,United Kingdom"


def row(line: str) -> Row:
    return next(parse_rows([HEADER, line]))


def test_a_row_is_read_with_its_number_in_kopecks_and_moscow_time() -> None:
    first = row(FIRST)
    assert first.number == 1
    assert (first.invoice, first.stock_code, first.quantity) == ("536365", "85123A", 6)
    assert first.unit_price == 255_00
    assert first.moment == datetime(2010, 12, 1, 5, 26, tzinfo=UTC)
    assert first.moment.isoformat() == "2010-12-01T08:26:00+03:00"
    assert first.customer == "17850"


@pytest.mark.parametrize(
    ("pounds", "kopecks"), [("7", 700_00), ("0.00005", 1), ("0.00004", 0), ("1.23455", 12_346)]
)
def test_prices_are_rounded_half_up(pounds: str, kopecks: int) -> None:
    assert row(FIRST.replace("2.55", pounds)).unit_price == kopecks


@pytest.mark.parametrize(
    ("line", "is_sale", "is_return"),
    [
        ("1,X,,6,2010-12-01T08:26,2.55,17850,", True, False),
        ("1,X,,6,2010-12-01T08:26,2.55,,", True, False),
        ("1,X,,6,2010-12-01T08:26,0,17850,", False, False),
        ("1,X,,6,2010-12-01T08:26,-2.55,17850,", False, False),
        ("1,X,,-6,2010-12-01T08:26,2.55,17850,", False, False),
        ("C1,X,,-6,2010-12-01T08:26,2.55,17850,", False, True),
        ("C1,X,,-6,2010-12-01T08:26,2.55,,", False, False),
        ("C1,X,,-6,2010-12-01T08:26,0,17850,", False, False),
        ("C1,X,,6,2010-12-01T08:26,2.55,17850,", False, False),
    ],
)
def test_what_counts_as_sold_and_as_given_back(line: str, is_sale: bool, is_return: bool) -> None:
    assert (row(line).is_sale, row(line).is_return) == (is_sale, is_return)


def test_a_file_may_be_gzipped_whatever_its_name(tmp_path: Path) -> None:
    text = f"{HEADER}\n{FIRST}\n".encode()
    plain, packed = tmp_path / "plain.gz", tmp_path / "packed.csv"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    assert read_rows(plain) == read_rows(packed) == [row(FIRST)]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "no column InvoiceNo"),
        (b"InvoiceNo,StockCode\n1,2\n", "no column Description"),
        (f"{HEADER}\n{FIRST}\n{FIRST.replace('2.55', 'dear')}".encode(), "row 2"),
        (f"{HEADER}\n536365,85123A".encode(), "row 1"),
        (f"{HEADER}\n{FIRST.replace('2010', 'then')}".encode(), "row 1"),
        (f"{HEADER}\n{FIRST}".encode("utf-16"), "codec"),
        (gzip.compress(FIRST.encode(), mtime=0)[:-9], "end-of-stream"),
        (gzip.compress(FIRST.encode(), mtime=0)[:10] + b"no such block", "decompressing"),
    ],
)
def test_what_is_no_file_of_invoices_is_refused(content: bytes, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    path.write_bytes(content)
    with pytest.raises(InvoicesUnreadable, match=fault):
        read_rows(path)
