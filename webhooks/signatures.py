"""Standard Webhooks 1.0 signatures over raw bytes. Pure: the moment is passed in."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from webhooks.errors import SignatureNotAccepted, TimestampNotAccepted

TOLERANCE = timedelta(minutes=5)
"""How far a timestamp may be from our clock, both ways."""

MAX_ID_BYTES = 200
_SCHEME = "v1"
_MAX_SIGNATURES = 10


def sign(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    """The value a shop puts into ``webhook-signature``."""
    signed = webhook_id.encode() + b"." + timestamp.encode() + b"." + body
    return f"{_SCHEME},{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: datetime) -> str:
    """The webhook-id of a genuine message. Raises SignatureNotAccepted."""
    return match(headers, body, keys, now)[0]


def match(
    headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: datetime
) -> tuple[str, int]:
    """The webhook-id of a genuine message, and which key signed it. Raises SignatureNotAccepted,
    and its kind TimestampNotAccepted for what is genuine and not of our time.

    Every key is tried, so that a shop may change from one secret to the next without a gap. A
    shop without any, or with an empty one, lets nobody in.
    """
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = [
        decoded
        for part in headers.get("webhook-signature", "").split(" ")[:_MAX_SIGNATURES]
        if (decoded := _decoded(part)) is not None
    ]
    if not (_is_id(webhook_id) and timestamp.isascii() and given):
        raise SignatureNotAccepted
    signed = webhook_id.encode() + b"." + timestamp.encode() + b"." + body
    genuine = None
    for place, key in enumerate(keys):
        expected = hmac.digest(key, signed, hashlib.sha256) if key else b""
        for signature in given:
            if hmac.compare_digest(expected, signature) and key and genuine is None:
                genuine = place
    if genuine is None:
        raise SignatureNotAccepted
    if not _is_recent(timestamp, now):
        raise TimestampNotAccepted
    return webhook_id, genuine


def _decoded(part: str) -> bytes | None:
    scheme, _, value = part.partition(",")
    if scheme != _SCHEME:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _is_id(text: str) -> bool:
    return 0 < len(text) <= MAX_ID_BYTES and text.isascii() and text.isprintable()


def _is_recent(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()
