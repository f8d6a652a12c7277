"""Parts of long messages, joined as a phone does it, and octets read as text. Pure."""

from collections import OrderedDict
from dataclasses import dataclass, field

from sandbox.messages.frames import Submit, Unreadable

_UNFINISHED = 1000
"""Long messages that may wait for a part; beyond them the oldest is forgotten."""
_UCS2 = 8
_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = {
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}


@dataclass(frozen=True, slots=True)
class Whole:
    """A message with all its parts; ``reference`` is that of the part that came first."""

    text: str
    reference: str
    parts: int


@dataclass(slots=True)
class _Unfinished:
    reference: str
    total: int
    bodies: dict[int, str] = field(default_factory=dict)


class Joiner:
    """Remembers parts until their message is whole."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str, int], _Unfinished] = OrderedDict()

    def add(self, part: Submit, reference: str) -> Whole | None:
        """The message that this part completes, if it does. Raises Unreadable."""
        if not part.has_header:
            return Whole(text_of(part.coding, part.body), reference, 1)
        joint, total, number, body = _header(part.body)
        text = text_of(part.coding, body)
        name = (part.sender, part.to, joint)
        found = self._open.setdefault(name, _Unfinished(reference, total))
        if found.total != total or number in found.bodies:  # another message with that number
            found = self._open[name] = _Unfinished(reference, total)
        found.bodies[number] = text
        if len(found.bodies) < total:
            if len(self._open) > _UNFINISHED:
                self._open.popitem(last=False)
            return None
        del self._open[name]
        whole = "".join(found.bodies[n] for n in range(1, total + 1))
        return Whole(whole, found.reference, total)


def text_of(coding: int, body: bytes) -> str:
    """A body as text: GSM 03.38 or UCS-2. Raises Unreadable."""
    if coding == _UCS2:
        try:
            return body.decode("utf-16-be")
        except UnicodeDecodeError as error:  # a pair cut in half, or half an octet pair
            raise Unreadable from error
    if coding != 0:
        raise Unreadable
    return _gsm(body)


def _gsm(body: bytes) -> str:
    text = []
    octets = iter(body)
    try:
        for octet in octets:
            escaped = octet == 0x1B
            text.append(_ESCAPED[next(octets)] if escaped else _ALPHABET[octet])
    except (IndexError, KeyError, StopIteration) as error:
        raise Unreadable from error
    return "".join(text)


def _header(body: bytes) -> tuple[int, int, int, bytes]:
    """Joint number, how many parts, which of them, and the rest."""
    if len(body) < 6 or body[:3] != b"\x05\x00\x03":
        raise Unreadable
    joint, total, number = body[3:6]
    if not 1 <= number <= total:
        raise Unreadable
    return joint, total, number, body[6:]
