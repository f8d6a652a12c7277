"""What a secret opens in each dialect by each scheme: at the edges of an overlap, empty, given."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from partners.credentials.rules import Secret, SecretKind
from tests.webhooks.adapters.keys import CASES, Request, every_scheme, open_by
from tests.webhooks.adapters.payloads import Payload, payloads
from tracker.kit.clock import SystemClock
from webhooks.door.doors import Door
from webhooks.door.reception import check
from webhooks.errors import SignatureNotAccepted
from webhooks.signatures import sign
from webhooks.wire.letters import Letter
from webhooks.wire.scheme import Scheme

OLD = Secret(1, b"the old secret, 32 bytes long ..")
NEW = Secret(2, b"the new secret, 32 bytes long ..")
INSTANT = timedelta(microseconds=1)

FIRSTS = list({payload.dialect_name: payload for payload, _ in reversed(CASES)}.values())
every_dialect = pytest.mark.parametrize("payload", FIRSTS, ids=lambda one: one.dialect_name)


def test_every_scheme_of_every_dialect_is_tried() -> None:
    declared = {
        (payload.dialect_name, scheme)
        for payload in payloads()
        for scheme in payload.dialect.schemes
    }
    assert declared == {(payload.dialect_name, scheme) for payload, scheme in CASES}


def opens(payload: Payload, letter: Letter, now: datetime, *secrets: Secret) -> bool:
    """Whether a door with these secrets, in the payload's dialect, opens to a letter."""
    door = Door(1, 0, has_left=False, secrets=secrets, dialect=payload.dialect)
    try:
        check(door, letter, now, door.dialect.schemes)
    except SignatureNotAccepted:
        return False
    return True


def letter_of(request: Request | None) -> Letter:
    assert request
    named = {name.lower(): value for name, value in request.headers.items()}
    return Letter(request.method, named, request.query.encode(), request.body)


@every_scheme
def test_both_open_until_the_overlap_ends_and_then_one(payload: Payload, scheme: Scheme) -> None:
    now = SystemClock().now()
    ending = replace(OLD, valid_until=now)
    old, new = (letter_of(open_by(scheme, payload, one)) for one in (OLD, NEW))
    for moment, old_opens in ((now - INSTANT, True), (now, False), (now + INSTANT, False)):
        for order in ((ending, NEW), (NEW, ending)):
            assert opens(payload, old, moment, *order) is old_opens
            assert opens(payload, new, moment, *order)
    assert not opens(payload, old, now, ending)


@every_scheme
def test_nobodys_key_opens_nothing(payload: Payload, scheme: Scheme) -> None:
    letter = letter_of(open_by(scheme, payload, NEW))
    assert opens(payload, letter, SystemClock().now(), NEW)
    assert not opens(payload, letter, SystemClock().now(), OLD)
    assert not opens(payload, letter, SystemClock().now())


def with_nothing(payload: Payload) -> Iterator[Letter]:
    """The payload, shown with no key, and with the empty one in every place and form."""
    plain = Letter(payload.method, dict(payload.headers), payload.query, payload.body)
    yield plain
    basic = [base64.b64encode(one).decode() for one in (b"", b":", b"shop:", b"shop")]
    for name, values in {
        "x-api-key": ["", " "],
        "authorization": [
            "",
            "Bearer",
            "Bearer ",
            "Basic",
            "Basic ",
            *(f"Basic {one}" for one in basic),
        ],
        "webhook-signature": ["", "v1,", "v1", ","],
    }.items():
        for value in values:
            yield replace(plain, headers={**plain.headers, name: value})
    yield replace(plain, headers={**plain.headers, "x-api-key": "", "authorization": "Bearer "})
    order = b"campaign_code=c&order_id=o&"
    made = hmac.new(b"", b"co", hashlib.sha1).hexdigest().encode()
    for field in (b"key=", b"key", b"postback_key=", b"%6bey=", b"key=&key=", b"revision_sign="):
        yield from in_a_form(plain, field)
        yield from in_a_form(plain, order + field)
    for given in (made, made.upper(), b"0" * 40):
        yield from in_a_form(plain, order + b"revision_sign=" + given)
        yield from in_a_form(plain, b"order_id=&campaign_code=&revision_sign=" + given)
    moment = str(int(SystemClock().now().timestamp()))
    for key in (b"", b"\0", b"\0" * 32):
        signed = {
            "webhook-id": "msg",
            "webhook-timestamp": moment,
            "webhook-signature": sign(key, "msg", moment, payload.body),
        }
        yield replace(plain, headers={**plain.headers, **signed})


def in_a_form(plain: Letter, fields: bytes) -> Iterator[Letter]:
    """Fields in the address, in the body, and as all there is of a GET."""
    form = {**plain.headers, "content-type": "application/x-www-form-urlencoded"}
    yield replace(plain, query=plain.query + b"&" + fields if plain.query else fields)
    yield Letter("POST", form, b"", fields)
    yield Letter("GET", {}, fields, b"")


EMPTY = [(), *((Secret(1, b"", None, kind),) for kind in SecretKind)]


@every_dialect
@pytest.mark.parametrize(
    "secrets", EMPTY, ids=lambda one: f"an empty {one[0].kind}" if one else "none"
)
def test_an_empty_or_missing_secret_closes_the_door(
    payload: Payload, secrets: tuple[Secret, ...]
) -> None:
    now = SystemClock().now()
    letters = list(with_nothing(payload))
    assert len(letters) > 50
    for letter in letters:
        assert not opens(payload, letter, now, *secrets), letter


@every_dialect
def test_nothing_but_the_key_opens_a_good_door_either(payload: Payload) -> None:
    now = SystemClock().now()
    for letter in with_nothing(payload):
        assert not opens(payload, letter, now, NEW, OLD), letter


@every_scheme
def test_a_key_of_one_kind_is_none_of_another(payload: Payload, scheme: Scheme) -> None:
    """Whoever reads the key of an address in a log can neither make a header's key of it nor sign,
    and the other way round."""
    now = SystemClock().now()
    right = {"standard-webhooks": NEW.signing_key, "header-key": NEW.header_key}
    keys = {NEW.signing_key, NEW.header_key, NEW.url_key}
    assert len(keys) == 3
    for key in keys - {right.get(scheme.name, NEW.url_key)}:
        letter = letter_of(open_by(scheme, payload, _Bare(key)))
        assert not opens(payload, letter, now, NEW)


class _Bare(Secret):
    """Shows one key for every use."""

    def __init__(self, key: bytes) -> None:
        super().__init__(9, key)

    @property
    def shown(self) -> dict[str, str]:
        text = self.key.decode("latin-1")
        return {"secret": text, "header_key": text, "url_key": text}


GIVEN = Secret(3, b"a key of the shop's own", None, SecretKind.GIVEN)


@every_scheme
def test_a_given_secret_opens_what_proves_little_and_nothing_else(
    payload: Payload, scheme: Scheme
) -> None:
    letter = letter_of(open_by(scheme, payload, _Bare(GIVEN.key)))
    assert opens(payload, letter, SystemClock().now(), GIVEN) is not scheme.is_trusted
