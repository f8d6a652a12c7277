"""Reads a file of invoices, plain or gzipped, row by row."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

from tracker.kit.clock import MOSCOW
from tracker.kit.errors import Invalid

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
_GZIP_MAGIC = b"\x1f\x8b"
_KOPECKS_IN_A_POUND = 100 * 100
"""A pound counts as a hundred roubles."""


class InvoicesUnreadable(Invalid):
    """The file is not one of invoices; the detail names the row."""

    code = "invoices_unreadable"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: something sold, given back, or neither."""

    number: int
    """1 is the first row under the header."""
    invoice: str
    stock_code: str
    quantity: int
    moment: datetime
    unit_price: int
    """Kopecks."""
    customer: str
    """Empty for a guest."""

    @property
    def is_cancellation(self) -> bool:
        return self.invoice.startswith("C")

    @property
    def is_sale(self) -> bool:
        """Something was bought, by a member or a guest."""
        return not self.is_cancellation and self.quantity > 0 and self.unit_price > 0

    @property
    def is_return(self) -> bool:
        """A member gives something back."""
        wanted = self.is_cancellation and self.customer != ""
        return wanted and self.quantity < 0 and self.unit_price > 0


def read_rows(path: Path) -> list[Row]:
    """All rows of a CSV file in UTF-8, gzipped or not. Raises InvoicesUnreadable, OSError."""
    content = path.read_bytes()
    try:
        plain = gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content
        return list(parse_rows(io.StringIO(plain.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as error:
        raise InvoicesUnreadable(f"{path.name}: {error}") from error


def parse_rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of CSV text that starts with its header. Raises InvoicesUnreadable."""
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise InvoicesUnreadable(f"no column {', '.join(missing)}")
    for number, values in enumerate(reader, start=1):
        try:
            yield _row(number, values)
        except (ValueError, TypeError, InvalidOperation) as error:
            raise InvoicesUnreadable(f"row {number}: {error}") from error


def _row(number: int, values: Mapping[str, str]) -> Row:
    return Row(
        number=number,
        invoice=values["InvoiceNo"],
        stock_code=values["StockCode"],
        quantity=int(values["Quantity"]),
        moment=datetime.fromisoformat(values["InvoiceDate"]).replace(tzinfo=MOSCOW),
        unit_price=_kopecks(values["UnitPrice"]),
        customer=values["CustomerID"],
    )


def _kopecks(pounds: str) -> int:
    return int((Decimal(pounds) * _KOPECKS_IN_A_POUND).quantize(Decimal(1), ROUND_HALF_UP))
