"""A certificate on paper: one A4 page with its code in words and as a QR. Pure."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import segno
from fpdf import FPDF

from tracker.kit.clock import MOSCOW
from tracker.members.rules import Language
from tracker.notifications.rendering import day_of, rubles

_FONT = "DejaVu"
_FONTS = Path(__file__).with_name("fonts")
_STYLES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
_LEFT, _TOP, _WIDTH, _HEIGHT, _INSIDE = 20, 20, 170, 122, 12
"""The frame, in millimetres: what is below it is cut or folded away."""
_QR_SIDE = 56
_QR_QUIET = 4
"""Modules of white around a QR, as its standard asks."""
_GREY, _INK = 110, 20


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on the paper of a certificate."""

    number: int
    amount: int
    """Kopecks."""
    code_grouped: str
    """As it is printed and as the QR says it."""
    language: Language
    issued_at: datetime
    expires_at: datetime | None
    """None: it is good for ever."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a paper in one language."""

    title: str
    code: str
    number: str
    issued: str
    good_until: str
    for_ever: str
    how: str
    care: str


_WORDS = {
    Language.RU: Words(
        title="Сертификат салона",
        code="Код",
        number="Номер",
        issued="Выдан",
        good_until="Действует до",
        for_ever="Без срока действия",
        how=(
            "Покажите этот лист в любом салоне оператора. Салон принимает его один раз,"
            " на всю сумму."
        ),
        care=(
            "Сертификатом платит тот, кто назовёт код: берегите его. Если лист потерян, запросите"
            " в личном кабинете новый код — этот перестанет действовать."
        ),
    ),
    Language.UK: Words(
        title="Сертифікат салону",
        code="Код",
        number="Номер",
        issued="Виданий",
        good_until="Діє до",
        for_ever="Без строку дії",
        how=(
            "Покажіть цей аркуш у будь-якому салоні оператора. Салон приймає його один раз,"
            " на всю суму."
        ),
        care=(
            "Сертифікатом платить той, хто назве код: бережіть його. Якщо аркуш загублено,"
            " запитайте в особистому кабінеті новий код — цей перестане діяти."
        ),
    ),
    Language.EN: Words(
        title="Salon certificate",
        code="Code",
        number="Number",
        issued="Issued",
        good_until="Good until",
        for_ever="Does not expire",
        how="Show this sheet in any of the operator's salons. It is taken once, for the whole sum.",
        care=(
            "Whoever tells the code pays with it: keep it safe. If you lose this sheet, ask for a"
            " new code in your account, and this one is of no more use."
        ),
    ),
}


def certificate_pdf(paper: Paper) -> bytes:
    """The page as PDF, the same bytes for the same paper. It holds the code: not to be kept."""
    words = _WORDS[paper.language]
    page = _page(f"{words.title} {paper.number}", paper)
    page.rect(_LEFT, _TOP, _WIDTH, _HEIGHT, style="D")
    left, width = _LEFT + _INSIDE, _WIDTH - 2 * _INSIDE
    beside = width - _QR_SIDE

    page.set_xy(left, _TOP + _INSIDE)
    _line(page, words.title, 15, beside, bold=True)
    _line(page, rubles(paper.amount), 28, beside, bold=True, after=12)
    _line(page, f"{words.number}: {paper.number}", 10, beside)
    _line(page, f"{words.issued}: {_day(paper.issued_at, paper.language)}", 10, beside)
    _line(page, _until(paper, words), 10, beside)
    page.image(_qr(paper.code_grouped), left + beside, _TOP + _INSIDE - 5, _QR_SIDE, _QR_SIDE)

    page.set_xy(left, _TOP + 70)
    _line(page, words.code, 9, width, grey=True)
    _line(page, paper.code_grouped, 14, width, bold=True, after=6)
    _line(page, words.how, 10, width, after=2)
    _line(page, words.care, 9, width, grey=True)
    return bytes(page.output())


def _page(title: str, paper: Paper) -> FPDF:
    page = FPDF(format="A4")
    page.set_creation_date(paper.issued_at)
    page.set_title(title)
    page.set_lang(paper.language)
    page.set_auto_page_break(auto=False)
    for style, name in _STYLES.items():
        page.add_font(_FONT, style, _FONTS / name)
    page.add_page()
    page.set_draw_color(_GREY)
    return page


def _line(
    page: FPDF,
    text: str,
    size: int,
    width: float,
    *,
    bold: bool = False,
    grey: bool = False,
    after: float = 1,
) -> None:
    """A text, on as many lines as it needs, and some millimetres after it."""
    page.set_font(_FONT, "B" if bold else "", size)
    page.set_text_color(_GREY if grey else _INK)
    left = page.get_x()
    page.multi_cell(width, size * 0.5, text, align="L")
    page.set_xy(left, page.get_y() + after)


def _until(paper: Paper, words: Words) -> str:
    if paper.expires_at is None:
        return words.for_ever
    clock = paper.expires_at.astimezone(MOSCOW).strftime("%H:%M")
    return f"{words.good_until}: {_day(paper.expires_at, paper.language)}, {clock}"


def _day(moment: datetime, language: Language) -> str:
    return day_of(moment.astimezone(MOSCOW), language)


def _qr(code: str) -> BytesIO:
    picture = BytesIO()
    segno.make_qr(code, error="m").save(picture, kind="png", scale=10, border=_QR_QUIET)
    picture.seek(0)
    return picture
