"""What settlement asks of the operator's billing. Gateways implement it; tests may fake it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from tracker.kit.errors import Unavailable


class GatewayUnavailable(Unavailable):
    """The operator's billing could not be asked, or its statement cannot be trusted."""

    code = "gateway_unavailable"


class Outcome(StrEnum):
    """What the operator says, or leaves unsaid, of one top-up."""

    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """A time-out, a 5xx, garbage, another amount: it may have been paid. Ask, never send anew."""
    NOT_FOUND = "not_found"
    """The operator knows no such key, for now."""


@dataclass(frozen=True, slots=True)
class TopUp:
    """One payment to a phone balance. ``amount`` is in kopecks; ``key`` never changes."""

    key: str
    phone: str
    amount: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The operator's word on one key; ``reason`` is a code for failures and unknowns."""

    key: str
    outcome: Outcome
    reference: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One paid top-up in the operator's own books; ``amount`` is in kopecks."""

    key: str
    phone: str
    amount: int
    reference: str
    at: datetime


class BillingGateway(Protocol):
    """The operator's billing."""

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        """One answer for each top-up, in order. Never raises for the outside's faults."""
        ...

    def query(self, top_up: TopUp) -> Answer:
        """What became of a top-up; UNKNOWN when the operator knows another sum for its key."""
        ...

    def statement(self, day: date) -> list[StatementLine]:
        """All paid top-ups of a business day; raises GatewayUnavailable when it cannot tell."""
        ...
