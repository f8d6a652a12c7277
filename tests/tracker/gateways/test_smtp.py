"""The mail client and the stand-in for a mail server over real TCP: what is said, what arrived."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.messages.process import TelecomProcess, running_telecom
from sandbox.messages.store import delivered
from tests.tracker.gateways.strangers import Manner, dripping, silent, stranger
from tracker.gateways.smtp import SmtpMail
from tracker.kit.providers import mail_server_from
from tracker.notifications.ports import Letter, MailGateway, Outcome, Reason, Receipt

RULES = [
    {"action": "refuse", "on": "mail", "to_suffix": "@refused.example"},
    {"action": "refuse", "on": "mail", "to_suffix": "@relay.example", "status": 530},
    {"action": "throttle", "on": "mail", "to_suffix": "@busy.example"},
    {"action": "timeout_before_acting", "on": "mail", "to_suffix": "@early.example"},
    {"action": "timeout_after_acting", "on": "mail", "to_suffix": "@late.example"},
    {"action": "drop_before_acting", "on": "mail", "to_suffix": "@cut.example"},
    {"action": "drop_after_acting", "on": "mail", "to_suffix": "@gone.example"},
    {"action": "garbage", "on": "mail", "to_suffix": "@odd.example"},
]


@pytest.fixture(scope="module")
def telecom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelecomProcess]:
    folder = tmp_path_factory.mktemp("telecom")
    script = folder / "faults.json"
    script.write_text(json.dumps({"rules": RULES}))
    with running_telecom(folder, faults=script) as running:
        yield running


@pytest.fixture
def mail(telecom: TelecomProcess) -> SmtpMail:
    return SmtpMail(mail_server_from(telecom.mail_url + "&name=%D0%9A%D0%BB%D1%83%D0%B1"), 20)


@pytest.fixture
def hasty(telecom: TelecomProcess) -> SmtpMail:
    return SmtpMail(mail_server_from(telecom.mail_url), 1)


def at(port: int, timeout: float = 1.0, rest: str = "from=club@example.org&tls=none") -> SmtpMail:
    return SmtpMail(mail_server_from(f"smtp://127.0.0.1:{port}?{rest}"), timeout)


def letter(address: str, text: str = "Привет", *, key: str = "one", subject: str = "Код") -> Letter:
    return Letter(key, address, subject, text)


def send_one(gateway: MailGateway, address: str, text: str = "Привет") -> Receipt:
    (receipt,) = gateway.send([letter(address, text)])
    return receipt


def texts(telecom: TelecomProcess, address: str) -> list[str]:
    return [one.text for one in delivered(telecom.data, address)]


def test_letters_arrive_as_they_were_written(mail: SmtpMail, telecom: TelecomProcess) -> None:
    written = [
        "Your code is 123456.\n",
        "Добро пожаловать в клуб!\nВаш код: 123456\n",
        ".a dot first\n..two\n.\nlast\n",
        "a long line " * 200 + "\n",
        "From here\n\n\n",
    ]
    batch = [letter("whole@example.org", text, key=f"l:{n}") for n, text in enumerate(written)]
    receipts = mail.send(batch)
    assert {one.outcome for one in receipts} == {Outcome.ACCEPTED}
    found = delivered(telecom.data, "whole@example.org")
    assert [one.text for one in found] == written
    assert [one.subject for one in found] == ["Код"] * 5
    assert [one.reference for one in found] == [one.reference for one in receipts]
    assert {one.sender for one in found} == {"club@localhost"}


def test_a_subject_may_have_blanks_of_typography(mail: SmtpMail, telecom: TelecomProcess) -> None:
    subject = "Кэшбэк 1\u00a0500,00\u00a0₽ 👨\u200d👩\u200d👧"
    mail.send([letter("blanks@example.org", subject=subject)])
    assert [one.subject for one in delivered(telecom.data, "blanks@example.org")] == [subject]


def test_a_second_copy_is_known_for_what_it_is(mail: SmtpMail, telecom: TelecomProcess) -> None:
    for key in ("welcome:7", "welcome:7", "welcome:8"):
        mail.send([letter("twice@example.org", key=key)])
    first, second, third = [one.reference for one in delivered(telecom.data, "twice@example.org")]
    assert first == second != third
    assert first.endswith("@localhost>")


def test_addresses_in_other_scripts(mail: SmtpMail, telecom: TelecomProcess) -> None:
    assert send_one(mail, "anna@почта.рф").outcome is Outcome.ACCEPTED
    assert len(texts(telecom, "anna@xn--80a1acny.xn--p1ai")) == 1


@pytest.mark.parametrize(
    ("host", "outcome", "reason", "arrived"),
    [
        ("refused.example", Outcome.REFUSED, "smtp_550", 0),
        ("relay.example", Outcome.TEMPORARY, "smtp_530", 0),
        ("busy.example", Outcome.TEMPORARY, "smtp_451", 0),
        ("cut.example", Outcome.UNKNOWN, Reason.CONNECTION_LOST, 0),
        ("gone.example", Outcome.UNKNOWN, Reason.CONNECTION_LOST, 1),
        ("odd.example", Outcome.UNKNOWN, Reason.GARBAGE, 1),
    ],
)
def test_what_goes_wrong_is_told(
    mail: SmtpMail,
    telecom: TelecomProcess,
    *,
    host: str,
    outcome: Outcome,
    reason: str,
    arrived: int,
) -> None:
    assert send_one(mail, f"anna@{host}") == Receipt("one", outcome, reason=reason)
    assert len(texts(telecom, f"anna@{host}")) == arrived
    assert send_one(mail, "fine@example.org").outcome is Outcome.ACCEPTED


def test_a_refusal_harms_no_other_letter(mail: SmtpMail) -> None:
    hosts = ["example.org", "refused.example", "example.org", "busy.example", "example.org"]
    batch = [letter(f"anna@{host}", key=str(n)) for n, host in enumerate(hosts)]
    assert [one.outcome for one in mail.send(batch)] == [
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.ACCEPTED,
        Outcome.TEMPORARY,
        Outcome.ACCEPTED,
    ]


def test_what_was_not_begun_is_temporary(mail: SmtpMail) -> None:
    batch = [letter("anna@gone.example", key="0"), letter("anna@example.org", key="1")]
    first, second = mail.send(batch)
    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.TEMPORARY)


@pytest.mark.parametrize(("host", "arrived"), [("early.example", 0), ("late.example", 1)])
def test_silence_is_unknown_and_ends_in_time(
    hasty: SmtpMail, telecom: TelecomProcess, host: str, arrived: int
) -> None:
    begun = time.monotonic()
    batch = [letter(f"anna@{host}", key="0"), letter("anna@example.org", key="1")]
    first, second = hasty.send(batch)
    assert time.monotonic() - begun < 2
    assert first == Receipt("0", Outcome.UNKNOWN, reason=Reason.TIMEOUT)
    assert second == Receipt("1", Outcome.TEMPORARY, reason=Reason.NO_TIME_LEFT)
    assert len(texts(telecom, f"anna@{host}")) == arrived


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@",
        "анна@example.org",
        "anna@example.org\r\nRCPT TO:<boris@example.org>",
        "anna@example.org>\r\nDATA",
        "Anna <anna@example.org>",
        "anna@example.org,boris@example.org",
    ],
)
def test_what_is_no_address_is_refused_without_asking(mail: SmtpMail, address: str) -> None:
    assert send_one(mail, address) == Receipt("one", Outcome.REFUSED, reason=Reason.BAD_ADDRESS)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Код\r\nBcc: boris@example.org", "x"),
        ("Код\nBcc: boris@example.org", "x"),
        ("Код\u2028Bcc: boris@example.org", "x"),
        ("", "x"),
        ("Код", ""),
        ("Код", "\ud83d"),
        ("\ud83d", "x"),
        ("Код", "x" * 100_001),
    ],
)
def test_headers_cannot_be_slipped_in(mail: SmtpMail, subject: str, text: str) -> None:
    (receipt,) = mail.send([letter("anna@example.org", text, subject=subject)])
    assert receipt == Receipt("one", Outcome.REFUSED, reason=Reason.BAD_TEXT)


def test_an_empty_batch_asks_nothing() -> None:
    assert at(9).send([]) == []


def test_a_key_twice_is_our_mistake(mail: SmtpMail) -> None:
    with pytest.raises(ValueError, match="each key once"):
        mail.send([letter("anna@example.org")] * 2)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert send_one(at(port), "anna@example.org").reason == Reason.NOT_CONNECTED


def test_the_password_is_asked_for(tmp_path: Path) -> None:
    own = "smtp://club:secret@127.0.0.1:0?from=club@example.org&tls=none"
    with running_telecom(tmp_path, mail_url=own) as telecom:
        known = SmtpMail(mail_server_from(telecom.mail_url), 5)
        assert send_one(known, "anna@example.org").outcome is Outcome.ACCEPTED
        wrong = SmtpMail(mail_server_from(telecom.mail_url.replace("secret", "guess")), 5)
        assert send_one(wrong, "anna@example.org").reason == Reason.NOT_LET_IN
        nobody = SmtpMail(mail_server_from(telecom.mail_url.replace("club:secret@", "")), 5)
        assert send_one(nobody, "anna@example.org") == Receipt(
            "one", Outcome.TEMPORARY, reason="smtp_530"
        )
    assert len(delivered(tmp_path)) == 1


def test_without_starttls_nothing_is_sent(telecom: TelecomProcess) -> None:
    secret = SmtpMail(mail_server_from(telecom.mail_url.replace("&tls=none", "")), 5)
    assert send_one(secret, "open@example.org").reason == Reason.NOT_LET_IN
    assert texts(telecom, "open@example.org") == []


@pytest.mark.parametrize(
    "manner", [silent, dripping(b"2"), dripping(b"220-slow\r\n"), dripping(b"\0\r\n")]
)
def test_a_server_that_hangs_or_drips_holds_nobody(manner: Manner) -> None:
    with stranger(manner) as port:
        begun = time.monotonic()
        receipt = send_one(at(port), "anna@example.org")
        assert time.monotonic() - begun < 2
        assert receipt.outcome is Outcome.TEMPORARY


def test_nothing_personal_is_shown() -> None:
    shown = repr(Letter("k", "anna@example.org", "Тема", "Код 123456")) + repr(at(9))
    assert "anna" not in shown
    assert "123456" not in shown
    assert "Тема" not in shown
