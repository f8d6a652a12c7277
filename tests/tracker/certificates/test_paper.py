"""The paper of a certificate, as a printer and a salon's scanner see it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import zxingcpp
from PIL.Image import Image
from pypdfium2 import PdfDocument

from tracker.certificates.paper import Paper, certificate_pdf
from tracker.members.rules import Language

PAPER = Paper(
    number=17,
    amount=150_000,
    code_grouped="K7Q2M-9XW4R-T1ZB8-NEJ6H-3D0C5",
    language=Language.RU,
    issued_at=datetime(2011, 1, 5, 22, tzinfo=UTC),
    expires_at=None,
)
WIDEST = "WWWWW-MMMMM-WWWWW-MMMMM-WWWWW"


def text(pdf: bytes) -> str:
    """All text of the page, as one would copy it from a viewer."""
    page = PdfDocument(pdf)[0]
    return " ".join(page.get_textpage().get_text_range().split())


def picture(pdf: bytes, dots_per_inch: int) -> Image:
    image: Image = PdfDocument(pdf)[0].render(scale=dots_per_inch / 72).to_pil()
    return image


def scanned(image: Image) -> list[str]:
    return [one.text for one in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("dots_per_inch", [72, 150, 300])
def test_the_qr_says_the_code(language: Language, dots_per_inch: int) -> None:
    pdf = certificate_pdf(replace(PAPER, language=language))
    assert scanned(picture(pdf, dots_per_inch)) == [PAPER.code_grouped]


def test_a_crooked_photo_of_it_is_read() -> None:
    photo = picture(certificate_pdf(PAPER), 150).convert("L")
    crooked = photo.rotate(17, expand=True, fillcolor=255).resize((800, 1000))
    assert scanned(crooked) == [PAPER.code_grouped]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.RU, "Сертификат салона 1 500,00 ₽ Номер: 17 Выдан: 6 января 2011"),
        (Language.UK, "Сертифікат салону 1 500,00 ₽ Номер: 17 Виданий: 6 січня 2011"),
        (Language.EN, "Salon certificate 1 500,00 ₽ Number: 17 Issued: January 6, 2011"),
    ],
)
def test_it_speaks_the_members_language(language: Language, words: str) -> None:
    said = text(certificate_pdf(replace(PAPER, language=language)))
    assert said.startswith(words)
    assert PAPER.code_grouped in said


def test_it_says_how_long_it_is_good() -> None:
    assert "Без срока действия" in text(certificate_pdf(PAPER))
    until = replace(PAPER, expires_at=datetime(2012, 2, 29, 19, 59, tzinfo=UTC))
    assert "Действует до: 29 февраля 2012, 23:59" in text(certificate_pdf(until))


def test_the_widest_code_stays_on_its_line_and_the_largest_sum_fits() -> None:
    widest = replace(PAPER, number=2**63 - 1, amount=8_000_000, code_grouped=WIDEST)
    pdf = certificate_pdf(widest)
    assert WIDEST in text(pdf)
    assert "80 000,00 ₽" in text(pdf)
    assert len(PdfDocument(pdf)) == 1
    assert scanned(picture(pdf, 150)) == [WIDEST]


def test_it_is_one_small_page_and_the_same_every_time() -> None:
    pdf = certificate_pdf(PAPER)
    assert pdf == certificate_pdf(PAPER)
    assert len(pdf) < 50_000
