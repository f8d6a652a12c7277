"""One connection to an SMS centre: whole PDUs in and out, every wait bounded.

smpplib writes the PDUs. Its client is not used: it shows PDUs, passwords with them, to the log at
DEBUG, reads lengths unbounded, and waits anew after every byte.
"""

import select
import socket
import ssl
import struct
import time
from dataclasses import dataclass
from typing import Any

from smpplib import smpp
from smpplib.client import SimpleSequenceGenerator
from smpplib.command_codes import commands

from tracker.kit.providers import SmsCentre
from tracker.notifications.ports import Reason

_HEADER = struct.Struct(">LLLL")
_MAX_PDU = 70_000
"""Octets: the longest optional parameter, and room for the rest."""
_CHUNK = 65_536

BIND_RESP = commands["bind_transmitter_resp"]
SUBMIT_RESP = commands["submit_sm_resp"]
NACK = commands["generic_nack"]
ENQUIRE = commands["enquire_link"]
ENQUIRE_RESP = commands["enquire_link_resp"]
UNBIND = commands["unbind"]
DELIVER = commands["deliver_sm"]
_RESPONSE = 0x80000000
_UNKNOWN_COMMAND = 0x00000003
_NOT_US = {0x0000000D, 0x0000000E, 0x0000000F}
"""The bind failed, the password or the system id is another."""


class LinkLost(Exception):
    """The connection is of no more use; ``reason`` as for a Receipt."""

    def __init__(self, reason: str) -> None:
        self.reason = str(reason)
        super().__init__(self.reason)


@dataclass(frozen=True, slots=True)
class Pdu:
    """One message of the centre; the body is not read any further than is needed."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def is_request(self) -> bool:
        """It wants an answer."""
        return not self.command & _RESPONSE


def status_reason(status: int) -> str:
    """A provider's status as a reason."""
    return f"smpp_{status:08x}"


class Link:
    """A bound connection. Moments are of ``time.monotonic``. Any method may raise LinkLost."""

    def __init__(self, centre: SmsCentre, trust: ssl.SSLContext | None, until: float) -> None:
        """Connect and bind as a transmitter."""
        self._sequences = SimpleSequenceGenerator()
        self._buffer = bytearray()
        self._socket = _connected(centre, trust, until)
        try:
            self._bind(centre, until)
        except LinkLost:
            self.close()
            raise

    def written(self, command: str, **fields: Any) -> tuple[int, bytes]:
        """A new request's sequence number and octets."""
        pdu = smpp.make_pdu(command, client=self._sequences, **fields)
        return pdu.sequence, pdu.generate()

    def send(self, octets: bytes, until: float) -> None:
        """Hand over whole PDUs. When it raises, the centre may have read all of them."""
        try:
            self._socket.settimeout(_left(until))
            self._socket.sendall(octets)
        except TimeoutError as error:
            raise LinkLost(Reason.TIMEOUT) from error
        except OSError as error:
            raise LinkLost(Reason.CONNECTION_LOST) from error

    def next(self, until: float) -> Pdu:
        """The centre's next PDU."""
        while (pdu := self._taken()) is None:
            self._read(until)
        return pdu

    def has_more(self) -> bool:
        """Whether something came that was not taken yet, be it that the centre has left."""
        if len(self._buffer) >= _HEADER.size:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def answer(self, pdu: Pdu, until: float) -> None:
        """Answer a request of the centre's own. Raises LinkLost also when it takes its leave."""
        status = 0 if pdu.command in (ENQUIRE, UNBIND, DELIVER) else _UNKNOWN_COMMAND
        command = NACK if status else pdu.command | _RESPONSE
        body = b"\0" if pdu.command == DELIVER else b""
        head = _HEADER.pack(_HEADER.size + len(body), command, status, pdu.sequence)
        self.send(head + body, until)
        if pdu.command == UNBIND:
            raise LinkLost(Reason.CONNECTION_LOST)

    def is_alive(self, until: float) -> bool:
        """Ask the centre, and wait for its answer."""
        sequence, octets = self.written("enquire_link")
        try:
            self.send(octets, until)
            while (pdu := self.next(until)).sequence != sequence or pdu.command != ENQUIRE_RESP:
                if pdu.is_request:
                    self.answer(pdu, until)
        except LinkLost:
            return False
        return True

    def close(self) -> None:
        """Harmless when closed."""
        self._socket.close()

    def _bind(self, centre: SmsCentre, until: float) -> None:
        sequence, octets = self.written(
            "bind_transmitter", system_id=centre.user, password=centre.password
        )
        self.send(octets, until)
        pdu = self.next(until)
        if pdu.sequence != sequence or pdu.command not in (BIND_RESP, NACK):
            raise LinkLost(Reason.GARBAGE)
        if pdu.status in _NOT_US:
            raise LinkLost(Reason.NOT_LET_IN)
        if pdu.status or pdu.command == NACK:
            raise LinkLost(status_reason(pdu.status))

    def _taken(self) -> Pdu | None:
        """A whole PDU from what was read, if there is one."""
        length = int.from_bytes(self._buffer[:4])
        if len(self._buffer) >= 4 and not _HEADER.size <= length <= _MAX_PDU:
            raise LinkLost(Reason.GARBAGE)
        if len(self._buffer) < max(length, _HEADER.size):
            return None
        _, command, status, sequence = _HEADER.unpack_from(self._buffer)
        body = bytes(self._buffer[_HEADER.size : length])
        del self._buffer[:length]
        return Pdu(command, status, sequence, body)

    def _read(self, until: float) -> None:
        try:
            self._socket.settimeout(_left(until))
            chunk = self._socket.recv(_CHUNK)
        except TimeoutError as error:
            raise LinkLost(Reason.TIMEOUT) from error
        except OSError as error:
            raise LinkLost(Reason.CONNECTION_LOST) from error
        if not chunk:
            raise LinkLost(Reason.CONNECTION_LOST)
        self._buffer += chunk


def _connected(centre: SmsCentre, trust: ssl.SSLContext | None, until: float) -> socket.socket:
    try:
        plain = socket.create_connection((centre.host, centre.port), _left(until))
    except OSError as error:
        raise LinkLost(Reason.NOT_CONNECTED) from error
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if trust is None:
            return plain
        plain.settimeout(_left(until))
        return trust.wrap_socket(plain, server_hostname=centre.host)
    except OSError as error:
        plain.close()
        raise LinkLost(Reason.NOT_CONNECTED) from error


def _left(until: float) -> float:
    """Seconds until a moment; raises TimeoutError when it is over."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
