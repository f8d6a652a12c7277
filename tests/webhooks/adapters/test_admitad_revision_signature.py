"""Admitad's signature of a revision: it lets in, it is not kept, and it proves little."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from partners.credentials.rules import Secret, SecretKind
from webhooks.adapters.admitad import DIALECT, REVISION_SIGNATURE
from webhooks.errors import SignatureNotAccepted
from webhooks.wire.letters import Content, Letter, Shape
from webhooks.wire.scheme import Shown

NOW = datetime(2010, 12, 24, tzinfo=UTC)
KEY = b"0123456789acbdef"
OWN = Secret(1, KEY, kind=SecretKind.GIVEN)
ISSUED = Secret(2, b"i" * 32)
FORM = {"content-type": "application/x-www-form-urlencoded"}

SIGN = "01ae14a1c4ef90e6ce48c65525833e3f8a1f0228"
"""Of the sample in the vendor's own documents."""
SIGNED = b"campaign_code=campaign_code&order_id=my_order_id_here"


def letter(form: bytes, method: str = "POST") -> Letter:
    return Letter("GET", {}, form) if method == "GET" else Letter(method, FORM, b"", form)


def check(form: bytes, *secrets: Secret, method: str = "POST") -> Shown:
    return REVISION_SIGNATURE.check(letter(form, method), secrets, NOW)


def sign_with(secret: Secret) -> str:
    return hmac.new(secret.url_key, b"campaign_codemy_order_id_here", hashlib.sha1).hexdigest()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_vendors_own_sample_is_let_in_and_the_signature_is_not_kept(method: str) -> None:
    form = SIGNED + b"&status=approved&revision_sign=" + SIGN.encode() + b"&amount=5"
    shown = check(form, ISSUED, OWN, method=method)
    kept = Content(Shape.FORM, SIGNED + b"&status=approved&amount=5")
    assert shown == Shown(OWN, kept.identity, kept)


def test_every_secret_is_tried() -> None:
    for secrets in ((ISSUED, OWN), (OWN, ISSUED)):
        for one in secrets:
            form = SIGNED + b"&revision_sign=" + sign_with(one).encode()
            assert check(form, *secrets).secret is one


def test_keys_beside_it_are_not_kept() -> None:
    sign = b"&revision_sign=" + SIGN.encode()
    shown = check(b"key=k1&" + SIGNED + b"&postback_key=k2&status=declined" + sign, OWN)
    assert shown.content.raw == SIGNED + b"&status=declined"


def test_capital_digits_are_the_same_signature() -> None:
    check(SIGNED + b"&revision_sign=" + SIGN.upper().encode(), OWN)


def test_what_is_signed_is_decoded_first() -> None:
    key, signed = OWN.url_key, "код№ 1".encode()
    sign = hmac.new(key, signed, hashlib.sha1).hexdigest().encode()
    check(b"campaign_code=%D0%BA%D0%BE%D0%B4&order_id=%E2%84%96+1&revision_sign=" + sign, OWN)


@pytest.mark.parametrize(
    "form",
    [
        SIGNED + b"&revision_sign=",
        SIGNED + b"&revision_sign=" + b"0" * 40,
        SIGNED + b"&revision_sign=%D1%84%ff",
        SIGNED.replace(b"here", b"there") + b"&revision_sign=" + SIGN.encode(),
        SIGNED + b"&revision_sign=%s&revision_sign=%s" % (SIGN.encode(), SIGN.encode()),
        SIGNED + b"&order_id=other&revision_sign=" + SIGN.encode(),
        SIGNED + b"&x=%zz&revision_sign=" + SIGN.encode(),
        b"order_id=campaign_codemy_order_id_here&revision_sign=" + SIGN.encode(),
        b"campaign_code=campaign_codemy_order_id_here&revision_sign=" + SIGN.encode(),
    ],
)
def test_anything_else_is_not_let_in(form: bytes) -> None:
    with pytest.raises(SignatureNotAccepted):
        check(form, OWN, ISSUED)


def test_an_empty_secret_lets_nobody_in() -> None:
    sign = hmac.new(b"", b"campaign_codemy_order_id_here", hashlib.sha1).hexdigest().encode()
    with pytest.raises(SignatureNotAccepted):
        check(SIGNED + b"&revision_sign=" + sign, Secret(1, b"", kind=SecretKind.GIVEN))
    with pytest.raises(SignatureNotAccepted):
        check(SIGNED + b"&revision_sign=" + SIGN.encode())


def test_it_applies_to_forms_that_have_it_and_comes_before_keys() -> None:
    assert REVISION_SIGNATURE.applies(letter(b"revision_sign="))
    assert not REVISION_SIGNATURE.applies(letter(SIGNED))
    assert not REVISION_SIGNATURE.applies(
        Letter("POST", {"content-type": "text/xml"}, b"", b"<a/>")
    )
    assert not REVISION_SIGNATURE.applies(Letter("POST", {}, b"", b"revision_sign="))
    both = letter(b"postback_key=k&revision_sign=x")
    applying = [scheme.name for scheme in DIALECT.schemes if scheme.applies(both)]
    assert applying == ["admitad-revision", "url-key"]


def test_only_standard_webhooks_are_trusted() -> None:
    trusted = [scheme.name for scheme in DIALECT.schemes if scheme.is_trusted]
    assert trusted == ["standard-webhooks"]
