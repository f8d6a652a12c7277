"""What came in a trial, and what can be seen in it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from partners.intake.contracts import NoticeKind, PurchaseNotice
from tracker.kit.errors import Conflict, Gone, Unauthenticated


class Outcome(StrEnum):
    """What became of a request. A closed list."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    """The id was used in this trial for another body."""
    REFUSED = "refused"
    """Wrong, unreadable, too large, too fast: its code says which."""
    SIGNATURE = "signature"
    """Not let in: no secret that holds makes this signature, or is this key."""
    HEADERS = "headers"
    """Not let in: what the signature needs, or the key, is not there."""
    TIMESTAMP = "timestamp"
    """Not let in: genuinely signed, and not of our time."""
    ENDED = "ended"
    """Not let in: by a secret of the trial that has ended."""


LET_IN = frozenset({Outcome.ACCEPTED, Outcome.DUPLICATE})
"""What the shop was told is well."""

MAX_ATTEMPTS = 1_000
"""Requests that a trial takes and remembers; and as many that nobody was let in for."""

MAX_BYTES = 32 * 1024 * 1024
"""Of bodies that a trial keeps."""

STATING = frozenset({NoticeKind.CREATED, NoticeKind.UPDATED})
VERDICTS = frozenset({NoticeKind.CONFIRMED, NoticeKind.RETURNED, NoticeKind.CANCELLED})


class TrialOpen(Conflict):
    """A trial of the shop is open already."""

    code = "trial_open"


class ShopTakesNoPart(Gone):
    """The shop has left the programme: whatever it sends is answered with 410."""

    code = "shop_has_left"


class TrialOver(Unauthenticated):
    """The trial has ended; its secrets open nothing any more."""

    code = "trial_over"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to the door of a shop that has a trial."""

    number: int
    """From 1 on, in the order in which they were written down."""
    received_at: datetime
    outcome: Outcome
    status: int
    """Of the answer."""
    sha256: str
    size: int
    webhook_id: str | None = None
    """Of an event that was let in: what it goes by. Else what the request says."""
    timestamp: str | None = None
    request: str | None = None
    """The same for requests that are the same byte for byte; None for what bears no signature."""
    secret_id: int | None = None
    trusted: bool | None = None
    code: str | None = None
    detail: str | None = None
    notices: tuple[PurchaseNotice, ...] = ()
    """What an accepted event says."""

    @property
    def orders(self) -> dict[str, frozenset[NoticeKind]]:
        """What is said of which order."""
        found: dict[str, frozenset[NoticeKind]] = {}
        for notice in self.notices:
            found[notice.order_id] = found.get(notice.order_id, frozenset()) | {notice.kind}
        return found

    @property
    def gist(self) -> frozenset[tuple[Any, ...]]:
        """What is said, however it is written: two events that say the same have the same."""
        return frozenset(
            (one.kind, one.order_id, one.return_id, one.lines, one.return_lines, one.amount)
            for one in self.notices
        )


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of a trial."""

    first_secret: int
    attempts: tuple[Attempt, ...] = ()
    is_native: bool = True
    """Whether the shop speaks our own dialect."""
    second_secret: int | None = None
    first_ended_at: datetime | None = None

    @property
    def accepted(self) -> Iterator[Attempt]:
        """The events that were taken, once each."""
        return (one for one in self.attempts if one.outcome is Outcome.ACCEPTED)

    @property
    def is_unsigned(self) -> bool:
        """Whether the shop goes by a key instead of by signatures."""
        first = next(self.accepted, None)
        return not self.is_native and first is not None and first.request is None

    def original_of(self, attempt: Attempt) -> Attempt | None:
        """The event that was accepted under an attempt's id."""
        return next((one for one in self.accepted if one.webhook_id == attempt.webhook_id), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """How far a case has come."""

    evidence: tuple[Attempt, ...] = ()
    missing: str = ""
    """What is still to come after the evidence, for people."""

    @property
    def is_ticked(self) -> bool:
        """Whether all of it is there."""
        return bool(self.evidence) and not self.missing


NOTHING = Finding()


def found(*evidence: Attempt) -> Finding:
    """A case is ticked by these."""
    return Finding(tuple(sorted(evidence, key=lambda one: one.number)))


def kinds_of(attempt: Attempt) -> str:
    """What an event says, in a few words."""
    told = [f"{'+'.join(sorted(kinds))} {order_id}" for order_id, kinds in attempt.orders.items()]
    return ", ".join(told[:3]) + (f" and {len(told) - 3} more orders" if len(told) > 3 else "")


def refusal(attempt: Attempt) -> str:
    """Why a request was not let in or not taken, for people; empty for one that was."""
    match attempt.outcome:
        case Outcome.SIGNATURE:
            return (
                "no secret of the shop fits. Sign the very bytes you send, with this trial's secret"
            )
        case Outcome.HEADERS:
            return "the headers that prove where it comes from are missing"
        case Outcome.TIMESTAMP:
            return (
                f"well signed, but its webhook-timestamp {attempt.timestamp or ''} is more than "
                f"5 minutes from our clock, which said {int(attempt.received_at.timestamp())}"
            )
        case Outcome.ENDED:
            return "by the first secret, which has ended"
        case Outcome.REFUSED | Outcome.CONFLICT:
            return f"{attempt.code}: {attempt.detail}"
        case _:
            return ""
