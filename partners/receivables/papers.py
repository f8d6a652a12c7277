"""An invoice as files: a PDF for the shop's accountants, a workbook with every line."""

from io import BytesIO

from sqlalchemy.orm import Session

from partners.receivables.models import InvoiceRun
from partners.receivables.paper import Day, InvoicePaper, invoice_pdf
from partners.receivables.queries import days, invoice_of
from partners.receivables.reports import INVOICE_LINES
from partners.receivables.rules import MAX_WORKBOOK_LINES, InvoiceKind, InvoiceTooLong
from partners.shops.names import slugs_of
from tracker.kit.clock import moscow_midnight
from tracker.members.rules import Language
from tracker.reports import xlsx_files
from tracker.reports.contracts import Asked
from tracker.reports.reading import Reading


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


def as_workbook(session: Session, invoice_id: int) -> tuple[str, bytes]:
    """Its number and a workbook of its lines. Raises InvoiceNotFound and InvoiceTooLong."""
    one = invoice_of(session, invoice_id)
    if one.lines > MAX_WORKBOOK_LINES:
        raise InvoiceTooLong(
            f"{one.number} has {one.lines} lines, more than {MAX_WORKBOOK_LINES}: have the report"
            f" {INVOICE_LINES.name} of its shop and month written as a file"
        )
    asked = Asked(as_of=moscow_midnight(one.issued_on), period=one.period, shop=one.shop_id)
    slugs = slugs_of(session, [one.shop_id])
    book = _Book()
    xlsx_files.write(Reading.begin(session, INVOICE_LINES, asked, slugs), book)
    return one.number, book.file.getvalue()


class _Book:
    """Takes the pieces of a file."""

    def __init__(self) -> None:
        self.file = BytesIO()

    def take(self, data: bytes, lines: int = 0) -> None:  # noqa: ARG002 (nobody asks how far)
        """The next piece."""
        self.file.write(data)
