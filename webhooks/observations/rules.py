"""What is counted at the door, and when it is a reason to call somebody. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tracker.kit.errors import TrackerError
from webhooks.errors import (
    BodyTooLarge,
    RateExceeded,
    ShopHasLeft,
    ShopUnknown,
    SignatureNotAccepted,
    TimestampNotAccepted,
    WebhookIdReused,
)
from webhooks.inbox.store import Stored

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


class Outcome(StrEnum):
    """What became of a request. A closed list."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    """The webhook-id was used for another body."""
    INVALID = "invalid"
    """Let in, and wrong or unreadable, or not of the shop's dialect."""
    TOO_LARGE = "too_large"
    RATE = "rate"
    """Above the shop's rate, or above what the process takes in all."""
    LEFT = "left"
    """The shop has left the programme."""
    SIGNATURE = "signature"
    """No, old or wrong signature or key."""
    TIMESTAMP = "timestamp"
    """Genuinely signed, and not of our time."""
    FAILED = "failed"
    """Our fault: nothing could be stored."""


SUCCESSES = frozenset({Outcome.ACCEPTED, Outcome.DUPLICATE})
"""What the shop was told is well."""

FORGED = frozenset({Outcome.SIGNATURE, Outcome.TIMESTAMP})
"""What nobody was let in for."""

_OF_ERRORS: tuple[tuple[type[TrackerError], Outcome], ...] = (
    (TimestampNotAccepted, Outcome.TIMESTAMP),
    (SignatureNotAccepted, Outcome.SIGNATURE),
    (ShopUnknown, Outcome.SIGNATURE),
    (WebhookIdReused, Outcome.CONFLICT),
    (ShopHasLeft, Outcome.LEFT),
    (BodyTooLarge, Outcome.TOO_LARGE),
    (RateExceeded, Outcome.RATE),
    (TrackerError, Outcome.INVALID),
)


def refused(error: Exception) -> Outcome:
    """As what a request counts that ended with an error."""
    return next((found for kind, found in _OF_ERRORS if isinstance(error, kind)), Outcome.FAILED)


def taken(stored: Stored) -> Outcome:
    """As what a request counts that was answered well."""
    return Outcome.ACCEPTED if stored is Stored.ACCEPTED else Outcome.DUPLICATE


def hour_of(moment: datetime) -> datetime:
    """The hour (UTC) in which a moment is counted."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Recent:
    """What came to a shop's door in this hour and the one before, and what went well until then."""

    requests: int
    failures: int
    """Of them, those that were not let in."""
    failing_since: datetime | None
    """The first of the failures."""
    last_success_at: datetime | None
    """Of any time not long ago."""


RECENT = HOUR
"""Besides the hour that is not over."""

MANY = 10
FEW = 3


def signatures_fail(recent: Recent) -> bool:
    """Whether a shop's signatures have started to fail.

    So it is when many and more than half of what came was not let in; or when a few were not and
    nothing was since, though something had been the day before.
    """
    since, last = recent.failing_since, recent.last_success_at
    if since is None or recent.failures < FEW:
        return False
    if recent.failures >= MANY and 2 * recent.failures > recent.requests:
        return True
    return last is not None and since - DAY <= last < since


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a shop's events came in the last week in which there were any."""

    events: int
    first_at: datetime
    last_at: datetime
    longest_pause: timedelta
    """Between two of them, by what is known of their hours."""


ENOUGH = 10
"""Events of a week without which nothing is said to be usual."""

PATIENCE = 10
"""Times the usual time between two events."""


def is_silent(rhythm: Rhythm, now: datetime) -> bool:
    """Whether a shop has been silent for longer than is usual for it.

    That is longer than any pause in the week, nights among them, and longer than PATIENCE times
    the mean time between two events.
    """
    if rhythm.events < ENOUGH:
        return False
    mean = (rhythm.last_at - rhythm.first_at) / rhythm.events
    return now - rhythm.last_at > max(HOUR, rhythm.longest_pause, PATIENCE * mean)


@dataclass(frozen=True, slots=True)
class SecretUse:
    """What is known of a secret that holds."""

    id: int
    valid_until: datetime | None
    last_used_at: datetime | None


def secrets_ending(held: Sequence[SecretUse], now: datetime) -> list[int]:
    """Ids of the secrets that end within a day and that the shop still goes by.

    It does while none that holds longer was used after it.
    """
    soon = [one for one in held if one.valid_until is not None and one.valid_until < now + DAY]
    later = [one.last_used_at for one in held if one not in soon and one.last_used_at]
    known = max(later, default=None)
    return [
        one.id for one in soon if one.last_used_at and (known is None or one.last_used_at > known)
    ]
