"""The SMPP client and servers that are no good: nobody waits for long, nothing is made up."""

import socket
import time

import pytest

from sandbox.messages.frames import HEADER, RESPONSE
from tests.tracker.gateways.sending import at, send_one
from tests.tracker.gateways.strangers import dripping, silent, stranger
from tracker.gateways.smpp import SmppSms
from tracker.kit.providers import sms_centre_from
from tracker.notifications.ports import Outcome, Reason, Receipt, ShortMessage


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert send_one(at(port), "+79001234567") == Receipt(
        "one", Outcome.TEMPORARY, reason=Reason.NOT_CONNECTED
    )


@pytest.mark.parametrize("octet", [b"", b"\0", b"\xff"])
def test_a_server_that_hangs_or_drips_holds_nobody(octet: bytes) -> None:
    with stranger(dripping(octet) if octet else silent) as port:
        begun = time.monotonic()
        receipt = send_one(at(port), "+79001234567")
        assert time.monotonic() - begun < 2
        assert receipt.outcome is Outcome.TEMPORARY, "nothing was handed over"


def test_a_server_that_hangs_after_the_bind() -> None:
    """Ten are under way and in doubt, the others were never sent."""

    def binds(connection: socket.socket) -> None:
        _, command, _, sequence = HEADER.unpack(connection.recv(4096)[:16])
        connection.sendall(HEADER.pack(17, command | RESPONSE, 0, sequence) + b"\0")
        silent(connection)

    with stranger(binds) as port:
        centre = sms_centre_from(f"smpp://c:s@127.0.0.1:{port}?source=7788&window=10")
        batch = [ShortMessage(f"m:{n}", "+79001234567", "x") for n in range(15)]
        receipts = SmppSms(centre, 1.0).send(batch)
    assert {(one.outcome, one.reason) for one in receipts[:10]} == {
        (Outcome.UNKNOWN, Reason.TIMEOUT)
    }
    assert {(one.outcome, one.reason) for one in receipts[10:]} == {
        (Outcome.TEMPORARY, Reason.NO_TIME_LEFT)
    }


def test_the_centres_own_requests_are_answered() -> None:
    heard: list[tuple[int, int, int]] = []

    def asks(connection: socket.socket) -> None:
        _, command, _, sequence = HEADER.unpack(connection.recv(4096)[:16])
        bound = HEADER.pack(17, command | RESPONSE, 0, sequence) + b"\0"
        asked = [HEADER.pack(16, one, 0, n) for n, one in enumerate((0x15, 0x05, 0x103), 1)]
        connection.sendall(bound + b"".join(asked))
        length, command, _, sequence = HEADER.unpack(connection.recv(16, socket.MSG_WAITALL))
        connection.recv(length - 16, socket.MSG_WAITALL)  # no more: the answers may be behind it
        connection.sendall(HEADER.pack(18, command | RESPONSE, 0, sequence) + b"7\0")
        for length in (16, 17, 16):
            octets = connection.recv(length, socket.MSG_WAITALL)
            heard.append(HEADER.unpack(octets[:16])[1:])

    with stranger(asks) as port:
        assert send_one(at(port, 5), "+79001234567").reference == "7"
        for _ in range(100):
            if len(heard) == 3:
                break
            time.sleep(0.02)
    assert heard == [(0x80000015, 0, 1), (0x80000005, 0, 2), (0x80000000, 3, 3)]


def test_nothing_personal_is_shown() -> None:
    shown = repr(ShortMessage("k", "+79001234567", "Код 123456")) + repr(at(9))
    assert "7900" not in shown
    assert "123456" not in shown
    assert "secret" not in shown
