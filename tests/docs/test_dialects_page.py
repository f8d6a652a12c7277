"""docs/dialects.md: every dialect has its chapter, and every sample on it is read."""

import re
from datetime import UTC, datetime

import pytest

from tests.docs.pages import blocks, page
from tests.docs.test_every_page import anchors
from webhooks.adapters.admitad import REVISION_SIGNATURE
from webhooks.dialects import NAMES, named
from webhooks.wire import forms
from webhooks.wire.letters import Content, Shape

TEXT = page("dialects.md")
OWN_PAGES = {"native": "webhooks.md", "mapped": "own-format.md"}
CHAPTERS = {
    re.sub(r"\W.*", "", chapter.splitlines()[0].lower()): chapter
    for chapter in re.split(r"^## ", TEXT, flags=re.M)[1:]
}
SHAPES = {"json": Shape.JSON, "xml": Shape.XML, "form": Shape.FORM}
SAMPLES = [
    pytest.param(name, block.language, block.text, id=f"{name}-{number}")
    for name in NAMES
    if name not in OWN_PAGES
    for number, block in enumerate(blocks(CHAPTERS.get(name, "")))
]


def test_every_dialect_has_its_chapter_or_its_page() -> None:
    assert set(NAMES) - set(OWN_PAGES) <= CHAPTERS.keys()
    for name in OWN_PAGES.values():
        assert f"]({name})" in TEXT


@pytest.mark.parametrize(("name", "language", "text"), SAMPLES)
def test_every_sample_is_read(name: str, language: str, text: str) -> None:
    raw = text.strip().encode()
    for field in ("postback_key", "revision_sign"):
        if language == "form":
            raw = forms.without(raw, field)
    notices = named(name).read(Content(SHAPES[language], raw), datetime(2010, 12, 24, tzinfo=UTC))
    assert notices


def test_the_schemes_it_tells_of_are_those_there_are() -> None:
    for name in set(NAMES) - set(OWN_PAGES):
        by_name = {scheme.name: scheme.is_trusted for scheme in named(name).schemes}
        assert by_name["standard-webhooks"]
        assert not by_name["url-key"]
        assert by_name.get("header-key") is (None if name == "admitad" else True)
    assert not REVISION_SIGNATURE.is_trusted


def test_its_own_links_lead_somewhere() -> None:
    for anchor in re.findall(r"\]\(#([^)]+)\)", TEXT):
        assert anchor in anchors(TEXT), anchor
