"""What a shop's secret is good for. Pure.

One secret opens the door in several ways, each with a key of its own that is derived from it by a
one-way function: whoever finds the key of an address in a log can neither make a header key nor a
signature of it.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tracker.kit.errors import Conflict, Invalid, NotFound

SIGNING_PREFIX = "whsec_"
HEADER_PREFIX = "whkey_"
URL_PREFIX = "whurl_"
_DERIVED_BYTES = 24
_GIVEN_BYTES = range(16, 201)


class SecretInvalid(Invalid):
    """A secret that a shop brings along must be 16 to 200 printable ASCII characters, without
    blanks around it."""

    code = "secret_invalid"


class SecretNotFound(NotFound):
    """The shop has no such secret."""

    code = "secret_not_found"


class SecretEnded(Conflict):
    """The secret holds no more; there is nothing to revoke."""

    code = "secret_ended"


class SecretKind(StrEnum):
    """Where a secret comes from, and what it may open."""

    ISSUED = "issued"
    """Made by us: opens the door in every way."""
    GIVEN = "given"
    """Brought along by the shop, as its code has it already. It may be weak and has been elsewhere:
    it stands in addresses and makes unproven signatures, but it is no header's key and never signs
    a Standard Webhook, for whoever reads it in an address could then do that as well."""
    TRIAL = "trial"
    """For test traffic: what it opens the door to is answered and looked at, never booked."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a shop, and until when it holds (None: no end is set)."""

    id: int
    key: bytes = field(repr=False)
    valid_until: datetime | None = None
    kind: SecretKind = SecretKind.ISSUED

    def holds(self, now: datetime) -> bool:
        """Whether it is good at this moment."""
        return self.valid_until is None or now < self.valid_until

    @property
    def signing_key(self) -> bytes:
        """The key of Standard Webhooks signatures; empty, which opens nothing, for a given one."""
        return b"" if self.kind is SecretKind.GIVEN else self.key

    @property
    def header_key(self) -> bytes:
        """What stands in a header; empty, which opens nothing, for a given one."""
        return b"" if self.kind is SecretKind.GIVEN else self._derived(HEADER_PREFIX)

    @property
    def url_key(self) -> bytes:
        """What stands in an address, or signs what is not proved by it; a given one is that key."""
        return self.key if self.kind is SecretKind.GIVEN else self._derived(URL_PREFIX)

    @property
    def shown(self) -> dict[str, str]:
        """How the shop writes it: for signatures, for a header, for an address. Empty for a given
        one: the shop has it."""
        if self.kind is SecretKind.GIVEN:
            return {}
        return {
            "secret": SIGNING_PREFIX + base64.b64encode(self.key).decode(),
            "header_key": self.header_key.decode(),
            "url_key": self.url_key.decode(),
        }

    def _derived(self, prefix: str) -> bytes:
        if not self.key:
            return b""
        digest = hmac.digest(self.key, b"tracker " + prefix.encode(), hashlib.sha256)
        return prefix.encode() + base64.urlsafe_b64encode(digest[:_DERIVED_BYTES])


def read_given(text: str) -> bytes:
    """A secret that a shop brings along, from what was typed or piped. Raises SecretInvalid."""
    if not (text.isascii() and text.isprintable() and text == text.strip()):
        raise SecretInvalid
    if len(text) not in _GIVEN_BYTES:
        raise SecretInvalid
    return text.encode()
