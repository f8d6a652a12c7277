"""When a claim may be made, what it may come to, and when an event is the purchase meant. Pure.

Sums are kopecks. A member may claim from 72 hours after the purchase (a shop has until then to
report it) to 90 days after it; whatever the events do not settle, staff answer by a deadline.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.kit.errors import Conflict, Invalid, NotFound

NOT_BEFORE = timedelta(hours=72)
NOT_AFTER = timedelta(days=90)

ANSWERED_WITHIN = timedelta(days=10)
"""By when staff answer what the events did not settle."""

LOOKED_AT_EVERY = timedelta(hours=6)
"""How often it is seen whether the shop has reported the purchase meanwhile."""

SAME_TIME = timedelta(days=1)
"""What a member knows of the moment of an order, and the shop's own word, may be so far apart."""

CLOCKS_DIFFER = timedelta(minutes=10)
"""A click by our clock may be so much later than an order by the shop's."""

MAX_OPEN = 10
MAX_FILED = 30
FILED_WITHIN = timedelta(days=30)
"""So many claims a member may make within that time, also if they are settled or taken back at
once: shops number their orders one after another, and who may guess often finds others' orders."""

MAX_FILES = 3
MAX_FILE = 240 * 1024
"""Bytes of one file."""

MAX_NOTE = 2_000


class State(StrEnum):
    """Where a claim stands."""

    WITH_STAFF = "with_staff"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What a claim came to. A closed list: reports and texts for members go by it."""

    CREDITED = "credited"
    """The purchase is the member's now."""
    ALREADY_TRACKED = "already_tracked"
    """It was the member's all the time."""
    NO_CLICK = "no_click"
    """The member had not gone to the shop by a link of ours: nothing was promised."""
    NOT_KNOWN_TO_SHOP = "not_known_to_shop"
    """The shop has no such order."""
    RETURNED = "returned"
    """It was cancelled or returned in full."""
    EXCLUDED = "excluded"
    """The shop's terms pay nothing for it."""
    EVIDENCE_INSUFFICIENT = "evidence_insufficient"
    ANOTHERS = "anothers"
    """It is another member's. (Members are told that the evidence did not suffice.)"""
    WITHDRAWN = "withdrawn"
    """The member takes it back."""


BY_STAFF = tuple(one for one in Outcome if one is not Outcome.WITHDRAWN)
"""What staff may decide."""


class TooEarly(Invalid):
    """The shop still has time to report the purchase: 72 hours from the order."""

    code = "claim_too_early"


class TooLate(Invalid):
    """More than 90 days have passed since the order."""

    code = "claim_too_late"


class ClaimKnown(Conflict):
    """The member has claimed this order before."""

    code = "claim_known"


class TooManyClaims(Conflict):
    """Too many claims of the member wait for an answer, or were made of late."""

    code = "too_many_claims"


class ClaimNotFound(NotFound):
    """No such claim."""

    code = "claim_not_found"


class ClaimClosed(Conflict):
    """The claim was answered already."""

    code = "claim_closed"


class NothingToCredit(Conflict):
    """No purchase of nobody's and no click of the member's were named that fit the claim."""

    code = "nothing_to_credit"


class FileNotUsable(Invalid):
    """A file is too large, or none of the kinds that can be looked at: PDF, PNG, JPEG."""

    code = "file_not_usable"


_MAGIC = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}


def media_type(content: bytes) -> str:
    """What a file is by its first bytes, whatever its sender says. Raises FileNotUsable."""
    found = next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)
    if found is None or len(content) > MAX_FILE:
        raise FileNotUsable(fields={"evidence": f"PDF, PNG or JPEG up to {MAX_FILE} bytes"})
    return found


def see_that_it_is_time(ordered_at: datetime, now: datetime) -> None:
    """Raises TooEarly and TooLate."""
    if now - ordered_at < NOT_BEFORE:
        raise TooEarly(fields={"ordered_at": f"claim it from {ordered_at + NOT_BEFORE} on"})
    if now - ordered_at > NOT_AFTER:
        raise TooLate(fields={"ordered_at": "more than 90 days ago"})


@dataclass(frozen=True, slots=True)
class Told:
    """What a member says of a purchase."""

    ordered_at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the shop has reported of an order of that number."""

    ordered_at: datetime | None
    amount: int
    member_id: int | None
    is_unattributed: bool
    has_click: bool
    """Whether the shop named a click of ours with it."""


class Finding(StrEnum):
    """What a look at the events comes to."""

    MINE = "mine"
    CREDIT = "credit"
    UNCLEAR = "unclear"
    """Nothing there, or not the same: a person is to look."""


def compare(told: Told, known: Known | None, member_id: int) -> Finding:
    """Whether an order is the claimed one beyond doubt.

    Only what nobody has is credited without a person: one of the same number, the same sum to the
    kopeck and about the same time, which the shop has not linked to any click of ours.
    """
    if known is None or known.ordered_at is None:
        return Finding.UNCLEAR
    if known.member_id == member_id:
        return Finding.MINE
    same_time = abs(known.ordered_at - told.ordered_at) <= SAME_TIME
    if known.is_unattributed and not known.has_click and known.amount == told.amount and same_time:
        return Finding.CREDIT
    return Finding.UNCLEAR
