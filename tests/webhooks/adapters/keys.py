"""Letting a recorded payload in: with the key of a shop, by each scheme of its dialect."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from partners.credentials.rules import Secret
from tests.webhooks.adapters.payloads import Payload, payloads
from tests.webhooks.letters import now
from webhooks.schemes.keys import UrlKey
from webhooks.signatures import sign
from webhooks.wire import forms
from webhooks.wire.letters import Shape
from webhooks.wire.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    query: str
    headers: dict[str, str]
    body: bytes


def open_by(scheme: Scheme, payload: Payload, secret: Secret) -> Request | None:
    """The payload with a key for this scheme; None where the scheme cannot carry it."""
    return _OPENERS[scheme.name](scheme, payload, secret)


def _signed(_: Scheme, payload: Payload, secret: Secret) -> Request | None:
    if not payload.body or payload.method == "GET":
        return None
    webhook_id = f"{payload.id}-{secret.id}"
    moment = str(now())
    headers = {
        **payload.headers,
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": sign(secret.signing_key, webhook_id, moment, payload.body),
    }
    return Request(payload.method, payload.query.decode(), headers, payload.body)


def _with_header(_: Scheme, payload: Payload, secret: Secret) -> Request:
    headers = {**payload.headers, "x-api-key": secret.shown["header_key"]}
    return Request(payload.method, payload.query.decode(), headers, payload.body)


def _with_field(scheme: Scheme, payload: Payload, secret: Secret) -> Request:
    assert isinstance(scheme, UrlKey)
    query = _joined(payload.query.decode(), f"{scheme.field}={secret.shown['url_key']}")
    return Request(payload.method, query, dict(payload.headers), payload.body)


def _with_revision_sign(_: Scheme, payload: Payload, secret: Secret) -> Request | None:
    content = payload.content
    fields = forms.decode(content.raw) if content.shape is Shape.FORM else {}
    if not (fields.get("campaign_code") and fields.get("order_id")):
        return None
    signed = (fields["campaign_code"] + fields["order_id"]).encode()
    key = secret.shown["url_key"].encode()
    field = "revision_sign=" + hmac.new(key, signed, hashlib.sha1).hexdigest()
    if payload.body:
        body = _joined(payload.body.decode(), field).encode()
        return Request(payload.method, payload.query.decode(), dict(payload.headers), body)
    query = _joined(payload.query.decode(), field)
    return Request(payload.method, query, dict(payload.headers), b"")


def _joined(form: str, field: str) -> str:
    return f"{form}&{field}" if form else field


_OPENERS: dict[str, Callable[[Scheme, Payload, Secret], Request | None]] = {
    "standard-webhooks": _signed,
    "header-key": _with_header,
    "url-key": _with_field,
    "admitad-revision": _with_revision_sign,
}


def cases() -> Iterator[tuple[Payload, Scheme]]:
    """For each dialect and each of its schemes the first payload that it can carry."""
    seen = set()
    for payload in payloads():
        for scheme in payload.dialect.schemes:
            name = (payload.dialect_name, scheme)
            if name not in seen and open_by(scheme, payload, Secret(0, b"any key")):
                seen.add(name)
                yield payload, scheme


CASES = list(cases())
every_scheme = pytest.mark.parametrize(
    ("payload", "scheme"),
    CASES,
    ids=[f"{payload.id}-{scheme.name}-{getattr(scheme, 'field', '')}" for payload, scheme in CASES],
)
