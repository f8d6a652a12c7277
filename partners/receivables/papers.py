"""An invoice as files: a PDF for the shop's accountants, a workbook with every line."""

from decimal import Decimal
from io import BytesIO
from typing import IO

import xlsxwriter
from sqlalchemy.orm import Session

from partners.receivables.models import Invoice, InvoiceRun
from partners.receivables.paper import Day, InvoicePaper, invoice_pdf
from partners.receivables.queries import days, invoice_of, lines
from partners.receivables.rules import InvoiceKind
from partners.shops.names import names_of
from tracker.kit.clock import MOSCOW
from tracker.kit.csvfiles import cell
from tracker.members.rules import Language

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
}
_HEADING = ("order_id", "reference", "what", "counts_at", "amount")


def as_pdf(session: Session, invoice_id: int) -> tuple[str, bytes]:
    """Its number and its pages. Raises InvoiceNotFound."""
    one = invoice_of(session, invoice_id)
    run = session.get_one(InvoiceRun, one.period)
    paper = InvoicePaper(
        number=one.number,
        kind=InvoiceKind(one.kind),
        period=one.period,
        issued_on=one.issued_on,
        due_on=one.due_on,
        amount=one.amount,
        issuer=run.issuer,
        shop=names_of(session, [one.shop_id])[one.shop_id],
        legal_name=one.legal_name,
        address=one.address,
        tax_id=one.tax_id,
        language=Language(one.language),
        days=[
            Day(row.day, row.lines, int(row.confirmed), int(row.taken_back))
            for row in days(session, one)
        ],
    )
    return one.number, invoice_pdf(paper)


def as_workbook(session: Session, invoice_id: int) -> tuple[str, IO[bytes]]:
    """Its number and a workbook of its lines, to be read from its start. Raises InvoiceNotFound."""
    one = invoice_of(session, invoice_id)
    file = BytesIO()
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        _fill(book, session, one)
    file.seek(0)
    return one.number, file


def _fill(book: xlsxwriter.Workbook, session: Session, one: Invoice) -> None:
    money, bold = book.add_format({"num_format": "#,##0.00"}), book.add_format({"bold": True})
    sheet = book.add_worksheet(one.number)
    sheet.set_column(0, 3, 26)
    for number, word in enumerate(_HEADING):
        sheet.write_string(0, number, word, bold)
    place = 0
    for place, line in enumerate(lines(session, one), 1):
        at = line.effective_at.astimezone(MOSCOW).isoformat()
        for number, word in enumerate((line.order_id or "", line.reference, line.kind, at)):
            sheet.write_string(place, number, cell(word))
        sheet.write_number(place, len(_HEADING) - 1, _rubles(line.amount), money)
    sheet.write_string(place + 1, 0, "total", bold)
    sheet.write_number(place + 1, len(_HEADING) - 1, _rubles(one.amount), money)


def _rubles(kopecks: int) -> Decimal:
    return Decimal(int(kopecks)).scaleb(-2)
