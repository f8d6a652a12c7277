"""A captcha that asks nobody else: the sender's device does some work, once for each request.

It is ALTCHA's proof of work, version 2. A challenge is signed and not kept; a solution is good for
one use, so what was used is remembered until it would have expired.
"""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.access.models import UsedCaptcha
from tracker.kit.crypto import Keyring
from tracker.kit.errors import Invalid

LASTS = timedelta(minutes=10)

MAX_SOLUTION = 4_096
"""Characters of a solution as it is sent."""

_ALGORITHM = "PBKDF2/SHA-256"
_PREFIX = "00"
"""What the derived key has to begin with: about 256 tries, and we need one to check."""
_SIGNATURE = "captcha"


class CaptchaNotAccepted(Invalid):
    """The captcha is not solved, has expired, or was used before: ask for another one."""

    code = "captcha_not_accepted"

    def __init__(self) -> None:
        super().__init__(fields={"captcha": "not accepted"})


def challenge(keys: Keyring, now: datetime, *, work: int) -> dict[str, Any]:
    """A challenge as ALTCHA's widget reads it; ``work``: rounds of PBKDF2 for each try."""
    made = altcha.create_challenge(
        _ALGORITHM,
        work,
        key_prefix=_PREFIX,
        expires_at=now + LASTS,
        hmac_secret=keys.hash(_SIGNATURE, ""),
    )
    shown: dict[str, Any] = made.to_dict()
    return shown


def use(session: Session, keys: Keyring, solution: str, now: datetime) -> None:
    """Take a solution, this once. Raises CaptchaNotAccepted, whatever is wrong with it.

    To be committed before anything is done for its sake.
    """
    nonce, expires_at = _checked(keys, solution, now)
    fresh = session.scalar(
        insert(UsedCaptcha)
        .values(nonce=nonce, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(UsedCaptcha.nonce)
    )
    if fresh is None:
        raise CaptchaNotAccepted


def _checked(keys: Keyring, solution: str, now: datetime) -> tuple[bytes, datetime]:
    payload = _read(solution)
    parameters = payload.challenge.parameters
    if not any(
        altcha.verify_solution(payload, secret).verified for secret in keys.hashes(_SIGNATURE, "")
    ):
        raise CaptchaNotAccepted
    # From here on everything was signed by us.
    expires_at = datetime.fromtimestamp(int(parameters.expires_at or 0), UTC)
    if expires_at <= now:
        raise CaptchaNotAccepted
    return bytes.fromhex(parameters.nonce), expires_at


def _read(solution: str) -> altcha.Payload:
    try:
        if len(solution) > MAX_SOLUTION:
            raise ValueError("too long")
        payload = altcha.Payload.from_dict(json.loads(base64.b64decode(solution, validate=True)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise CaptchaNotAccepted from None
    if not isinstance(payload.challenge.signature, str) or not isinstance(
        payload.solution.derived_key, str
    ):
        raise CaptchaNotAccepted
    return payload
