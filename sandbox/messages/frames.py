"""SMPP 3.4 as the centre sees it: PDUs read and written. Pure, and independent of smpplib."""

import struct
from dataclasses import dataclass
from enum import IntEnum

HEADER = struct.Struct(">LLLL")
MAX_PDU = 70_000


class Command(IntEnum):
    """The commands that the centre understands; an answer has the highest bit set."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT = 0x04
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE = 0x15


RESPONSE = 0x80000000
NACK = RESPONSE


class Status(IntEnum):
    """What the centre answers."""

    OK = 0x00
    BAD_LENGTH = 0x02
    UNKNOWN_COMMAND = 0x03
    NOT_BOUND = 0x04
    BOUND_ALREADY = 0x05
    SYSTEM_ERROR = 0x08
    BAD_DESTINATION = 0x0B
    BAD_PASSWORD = 0x0E
    BAD_SYSTEM_ID = 0x0F
    BAD_CODING = 0x66
    THROTTLED = 0x58


class Unreadable(Exception):
    """Not a PDU of the kind that it says it is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One PDU, its body not read yet."""

    command: int
    status: int
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Bind:
    """Who wants to be bound."""

    system_id: str
    password: str


@dataclass(frozen=True, slots=True)
class Submit:
    """One short message, or one part of a long one."""

    sender: str
    to: str
    coding: int
    has_header: bool
    """The body begins with a header (UDHI) that says of what it is a part."""
    body: bytes


def answer(frame: Frame, status: int, body: bytes = b"") -> bytes:
    """The octets of an answer to a request."""
    return written(frame.command | RESPONSE, status, frame.sequence, body)


def written(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """The octets of a PDU."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def read_bind(body: bytes) -> Bind:
    """Raises Unreadable."""
    fields = _Fields(body)
    return Bind(fields.text(16), fields.text(9))


def read_submit(body: bytes) -> Submit:
    """Raises Unreadable; optional parameters are passed over."""
    fields = _Fields(body)
    fields.text(6)
    fields.octets(2)
    sender = fields.text(21)
    fields.octets(2)
    to = fields.text(21)
    kind, _, _ = fields.octets(3)
    fields.text(17)
    fields.text(17)
    _, _, coding, _, length = fields.octets(5)
    return Submit(sender, to, coding, bool(kind & 0x40), fields.octets(length))


class _Fields:
    """A body, read from its beginning."""

    def __init__(self, body: bytes) -> None:
        self._left = body

    def text(self, room: int) -> str:
        """Up to a NUL, which counts towards the room."""
        text, nul, left = self._left.partition(b"\0")
        if not nul or len(text) >= room:
            raise Unreadable
        self._left = left
        return text.decode("latin-1")

    def octets(self, number: int) -> bytes:
        if len(self._left) < number:
            raise Unreadable
        found, self._left = self._left[:number], self._left[number:]
        return found
