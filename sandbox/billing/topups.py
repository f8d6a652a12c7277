"""What the operator's billing deals in: a top-up asked for, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """What became of a top-up; final from the moment it is said."""

    PAID = "paid"
    FAILED = "failed"
    ACCEPTED = "accepted"
    """Not final: it is carried out later."""


@dataclass(frozen=True, slots=True)
class TopUp:
    """One payment asked for. ``amount`` is in kopecks; the key names it for good."""

    key: str
    phone: str
    amount: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one top-up: paid under a reference, or failed for a reason."""

    key: str
    status: Status
    amount: int
    reference: str | None
    reason: str | None
    at: datetime | None = None
    """When it was paid."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that was paid for real: a line of the statement. ``amount`` is in kopecks."""

    key: str
    phone: str
    amount: int
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a day's statement; ``count`` and ``total`` are the whole day's."""

    count: int
    total: int
    lines: Sequence[Payment]
    next: str | None
    """Where the following page goes on, or nothing at the end; it says nothing to others."""


class KeyConflict(Exception):
    """A key came again with another phone or amount: nothing of its batch was done."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(f"already used for another phone or amount: {', '.join(keys)}")
        self.keys = list(keys)


def failed(topup: TopUp, reason: str) -> Result:
    """What is said of a top-up that is not carried out."""
    return Result(topup.key, Status.FAILED, topup.amount, None, reason)


def reference_of(number: int) -> str:
    """The operator's own reference of its payment of this number."""
    return f"T{number:012d}"
