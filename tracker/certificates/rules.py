"""A certificate's way, its postings, and how much a member may order. Pure; sums are kopecks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.kit.clock import moscow_date, moscow_midnight
from tracker.kit.errors import Conflict, Invalid, NotFound, TooMany
from tracker.kit.money import format_rubles
from tracker.ledger.rules import HOUSE, Account, Kind, Leg, Posting, posting

TASK = "certificates"
"""What workers are nudged for: to issue what was ordered, and take back what is too old."""


class CertificateState(StrEnum):
    """A certificate's way."""

    ORDERED = "ordered"
    """Its money is outstanding; a worker issues it."""
    REVIEW = "review"
    """It waits for the word of staff before it is issued."""
    ISSUED = "issued"
    """The member can be shown its code, and a salon takes it."""
    REDEEMED = "redeemed"
    VOIDED = "voided"
    """By staff, or too old: the money is the member's again."""


OUTSTANDING = frozenset(
    {CertificateState.ORDERED, CertificateState.REVIEW, CertificateState.ISSUED}
)
"""States in which its money is on the account of outstanding certificates."""


class CertificateNotFound(NotFound):
    """The member has no such certificate."""

    code = "certificate_not_found"


class CertificateNotReady(Conflict):
    """The certificate was not issued yet."""

    code = "certificate_not_ready"


class CertificateOver(Conflict):
    """The certificate was redeemed or voided, or is past its day."""

    code = "certificate_over"


class NotEnoughSaved(Conflict):
    """What the goal has, and what is available besides, do not cover it."""

    code = "not_enough_saved"


class OrderKeyUsed(Conflict):
    """An order of another sum, or from another goal, was made under this key."""

    code = "order_key_used"


class OrderTooLarge(Invalid):
    """More than may be ordered on a day; several orders on several days may do."""

    code = "order_too_large"


class TooManyCertificates(TooMany):
    """More than a member may order in a day."""

    code = "too_many_certificates"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one member may order."""

    per_day: int
    """Certificates on one Moscow day."""
    sum_per_day: int
    review_from: int
    """What the first ones come to together from which on staff look at them."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a member has ordered before."""

    today: int
    """Certificates ordered on this Moscow day, whatever became of them."""
    sum_today: int
    sum_kept: int
    """Of all that were ever ordered and not voided."""
    passed: bool
    """Whether staff have once let some of theirs pass."""


def see_the_pace(parts: Sequence[int], past: Past, limits: Limits, now: datetime) -> None:
    """Raises OrderTooLarge for what fits into no day, TooManyCertificates until the day is over."""
    if len(parts) > limits.per_day or sum(parts) > limits.sum_per_day:
        raise OrderTooLarge(
            f"on a day {limits.per_day} certificates of {format_rubles(limits.sum_per_day)} in all"
            " may be ordered"
        )
    count, total = past.today + len(parts), past.sum_today + sum(parts)
    if count > limits.per_day or total > limits.sum_per_day:
        left = day_after(now) - now
        raise TooManyCertificates(retry_after=max(1, int(left.total_seconds())))


def first_state(parts: Sequence[int], past: Past, limits: Limits) -> CertificateState:
    """Whether an order is issued at once, or waits for staff."""
    if past.passed or past.sum_kept + sum(parts) < limits.review_from:
        return CertificateState.ORDERED
    return CertificateState.REVIEW


def shares_of_goal(parts: Sequence[int], from_goal: int) -> Iterator[int]:
    """How much of each certificate the goal gives, the first ones first."""
    for amount in parts:
        share = min(amount, from_goal)
        from_goal -= share
        yield share


def expiry_of(issued_at: datetime, valid_days: int | None) -> datetime | None:
    """When a certificate is good no more: the midnight after its last day in Moscow, or never."""
    if valid_days is None:
        return None
    return moscow_midnight(moscow_date(issued_at) + timedelta(days=valid_days + 1))


def is_too_old(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a certificate is good no more, also before it was taken back."""
    return expires_at is not None and expires_at <= now


def day_after(now: datetime) -> datetime:
    """When the next day begins in Moscow."""
    return moscow_midnight(moscow_date(now) + timedelta(days=1))


def reference(certificate_id: int, step: str) -> str:
    """What a step of a certificate is called in the ledger, and its notice."""
    return f"certificate:{certificate_id}:{step}"


def ordered_posting(
    certificate_id: int, member_id: int, amount: int, from_goal: int, at: datetime
) -> Posting:
    """A goal's money, and what is available for the rest, go into a certificate."""
    return _sound(
        reference(certificate_id, "ordered"),
        Kind.CERTIFICATE_ORDERED,
        at,
        Leg(Account.MEMBER_RESERVED, member_id, from_goal),
        Leg(Account.MEMBER_AVAILABLE, member_id, amount - from_goal),
        Leg(Account.CERTIFICATES_OUTSTANDING, HOUSE, -amount),
    )


def redeemed_posting(certificate_id: int, amount: int, at: datetime) -> Posting:
    """A salon has taken it: the money is owed to the salons."""
    return _sound(
        reference(certificate_id, "redeemed"),
        Kind.CERTIFICATE_REDEEMED,
        at,
        Leg(Account.CERTIFICATES_OUTSTANDING, HOUSE, amount),
        Leg(Account.OWED_TO_SALONS, HOUSE, -amount),
    )


def voided_posting(
    certificate_id: int, member_id: int, amount: int, to_goal: int, at: datetime
) -> Posting:
    """The money is the member's again: the goal's part of it, the rest available."""
    return _sound(
        reference(certificate_id, "voided"),
        Kind.CERTIFICATE_VOIDED,
        at,
        Leg(Account.CERTIFICATES_OUTSTANDING, HOUSE, amount),
        Leg(Account.MEMBER_RESERVED, member_id, -to_goal),
        Leg(Account.MEMBER_AVAILABLE, member_id, to_goal - amount),
        corrects=reference(certificate_id, "ordered"),
    )


def _sound(name: str, kind: Kind, at: datetime, *legs: Leg, corrects: str | None = None) -> Posting:
    made = posting(name, kind, at, legs, corrects=corrects)
    if made is None:
        raise ValueError(f"{name} moves nothing")
    return made
