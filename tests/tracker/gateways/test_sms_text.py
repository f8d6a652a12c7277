"""Texts cut into parts: never within a character, and a phone reads what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.messages.frames import Submit
from sandbox.messages.joining import Joiner
from tracker.gateways.sms_text import GSM, MAX_PARTS, UCS2, Parts, Unsendable, parts_of

GSM_SIGNS = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./059:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€"


def read(parts: Parts, *, backwards: bool = False) -> str:
    """What a phone shows, in whatever order the parts come."""
    joiner = Joiner()
    several = len(parts.bodies) > 1
    bodies = reversed(parts.bodies) if backwards else iter(parts.bodies)
    wholes = [
        joiner.add(Submit("CLUB", "79001234567", parts.coding, several, body), "S1")
        for body in bodies
    ]
    assert [whole is None for whole in wholes] == [True] * (len(wholes) - 1) + [False]
    last = wholes[-1]
    assert last is not None
    return last.text


@pytest.mark.parametrize(
    ("text", "coding", "parts"),
    [
        ("Your code: 123456", GSM, 1),
        ("a" * 160, GSM, 1),
        ("a" * 161, GSM, 2),
        ("a" * 306, GSM, 2),
        ("a" * 307, GSM, 3),
        ("€" * 80, GSM, 1),
        ("€" * 81, GSM, 2),
        ("Ваш код: 123456", UCS2, 1),
        ("я" * 70, UCS2, 1),
        ("я" * 71, UCS2, 2),
        ("я" * 134, UCS2, 2),
        ("я" * 135, UCS2, 3),
        ("`", UCS2, 1),
        ("₽", UCS2, 1),
    ],
)
def test_the_shortest_form_is_taken(text: str, coding: int, parts: int) -> None:
    found = parts_of(text, 7)
    assert (found.coding, len(found.bodies)) == (coding, parts)
    assert all(len(body) <= (160 if coding == GSM else 140) for body in found.bodies)
    assert read(found) == text


def test_blanks_of_typography_are_plain_ones() -> None:
    found = parts_of("150\u00a0RUB, 1\u202f000\u2009x", 7)
    assert (found.coding, read(found)) == (GSM, "150 RUB, 1 000 x")


def test_every_sign_of_the_alphabet_is_itself() -> None:
    found = parts_of(GSM_SIGNS, 7)
    assert found.coding == GSM
    assert read(found) == GSM_SIGNS


@given(st.text(st.sampled_from(GSM_SIGNS), min_size=150, max_size=700), st.integers(0, 255))
def test_no_escaped_sign_is_cut(text: str, reference: int) -> None:
    if text.strip():
        assert read(parts_of(text, reference), backwards=True) == text


@given(st.text(st.sampled_from("яё😀 z"), min_size=60, max_size=300), st.integers(0, 255))
def test_no_pair_is_cut(text: str, reference: int) -> None:
    if text.strip():
        assert read(parts_of(text, reference), backwards=True) == text


@pytest.mark.parametrize(
    "text", ["", " \n", "a\0b", "a\x1bb", "a\x7f", "a\x85", "\ud83d", "я" * (67 * MAX_PARTS + 1)]
)
def test_what_cannot_be_sent(text: str) -> None:
    with pytest.raises(Unsendable):
        parts_of(text, 7)


def test_the_longest() -> None:
    assert len(parts_of("я" * (67 * MAX_PARTS), 7).bodies) == MAX_PARTS
