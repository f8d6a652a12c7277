"""Addresses of an SMS centre and a mail server: read whole, refused without telling passwords."""

from pathlib import Path

import pytest

from tracker.kit.providers import (
    MailServer,
    Security,
    SmsCentre,
    billing_from,
    mail_server_from,
    sms_centre_from,
)


def test_an_sms_centre() -> None:
    assert sms_centre_from("smpp://club:p%40ss@smsc.example?source=%2B79001234567") == SmsCentre(
        host="smsc.example", port=2775, user="club", password="p@ss", source="+79001234567"
    )
    over_tls = sms_centre_from("smpps://club:x@smsc.example:3000?source=CLUB&window=50")
    assert (over_tls.tls, over_tls.port, over_tls.window) == (True, 3000, 50)


def test_a_mail_server() -> None:
    assert mail_server_from("smtp://mail.example?from=club@example.org") == MailServer(
        host="mail.example",
        port=25,
        user="",
        password="",
        sender="club@example.org",
        security=Security.STARTTLS,
    )
    named = mail_server_from(
        "smtp://u:p@m.example:587?from=club@example.org&name=%D0%9A%D0%BB%D1%83%D0%B1&tls=none"
    )
    assert (named.user, named.password, named.name) == ("u", "p", "Клуб")
    assert named.security is Security.NONE
    assert mail_server_from("smtps://m.example?from=c@example.org").security is Security.TLS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://u:secret@h?source=X",
        "smpp://:secret@h?source=X",
        "smpp://u:secret@?source=X",
        "smpp://u:secret@h:99999?source=X",
        "smpp://u:secret@[h?source=X",
        "smpp://u:secret@h/path?source=X",
        "smpp://u:secret-90@h?source=X",
        "smpp://sixteen-letters-:secret@h?source=X",
        "smpp://u:secret@h",
        "smpp://u:secret@h?source=",
        "smpp://u:secret@h?source=КЛУБ",
        "smpp://u:secret@h?source=TwelveLetter",
        "smpp://u:secret@h?source=X&windows=1",
        "smpp://u:secret@h?source=X&window=0",
        "smpp://u:secret@h?source=X&window=201",
        "smpp://u:secretя@h?source=X",
    ],
)
def test_what_is_no_sms_centre(text: str) -> None:
    with pytest.raises(ValueError) as refusal:
        sms_centre_from(text)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "smpp://u:secret@h?from=a@b",
        "smtp://u:secret@h",
        "smtp://u:secret@h?from=a",
        "smtp://u:secret@h?from=a@b%0d%0aBcc:c@d",
        "smtp://u:secret@h?from=Club <a@b>",
        "smtp://u:secret@h?from=клуб@b",
        "smtp://u:secret@h?from=a@b&name=Club%0d%0aBcc:c@d",
        "smtp://u:secret@h?from=a@b&tls=perhaps",
        "smtp://u@h?from=a@b",
        "smtp://:secret@h?from=a@b",
        "smtp://u:secret@h?from=a@b&window=1",
    ],
)
def test_what_is_no_mail_server(text: str) -> None:
    with pytest.raises(ValueError) as refusal:
        mail_server_from(text)
    assert "secret" not in str(refusal.value)


def test_passwords_are_never_shown() -> None:
    shown = repr(sms_centre_from("smpp://u:secret@h?source=X")) + repr(
        mail_server_from("smtp://u:secret@h?from=a@b")
    )
    assert "secret" not in shown


def test_where_the_operator_takes_topups() -> None:
    assert billing_from("https://billing.example/api") == "https://billing.example/api"
    assert billing_from("registry:///srv/the%20files") == Path("/srv/the files")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "billing.example",
        "ftp://billing.example",
        "http://",
        "http://billing.example:port",
        "registry:",
        "registry:srv",
        "registry://srv/files",
        "registry:///srv?x=1",
        "registry:///srv%00",
    ],
)
def test_what_is_no_billing(text: str) -> None:
    with pytest.raises(ValueError):
        billing_from(text)
