"""What settlement asks of the operator's billing. Gateways implement it; tests may fake it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from tracker.kit.errors import Unavailable


class GatewayUnavailable(Unavailable):
    """The operator's billing could not be asked, or its statement cannot be trusted."""

    code = "gateway_unavailable"


class StatementNotYet(GatewayUnavailable):
    """The operator draws up the statement of a day only when it is over, and has not yet."""

    code = "statement_not_yet"


KEY_CONFLICT = "key_conflict"
"""Reason of an unknown outcome: the operator knows the key with another content."""


class Outcome(StrEnum):
    """What the operator says, or leaves unsaid, of one top-up."""

    PAID = "paid"
    FAILED = "failed"
    ACCEPTED = "accepted"
    """The operator has it and will tell later; it may also be asked."""
    UNKNOWN = "unknown"
    """A time-out, a 5xx, garbage, another amount: it may have been paid. Ask, never send anew."""
    NOT_FOUND = "not_found"
    """The operator knows no such key, for now: final only after its stated lag."""


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
    paid_at: datetime | None = None
    """When the operator paid it, by its own books: on whose statement of the day it is to be."""


@dataclass(frozen=True, slots=True)
class Told:
    """Answers that came without a question, such as a file of acknowledgements.

    ``amounts`` are what the operator says it has paid or refused, in kopecks by key. ``taken`` is
    called once they are written down for good; until then they come again.
    """

    answers: Sequence[Answer]
    amounts: Mapping[str, int]
    taken: Callable[[], None]


class Reach(StrEnum):
    """Whether a number is the operator's own, so that it can be topped up."""

    SERVED = "served"
    NOT_SERVED = "not_served"
    NOT_TOLD = "not_told"
    """The operator could not be asked, or does not tell: the answer to a top-up will."""


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

    def statement(self, day: date) -> Iterator[StatementLine]:
        """All paid top-ups of a business day, by key and reference, as many as there are.

        Raises GatewayUnavailable when it cannot tell, also at its end: what was yielded before
        that may be wrong.
        """
        ...

    def reach(self, phones: Sequence[str]) -> list[Reach]:
        """Which numbers are the operator's own; one answer for each, in order. Never raises."""
        ...

    def told(self) -> Iterator[Told]:
        """What the operator has told by itself since it was last looked; mostly nothing."""
        ...

    def ready(self) -> bool:
        """Whether it is worth handing over anything: False while its circuit is open."""
        ...
