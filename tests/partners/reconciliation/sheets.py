"""Statements of a shop as it may write them, for tests."""

import copy
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

FORMAT: Mapping[str, Any] = {
    "file": {"kind": "csv", "encoding": "utf-8", "delimiter": ";"},
    "columns": {
        "order_id": "Заказ",
        "ordered_at": "Дата",
        "amount": "Сумма",
        "status": "Статус",
        "commission": "Комиссия",
        "click_id": "Метка",
    },
    "statuses": {
        "новый": "open",
        "выполнен": "confirmed",
        "отменён": "returned",
        "тест": "ignored",
        "в пути": "unsaid",
    },
    "totals": ["Итого"],
    "numbers": {"unit": "rubles", "decimal": ",", "thousands": [" "]},
    "dates": {"format": "%d.%m.%Y", "zone": "Europe/Moscow"},
}
HEADER = ("Заказ", "Дата", "Сумма", "Статус", "Комиссия", "Метка")


def form(**changes: Any) -> dict[str, Any]:
    """The format with some of its keys told otherwise."""
    return copy.deepcopy(dict(FORMAT)) | changes


def table(*rows: Sequence[str], header: Sequence[str] = HEADER) -> bytes:
    """A file as the format says."""
    return "".join(";".join(row) + "\n" for row in (header, *rows)).encode()


def book(*rows: Sequence[Any], header: Sequence[Any] = HEADER, sheet: str | None = None) -> bytes:
    """The same as a workbook; what begins with = is a formula."""
    file = BytesIO()
    with Workbook(file, {"default_date_format": "dd.mm.yyyy"}) as made:
        page = made.add_worksheet(sheet)
        for number, row in enumerate((header, *rows)):
            page.write_row(number, 0, row)
    return file.getvalue()


IN_A_BOOK = form(file={"kind": "xlsx"})
