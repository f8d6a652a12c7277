"""Schemes that show a key instead of a signature. Pure."""

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.credentials.rules import Secret
from webhooks.errors import MediaNotTaken, SignatureNotAccepted
from webhooks.wire import forms
from webhooks.wire.letters import Content, Letter, Shape
from webhooks.wire.scheme import Shown


@dataclass(frozen=True, slots=True)
class HeaderKey:
    """A key in ``x-api-key``, or as the password or bearer token of ``authorization``."""

    name: str = "header-key"
    proves: str = "that the sender has the shop's key, which no address and no log line shows"
    is_trusted: bool = True
    fields: tuple[str, ...] = ()

    def applies(self, letter: Letter) -> bool:
        """Whether there is a key in the headers."""
        return "x-api-key" in letter.headers or "authorization" in letter.headers

    def check(self, letter: Letter, secrets: Sequence[Secret], now: datetime) -> Shown:  # noqa: ARG002
        """Let in whoever shows the key. Raises SignatureNotAccepted."""
        given = letter.headers.get("x-api-key", "").encode() or _authorization(letter)
        secret = _owner(given, secrets, lambda one: one.header_key)
        content = letter.content
        if content is None:
            raise MediaNotTaken
        return Shown(secret, content.identity, content)


@dataclass(frozen=True, slots=True)
class UrlKey:
    """A key in the address or in a form field. It is taken out of what is kept."""

    field: str = "key"
    name: str = "url-key"
    proves: str = "that the sender knows an address; proxies and logs may know it as well"
    is_trusted: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The one."""
        return (self.field,)

    def applies(self, letter: Letter) -> bool:
        """Whether the field is there, and not empty."""
        content = letter.content
        in_body = content is not None and content.shape is Shape.FORM and self._given(content.raw)
        return bool(self._given(letter.query) or in_body)

    def check(self, letter: Letter, secrets: Sequence[Secret], now: datetime) -> Shown:  # noqa: ARG002
        """Let in whoever shows the key. Raises SignatureNotAccepted."""
        content = letter.content
        given = self._given(letter.query)
        if content is not None and content.shape is Shape.FORM:
            given = self._given(content.raw) or given
            content = Content(Shape.FORM, forms.without(content.raw, self.field))
        secret = _owner(given, secrets, lambda one: one.url_key)
        if content is None:
            raise MediaNotTaken
        return Shown(secret, content.identity, content)

    def _given(self, form: bytes) -> bytes:
        """The key, as the last of such fields has it."""
        return next(reversed(forms.values(form, self.field)), b"")


def _authorization(letter: Letter) -> bytes:
    kind, _, value = letter.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip().encode()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _owner(given: bytes, secrets: Sequence[Secret], key_of: Callable[[Secret], bytes]) -> Secret:
    owner = None
    for one in secrets:
        key = key_of(one)
        if hmac.compare_digest(given[: forms.MAX_SHOWN], key) and key:
            owner = owner or one
    if owner is None:
        raise SignatureNotAccepted
    return owner


HEADER_KEY = HeaderKey()
URL_KEY = UrlKey()
