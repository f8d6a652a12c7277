"""When what is counted is a reason to call somebody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tracker.kit.errors import TrackerError, Unreadable
from webhooks.errors import (
    BodyTooLarge,
    EventInvalid,
    MediaNotTaken,
    MethodNotTaken,
    RateExceeded,
    ShopHasLeft,
    ShopUnknown,
    SignatureNotAccepted,
    TimestampNotAccepted,
    WebhookIdReused,
)
from webhooks.inbox.store import Stored
from webhooks.observations.rules import (
    ENOUGH,
    FEW,
    MANY,
    Outcome,
    Recent,
    Rhythm,
    SecretUse,
    hour_of,
    is_silent,
    refused,
    secrets_ending,
    signatures_fail,
    taken,
)

NOON = datetime(2026, 1, 1, 12, 34, 56, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SignatureNotAccepted(), Outcome.SIGNATURE),
        (ShopUnknown(), Outcome.SIGNATURE),
        (TimestampNotAccepted(), Outcome.TIMESTAMP),
        (WebhookIdReused(), Outcome.CONFLICT),
        (ShopHasLeft(), Outcome.LEFT),
        (BodyTooLarge(1024), Outcome.TOO_LARGE),
        (RateExceeded(), Outcome.RATE),
        (EventInvalid(), Outcome.INVALID),
        (Unreadable(), Outcome.INVALID),
        (MediaNotTaken(), Outcome.INVALID),
        (MethodNotTaken(), Outcome.INVALID),
        (TrackerError(), Outcome.INVALID),
        (OSError(), Outcome.FAILED),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else str(one),
)
def test_every_refusal_counts_as_something(error: Exception, outcome: Outcome) -> None:
    assert refused(error) is outcome


def test_what_was_answered_well_counts_as_that() -> None:
    assert taken(Stored.ACCEPTED) is Outcome.ACCEPTED
    assert taken(Stored.DUPLICATE) is Outcome.DUPLICATE


def test_an_hour_is_one_of_utc() -> None:
    moscow = datetime.fromisoformat("2026-01-01T02:59:59.999999+03:00")
    assert hour_of(moscow) == datetime(2025, 12, 31, 23, tzinfo=UTC)


def many(failures: int, requests: int) -> Recent:
    return Recent(requests, failures, NOON, None)


@pytest.mark.parametrize(
    ("failures", "requests", "fails"),
    [
        (MANY, MANY, True),
        (MANY - 1, MANY - 1, False),
        (MANY, 2 * MANY - 1, True),
        (MANY, 2 * MANY, False),
        (1_000, 100_000, False),
        (0, 100, False),
    ],
)
def test_many_failures_that_are_more_than_half(failures: int, requests: int, fails: bool) -> None:
    assert signatures_fail(many(failures, requests)) is fails


@pytest.mark.parametrize(
    ("last_success", "fails"),
    [
        (NOON - timedelta(microseconds=1), True),
        (NOON - 24 * HOUR, True),
        (NOON - 24 * HOUR - timedelta(microseconds=1), False),
        (NOON, False),
        (NOON + HOUR, False),
        (None, False),
    ],
)
def test_a_few_failures_and_nothing_since(last_success: datetime | None, fails: bool) -> None:
    recent = Recent(requests=500, failures=FEW, failing_since=NOON, last_success_at=last_success)
    assert signatures_fail(recent) is fails
    assert not signatures_fail(replace(recent, failures=FEW - 1))


def test_nothing_fails_where_nothing_came() -> None:
    assert not signatures_fail(Recent(0, 0, None, None))


def rhythm(events: int, hours: float, pause: float = 0) -> Rhythm:
    """So many events, evenly within so many hours before noon."""
    return Rhythm(events, NOON - hours * HOUR, NOON, pause * HOUR)


@pytest.mark.parametrize(
    ("usual", "silent_after"),
    [
        (rhythm(1_000, 168, pause=9), 9 * HOUR),
        (rhythm(100, 100, pause=2), 10 * HOUR),
        (rhythm(100_000, 168), HOUR),
    ],
    ids=["nights", "an event an hour", "never a pause"],
)
def test_silence_is_longer_than_what_is_usual(usual: Rhythm, silent_after: timedelta) -> None:
    assert not is_silent(usual, NOON + silent_after)
    assert is_silent(usual, NOON + silent_after + timedelta(seconds=1))


def test_of_few_events_nothing_is_said_to_be_usual() -> None:
    assert not is_silent(rhythm(ENOUGH - 1, 1), NOON + 1_000 * HOUR)
    assert is_silent(rhythm(ENOUGH, 1), NOON + 1_000 * HOUR)


def use(number: int, *, ends: float | None, used: float | None) -> SecretUse:
    """A secret that ends, and was used, so many hours from noon on."""
    return SecretUse(
        number,
        None if ends is None else NOON + ends * HOUR,
        None if used is None else NOON + used * HOUR,
    )


@pytest.mark.parametrize(
    ("held", "ending"),
    [
        ([use(1, ends=12, used=-1), use(2, ends=None, used=None)], [1]),
        ([use(1, ends=12, used=-1), use(2, ends=None, used=-2)], [1]),
        ([use(1, ends=12, used=-2), use(2, ends=None, used=-1)], []),
        ([use(1, ends=12, used=None), use(2, ends=None, used=None)], []),
        ([use(1, ends=25, used=-1), use(2, ends=None, used=None)], []),
        ([use(1, ends=12, used=-1)], [1]),
        ([use(1, ends=2, used=-2), use(2, ends=12, used=-1)], [1, 2]),
        ([], []),
    ],
    ids=range(8),
)
def test_a_secret_that_ends_while_the_shop_goes_by_it(
    held: list[SecretUse], ending: list[int]
) -> None:
    assert secrets_ending(held, NOON) == ending
