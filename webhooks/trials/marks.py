"""What is seen of a request in a trial, and why one was not let in. Pure.

For us alone: whoever was refused hears the bare 401 that everybody hears.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.credentials.rules import Secret
from tracker.kit.errors import TrackerError
from webhooks.errors import ShopUnknown, SignatureNotAccepted, TimestampNotAccepted
from webhooks.trials.rules import Outcome
from webhooks.wire.letters import Letter
from webhooks.wire.scheme import Scheme

_ID, _MOMENT, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_MAX_ID, _MAX_MOMENT = 200, 20


@dataclass(frozen=True, slots=True)
class Marks:
    """What a request bears, whoever wrote it."""

    webhook_id: str | None
    timestamp: str | None
    request: bytes | None
    """SHA-256 of the signature and all that it is made of: two requests with one are the same,
    byte for byte. None without a signature."""


def marks_of(letter: Letter) -> Marks:
    """The marks of a letter."""
    given = [letter.headers.get(name, "") for name in (_ID, _MOMENT, _SIGNATURE)]
    request = None
    if given[2]:
        told = "\n".join(given).encode("utf-8", "replace")
        request = hashlib.sha256(told + b"\n" + letter.body).digest()
    return Marks(_kept(given[0], _MAX_ID), _kept(given[1], _MAX_MOMENT), request)


def why_refused(
    error: TrackerError,
    letter: Letter,
    schemes: Sequence[Scheme],
    ended: Sequence[Secret],
    now: datetime,
) -> Outcome:
    """As what a refusal counts; ``ended`` are secrets of the trial that hold no more."""
    if isinstance(error, TimestampNotAccepted):
        return Outcome.TIMESTAMP
    if not isinstance(error, SignatureNotAccepted | ShopUnknown):
        return Outcome.REFUSED
    scheme = next((one for one in schemes if one.applies(letter)), None)
    if scheme is None or (
        _SIGNATURE in letter.headers and not {_ID, _MOMENT} <= letter.headers.keys()
    ):
        return Outcome.HEADERS
    try:
        scheme.check(letter, ended, now)
    except TrackerError:
        return Outcome.SIGNATURE
    return Outcome.ENDED


def _kept(text: str, most: int) -> str | None:
    """A header as it may be stored and shown; None for one that is empty or nothing to look at."""
    return text if text and len(text) <= most and text.isprintable() else None
