"""What a referral link carries, and what makes a friend look like the inviter. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.kit.errors import NotFound

TOUCH_LASTS = timedelta(days=30)
"""How long after following a link somebody may join by it."""

_ALPHABET = frozenset("0123456789abcdefghjkmnpqrstvwxyz")
_MISREAD = str.maketrans("oil", "011")
_CODE_LENGTH = 12
_MAX_TOUCH = 200


class CodeNotKnown(NotFound):
    """No member's link ends with this code."""

    code = "referral_code_not_found"


class Suspicion(StrEnum):
    """What a friend has in common with somebody who gains by the reward, or who was here before."""

    DEVICE = "device"
    """Both were signed in on one device."""
    NUMBER = "number"
    """Both have, or had, one number to be paid at: their own, or a relative's."""
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Touch:
    """Somebody followed a link: whose, and when."""

    code: str
    at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether one may still join by it."""
        return timedelta(0) <= now - self.at < TOUCH_LASTS


def normal_code(text: str) -> str | None:
    """A code as it is kept, of what somebody typed; None when it cannot be one.

    Codes have no letters o, i and l, which people read for digits.
    """
    code = text[: 2 * _CODE_LENGTH].strip().lower().translate(_MISREAD)
    return code if len(code) == _CODE_LENGTH and _ALPHABET.issuperset(code) else None


def parts_of(token: str) -> tuple[str, int, str] | None:
    """A token's code, moment (Unix seconds) and seal; None when it is none of ours."""
    parts = token.split(".") if len(token) <= _MAX_TOUCH and token.isascii() else []
    if len(parts) != 3 or not parts[1].isdigit() or len(parts[1]) > 12:
        return None
    return parts[0], int(parts[1]), parts[2]
