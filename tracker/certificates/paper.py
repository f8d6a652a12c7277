"""A certificate on paper: one A4 page with its code in words and as a QR. Pure."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import segno

from tracker.kit.clock import MOSCOW
from tracker.kit.paper import new_page, put_line
from tracker.members.rules import Language
from tracker.notifications.rendering import day_of, rubles

_LEFT, _TOP, _WIDTH, _HEIGHT, _INSIDE = 20, 20, 170, 122, 12
"""The frame, in millimetres: what is below it is cut or folded away."""
_QR_SIDE = 56
_QR_QUIET = 4
"""Modules of white around a QR, as its standard asks."""


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
    page = new_page(f"{words.title} {paper.number}", paper.language, paper.issued_at)
    page.rect(_LEFT, _TOP, _WIDTH, _HEIGHT, style="D")
    left, width = _LEFT + _INSIDE, _WIDTH - 2 * _INSIDE
    beside = width - _QR_SIDE

    page.set_xy(left, _TOP + _INSIDE)
    put_line(page, words.title, 15, beside, bold=True)
    put_line(page, rubles(paper.amount), 28, beside, bold=True, after=12)
    put_line(page, f"{words.number}: {paper.number}", 10, beside)
    put_line(page, f"{words.issued}: {_day(paper.issued_at, paper.language)}", 10, beside)
    put_line(page, _until(paper, words), 10, beside)
    page.image(_qr(paper.code_grouped), left + beside, _TOP + _INSIDE - 5, _QR_SIDE, _QR_SIDE)

    page.set_xy(left, _TOP + 70)
    put_line(page, words.code, 9, width, grey=True)
    put_line(page, paper.code_grouped, 14, width, bold=True, after=6)
    put_line(page, words.how, 10, width, after=2)
    put_line(page, words.care, 9, width, grey=True)
    return bytes(page.output())


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
