"""A text as the parts of a short message: GSM 7-bit where it can be, else UCS-2. Pure.

smpplib's own splitting cuts characters of two units in half and writes a grave accent for §, so
the alphabet and the cuts are here.
"""

from dataclasses import dataclass

GSM = 0x00
UCS2 = 0x08
"""Values of ``data_coding``. The first is the centre's own alphabet: GSM 03.38 by convention."""

MAX_PARTS = 10

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = {
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_ESCAPE = "\x1b"
_OCTETS = {
    **{sign: bytes([code]) for code, sign in enumerate(_BASIC) if sign != _ESCAPE},
    **{sign: bytes([0x1B, code]) for sign, code in _EXTENDED.items()},
}
_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))
"""Blanks as amounts of money have them: one alone would halve the room of a Latin text."""
_ROOM = {GSM: (160, 153), UCS2: (140, 134)}
"""Octets of a message in one piece, and of each piece of a longer one."""


class Unsendable(ValueError):
    """Empty, above MAX_PARTS, or of characters that are no text."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes into each submit_sm; several have the header (UDH) by which a phone joins them."""

    coding: int
    bodies: tuple[bytes, ...]


def parts_of(text: str, reference: int) -> Parts:
    """The parts of a text, joined by ``reference`` (0 to 255). Raises Unsendable."""
    text = text.translate(_BLANKS)
    if not text.strip() or any(_is_no_text(sign) for sign in text):
        raise Unsendable
    coding, signs = _encoded(text)
    whole, piece = _ROOM[coding]
    if sum(map(len, signs)) <= whole:
        return Parts(coding, (b"".join(signs),))
    bodies = _cut(signs, piece)
    if len(bodies) > MAX_PARTS:
        raise Unsendable
    head = bytes([5, 0, 3, reference, len(bodies)])
    return Parts(
        coding, tuple(head + bytes([number]) + body for number, body in enumerate(bodies, start=1))
    )


def _is_no_text(sign: str) -> bool:
    return (sign < " " and sign not in "\r\n") or "\x7f" <= sign <= "\x9f"


def _encoded(text: str) -> tuple[int, list[bytes]]:
    """Each character's octets, so that none is ever cut."""
    try:
        return GSM, [_OCTETS[sign] for sign in text]
    except KeyError:
        pass
    try:
        return UCS2, [sign.encode("utf-16-be") for sign in text]
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise Unsendable from error


def _cut(signs: list[bytes], room: int) -> list[bytes]:
    bodies = [bytearray()]
    for octets in signs:
        if len(bodies[-1]) + len(octets) > room:
            bodies.append(bytearray())
        bodies[-1] += octets
    return [bytes(body) for body in bodies]
