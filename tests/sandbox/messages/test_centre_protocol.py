"""The SMS centre spoken to in raw octets: framing, binding, and what only a rude client does."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.messages.frames import HEADER, NACK, RESPONSE, Command, Status
from sandbox.messages.process import TelecomProcess, running_telecom
from sandbox.messages.store import delivered
from tracker.kit.providers import sms_centre_from


@pytest.fixture(scope="module")
def telecom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelecomProcess]:
    with running_telecom(tmp_path_factory.mktemp("telecom")) as running:
        yield running


class Rude:
    """A client that sends whatever it is told."""

    def __init__(self, telecom: TelecomProcess) -> None:
        self.centre = sms_centre_from(telecom.sms_url)
        self.socket = socket.create_connection((self.centre.host, self.centre.port), 10)

    def say(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def hear(self) -> tuple[int, int, int, bytes]:
        """Command, status, sequence and body of the next PDU."""
        head = self.socket.recv(HEADER.size, socket.MSG_WAITALL)
        length, command, status, sequence = HEADER.unpack(head)
        rest = length - HEADER.size
        body = self.socket.recv(rest, socket.MSG_WAITALL) if rest else b""
        return command, status, sequence, body

    def bind(self) -> None:
        self.say(bind(self.centre.user, self.centre.password))
        assert self.hear()[:3] == (Command.BIND_TRANSMITTER | RESPONSE, Status.OK, 1)

    def is_left(self) -> bool:
        return self.socket.recv(1) == b""


@pytest.fixture
def rude(telecom: TelecomProcess) -> Iterator[Rude]:
    client = Rude(telecom)
    with client.socket:
        yield client


def pdu(command: int, sequence: int, body: bytes = b"") -> bytes:
    return HEADER.pack(HEADER.size + len(body), command, 0, sequence) + body


def bind(user: str, password: str, command: Command = Command.BIND_TRANSMITTER) -> bytes:
    who = user.encode() + b"\0" + password.encode() + b"\0"
    return pdu(command, 1, who + b"\0\x34\0\0\0")


def submit(sequence: int, to: str, text: bytes, *, coding: int = 0, kind: int = 0) -> bytes:
    body = b"\0\5\0CLUB\0\1\1" + to.encode() + b"\0"
    body += bytes([kind, 0, 0]) + b"\0\0" + bytes([0, 0, coding, 0, len(text)]) + text
    return pdu(Command.SUBMIT, sequence, body)


def test_many_pdus_in_one_piece_are_told_apart(rude: Rude, telecom: TelecomProcess) -> None:
    to = "79000000001"
    pieces = b"".join(submit(n, to, f"text {n}".encode()) for n in range(2, 202))
    rude.say(bind(rude.centre.user, rude.centre.password) + pieces + pdu(Command.ENQUIRE, 999))
    assert rude.hear()[1] == Status.OK
    answers = [rude.hear() for _ in range(200)]
    assert [answer[2] for answer in answers] == list(range(2, 202))
    assert {answer[1] for answer in answers} == {Status.OK}
    assert rude.hear()[:3] == (Command.ENQUIRE | RESPONSE, Status.OK, 999)
    found = delivered(telecom.data, f"+{to}")
    assert [one.text for one in found] == [f"text {n}" for n in range(2, 202)]
    assert [one.reference for one in found] == [
        answer[3].rstrip(b"\0").decode() for answer in answers
    ]


def test_a_pdu_in_many_pieces_is_one(rude: Rude, telecom: TelecomProcess) -> None:
    rude.bind()
    for octet in submit(2, "79000000002", b"octet by octet"):
        rude.say(bytes([octet]))
    assert rude.hear()[:3] == (Command.SUBMIT | RESPONSE, Status.OK, 2)
    assert [one.text for one in delivered(telecom.data, "+79000000002")] == ["octet by octet"]


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [
        ("tracker", "wrong", Status.BAD_PASSWORD),
        ("tracker", "", Status.BAD_PASSWORD),
        ("somebody", "", Status.BAD_SYSTEM_ID),
        ("", "", Status.BAD_SYSTEM_ID),
    ],
)
def test_who_is_not_known_may_not_submit(
    rude: Rude, user: str, password: str, status: Status
) -> None:
    rude.say(bind(user, password))
    assert rude.hear()[1] == status
    rude.say(submit(2, "79000000003", b"x"))
    assert rude.hear()[1] == Status.NOT_BOUND
    rude.bind()


def test_nobody_binds_twice_and_a_receiver_does_not_submit(rude: Rude) -> None:
    rude.say(bind(rude.centre.user, rude.centre.password, Command.BIND_RECEIVER))
    assert rude.hear()[1] == Status.OK
    rude.say(submit(2, "79000000003", b"x"))
    assert rude.hear()[1] == Status.NOT_BOUND
    rude.bind()
    rude.say(bind(rude.centre.user, rude.centre.password))
    assert rude.hear()[1] == Status.BOUND_ALREADY


def test_unbinding_is_answered_and_ends_it(rude: Rude) -> None:
    rude.bind()
    rude.say(pdu(Command.UNBIND, 2))
    assert rude.hear()[:3] == (Command.UNBIND | RESPONSE, Status.OK, 2)
    assert rude.is_left()


def test_what_it_does_not_know_it_says_so(rude: Rude) -> None:
    rude.say(pdu(0x21, 5))
    assert rude.hear()[:3] == (NACK, Status.UNKNOWN_COMMAND, 5)
    rude.say(HEADER.pack(15, 4, 0, 6))
    assert rude.hear()[:3] == (NACK, Status.BAD_LENGTH, 6)
    assert rude.is_left()


@pytest.mark.parametrize("body", [b"", b"\0\0\0", b"x" * 100])
def test_a_body_that_is_none_ends_it(rude: Rude, body: bytes) -> None:
    rude.bind()
    rude.say(pdu(Command.SUBMIT, 2, body))
    assert rude.is_left()


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (submit(2, "900", b"x"), Status.BAD_DESTINATION),
        (submit(2, "+79000000004", b"x"), Status.BAD_DESTINATION),
        (submit(2, "79000000004", b"\x80"), Status.BAD_CODING),
        (submit(2, "79000000004", b"\x1b"), Status.BAD_CODING),
        (submit(2, "79000000004", b"\x04", coding=8), Status.BAD_CODING),
        (submit(2, "79000000004", b"x", coding=3), Status.BAD_CODING),
        (submit(2, "79000000004", b"x", kind=0x40), Status.BAD_CODING),
        (submit(2, "79000000004", b"\5\0\3\1\2\3x", kind=0x40), Status.BAD_CODING),
    ],
)
def test_what_cannot_be_delivered_is_refused(
    rude: Rude, telecom: TelecomProcess, octets: bytes, status: Status
) -> None:
    rude.bind()
    rude.say(octets)
    assert rude.hear()[1] == status
    assert delivered(telecom.data, "+79000000004") == []


def test_parts_wait_for_one_another_from_any_connection(
    rude: Rude, telecom: TelecomProcess
) -> None:
    other = Rude(telecom)
    rude.bind()
    other.bind()
    with other.socket:
        other.say(submit(2, "79000000005", b"\5\0\3\7\2\2 two", kind=0x40))
        assert other.hear()[1] == Status.OK
        assert delivered(telecom.data, "+79000000005") == []
        rude.say(submit(2, "79000000005", b"\5\0\3\7\2\1one", kind=0x40))
        assert rude.hear()[1] == Status.OK
    (found,) = delivered(telecom.data, "+79000000005")
    assert (found.text, found.parts) == ("one two", 2)


def test_the_box_is_its_owners_alone(telecom: TelecomProcess, rude: Rude) -> None:
    rude.bind()
    files = sorted(Path(telecom.data).glob("messages.sqlite3*"))
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
