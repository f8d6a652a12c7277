"""TLS to the SMS centre, the mail server and the billing: with a certificate that is known, or not
at all."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sandbox.messages.process import TelecomProcess, running_telecom
from sandbox.messages.store import delivered
from tests.tracker.gateways.strangers import stranger
from tracker.gateways.billing import HttpBilling
from tracker.gateways.smpp import SmppSms
from tracker.gateways.smtp import SmtpMail
from tracker.kit.providers import mail_server_from, sms_centre_from
from tracker.notifications.ports import Letter, Outcome, Receipt, ShortMessage
from tracker.settlement.ports import Outcome as Billed
from tracker.settlement.ports import TopUp

SMS_URL = "smpps://club:secret@127.0.0.1:0?source=CLUB"
STARTTLS = "smtp://club:secret@127.0.0.1:0?from=club@example.org"
IMPLICIT = "smtps://127.0.0.1:0?from=club@example.org"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "sandbox.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + own.public_bytes(Encoding.PEM)
    )
    return path


@pytest.fixture(params=[STARTTLS, IMPLICIT], ids=["starttls", "implicit"])
def telecom(
    request: pytest.FixtureRequest, tmp_path: Path, certificate: Path
) -> Iterator[TelecomProcess]:
    with running_telecom(
        tmp_path, sms_url=SMS_URL, mail_url=request.param, certificate=certificate
    ) as running:
        yield running


def sent(telecom: TelecomProcess) -> list[Receipt]:
    sms = SmppSms(sms_centre_from(telecom.sms_url), 5)
    mail = SmtpMail(mail_server_from(telecom.mail_url), 5)
    message = ShortMessage("sms", "+79001234567", "Код 1")
    again = ShortMessage("again", "+79001234567", "Код 2")
    letters = [Letter("mail", "anna@example.org", "Код", "Код 3\n")]
    found = [*sms.send([message]), *sms.send([again]), *mail.send(letters)]
    sms.close()
    return found


def test_with_a_known_certificate(
    telecom: TelecomProcess, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert {one.outcome for one in sent(telecom)} == {Outcome.ACCEPTED}
    assert [one.text for one in delivered(telecom.data)] == ["Код 1", "Код 2", "Код 3\n"]


def test_with_an_unknown_certificate_nothing_is_sent(telecom: TelecomProcess) -> None:
    assert {one.outcome for one in sent(telecom)} == {Outcome.TEMPORARY}
    assert delivered(telecom.data) == []


def test_billing_over_tls_keeps_to_the_certificate_and_the_time(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate)
    body = b'{"code": "not_found", "key": "payout:1"}'
    head = b"HTTP/1.1 404 No\r\nContent-Type: application/problem+json\r\n"
    head += b"Content-Length: 40\r\n\r\n"

    def answer(connection: socket.socket) -> None:
        with ours.wrap_socket(connection, server_side=True) as secret:
            asked = secret.recv(4096)
            secret.sendall(head + (body if b"payout" in asked else b""))
            secret.recv(4096)

    late, known = TopUp("late:1", "", 1), TopUp("payout:1", "", 1)
    with stranger(answer) as port:
        url = f"https://127.0.0.1:{port}"
        assert HttpBilling(url, "token", 10).query(known).reason == "not_connected"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert HttpBilling(url, "token", 10).query(known).outcome is Billed.NOT_FOUND
        assert HttpBilling(url, "token", 0.3).query(late).reason == "timeout"
