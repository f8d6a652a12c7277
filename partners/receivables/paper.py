"""An invoice, or a credit note, on paper: who, to whom, for what, day by day, how much. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from fpdf import FPDF
from fpdf.enums import TableBordersLayout

from partners.receivables.rules import InvoiceKind
from tracker.kit.money import format_rubles
from tracker.kit.paper import FONT, INK, new_page, put_line
from tracker.members.rules import Language
from tracker.notifications.rendering import day_of, rubles

_LEFT, _TOP, _WIDTH = 20, 20, 170


@dataclass(frozen=True, slots=True)
class Day:
    """What one day came to, in kopecks."""

    day: date
    lines: int
    confirmed: int
    taken_back: int
    """Below zero."""


@dataclass(frozen=True, slots=True)
class InvoicePaper:
    """What stands on it."""

    number: str
    kind: InvoiceKind
    period: str
    issued_on: date
    due_on: date
    amount: int
    """Kopecks; below zero on a credit note."""
    issuer: str
    legal_name: str
    address: str
    tax_id: str
    language: Language
    days: Sequence[Day]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of an invoice in one language."""

    invoice: str
    credit_note: str
    of: str
    from_: str
    to: str
    tax_id: str
    what: str
    day: str
    lines: str
    confirmed: str
    taken_back: str
    sum: str
    total: str
    due: str
    credit: str
    purpose: str


_WORDS = {
    Language.RU: Words(
        invoice="Счёт",
        credit_note="Корректировочный счёт",
        of="от",
        from_="Исполнитель",
        to="Партнёр",
        tax_id="ИНН",
        what="Комиссия с подтверждённых покупок за",
        day="День",
        lines="Строк",
        confirmed="Подтверждено",
        taken_back="Возвращено",
        sum="Итого",
        total="Всего",
        due="Оплатить до",
        credit="Сумма уменьшает задолженность по прежним счетам.",
        purpose="В назначении платежа укажите номер",
    ),
    Language.UK: Words(
        invoice="Рахунок",
        credit_note="Коригувальний рахунок",
        of="від",
        from_="Виконавець",
        to="Партнер",
        tax_id="ІПН",
        what="Комісія з підтверджених покупок за",
        day="День",
        lines="Рядків",
        confirmed="Підтверджено",
        taken_back="Повернено",
        sum="Разом",
        total="Усього",
        due="Сплатити до",
        credit="Сума зменшує заборгованість за попередніми рахунками.",
        purpose="У призначенні платежу вкажіть номер",
    ),
    Language.EN: Words(
        invoice="Invoice",
        credit_note="Credit note",
        of="of",
        from_="From",
        to="To",
        tax_id="Tax number",
        what="Commission on confirmed purchases of",
        day="Day",
        lines="Lines",
        confirmed="Confirmed",
        taken_back="Taken back",
        sum="Sum",
        total="Total",
        due="To be paid by",
        credit="The sum lessens what is owed by earlier invoices.",
        purpose="Name this number in the purpose of the payment",
    ),
}


def invoice_pdf(paper: InvoicePaper) -> bytes:
    """The pages as PDF, the same bytes for the same paper."""
    words = _WORDS[paper.language]
    is_credit = paper.kind == InvoiceKind.CREDIT_NOTE
    title = f"{words.credit_note if is_credit else words.invoice} {paper.number}"
    made_at = datetime.combine(paper.issued_on, time(), UTC)
    page = new_page(title, paper.language, made_at, breaks=True)
    page.set_margins(_LEFT, _TOP)
    page.set_xy(_LEFT, _TOP)
    issued = _day(paper.issued_on, paper.language)
    put_line(page, f"{title} {words.of} {issued}", 15, _WIDTH, bold=True, after=6)
    put_line(page, words.from_, 9, _WIDTH, grey=True)
    put_line(page, paper.issuer or "—", 10, _WIDTH, after=4)
    put_line(page, words.to, 9, _WIDTH, grey=True)
    put_line(page, _partner(paper, words), 10, _WIDTH, after=6)
    put_line(page, f"{words.what} {paper.period}", 11, _WIDTH, bold=True, after=3)
    _days(page, paper, words)
    page.set_xy(_LEFT, page.get_y() + 5)
    put_line(page, f"{words.total}: {rubles(paper.amount)}", 13, _WIDTH, bold=True, after=3)
    if is_credit:
        put_line(page, words.credit, 10, _WIDTH)
    else:
        due = _day(paper.due_on, paper.language)
        put_line(page, f"{words.due}: {due}", 10, _WIDTH)
        put_line(page, f"{words.purpose}: {paper.number}", 10, _WIDTH)
    return bytes(page.output())


def _days(page: FPDF, paper: InvoicePaper, words: Words) -> None:
    page.set_font(FONT, "", 9)
    page.set_text_color(INK)
    heading = (words.day, words.lines, words.confirmed, words.taken_back, words.sum)
    with page.table(
        width=_WIDTH,
        col_widths=(38, 24, 36, 36, 36),
        text_align=("LEFT", "RIGHT", "RIGHT", "RIGHT", "RIGHT"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=5.5,
    ) as table:
        table.row(heading)
        for one in paper.days:
            sums = (one.confirmed, one.taken_back, one.confirmed + one.taken_back)
            table.row((str(one.day), str(one.lines), *map(format_rubles, sums)))


def _partner(paper: InvoicePaper, words: Words) -> str:
    tax_id = f"{words.tax_id}: {paper.tax_id}" if paper.tax_id else ""
    return "\n".join(filter(None, (paper.legal_name, paper.address, tax_id)))


def _day(day: date, language: Language) -> str:
    return day_of(datetime.combine(day, time(12), UTC), language)
