"""Pages on paper (A4, as PDF), with the letters of our languages. Pure."""

from datetime import datetime
from pathlib import Path

from fpdf import FPDF

FONT = "DejaVu"
GREY, INK = 110, 20
_FONTS = Path(__file__).with_name("fonts")
_STYLES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}


def new_page(title: str, language: str, made_at: datetime, *, breaks: bool = False) -> FPDF:
    """A first page; the same bytes for the same words. ``breaks``: what is long goes overleaf."""
    page = FPDF(format="A4")
    page.set_creation_date(made_at)
    page.set_title(title)
    page.set_lang(language)
    page.set_auto_page_break(auto=breaks, margin=20)
    for style, name in _STYLES.items():
        page.add_font(FONT, style, _FONTS / name)
    page.add_page()
    page.set_draw_color(GREY)
    return page


def put_line(
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
    page.set_font(FONT, "B" if bold else "", size)
    page.set_text_color(GREY if grey else INK)
    left = page.get_x()
    page.multi_cell(width, size * 0.5, text, align="L")
    page.set_xy(left, page.get_y() + after)
