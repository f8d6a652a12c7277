"""What a purchase's facts come to, and how the ledger gets there. Pure.

Sums are kopecks, rates basis points. The rules are the programme's: the cashback of a line is
half up of what is left of it; what a return takes away is rejected, or clawed back once confirmed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.clicks.rules import OnHoldEnd, Terms
from tracker.kit.money import share
from tracker.ledger.rules import HOUSE, Account, Kind, Leg, Posting, posting


class Status(StrEnum):
    """Where a purchase stands."""

    UNMATCHED = "unmatched"
    """Returns or confirmations came for it, the purchase itself has not."""
    UNATTRIBUTED = "unattributed"
    """Reported, but nobody's."""
    PENDING = "pending"
    AWAITING_STAFF = "awaiting_staff"
    """The hold is over and the shop's policy leaves the word to staff; the money is pending."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


LIVE = frozenset({Status.PENDING, Status.AWAITING_STAFF, Status.CONFIRMED})
"""Purchases that earn."""


@dataclass(frozen=True, slots=True)
class Earned:
    """A pair of sums that always move together: the member's cashback and our commission."""

    cashback: int = 0
    commission: int = 0

    def __sub__(self, other: "Earned") -> "Earned":
        return Earned(self.cashback - other.cashback, self.commission - other.commission)

    def __add__(self, other: "Earned") -> "Earned":
        return Earned(self.cashback + other.cashback, self.commission + other.commission)

    def __neg__(self) -> "Earned":
        return Earned(-self.cashback, -self.commission)

    def but_at_most(self, other: "Earned") -> "Earned":
        """The lesser of both, each sum by itself."""
        return Earned(min(self.cashback, other.cashback), min(self.commission, other.commission))

    @property
    def falls(self) -> bool:
        """Whether the movement takes away."""
        return (self.cashback, self.commission) < (0, 0)

    @property
    def is_nothing(self) -> bool:
        return not (self.cashback or self.commission)


NOTHING = Earned()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a reported purchase, in no order."""

    amounts: Mapping[str, int]
    """Kopecks paid, by line."""
    returned: Mapping[str, int]
    """Kopecks given back, by line; may name lines that the purchase does not have."""
    returned_whole: bool
    confirmed_by_shop: bool
    hold_outcome: OnHoldEnd | None
    """What the end of the hold came to; None while the hold lasts."""
    staff_outcome: OnHoldEnd | None = None
    """What staff said of it: confirm or reject."""
    trusted: bool = True
    """Whether it was proved who stated the purchase."""
    suspected: bool = False
    """Whether it may be another purchase, told by another feed; staff have not said yet."""
    ceiling: int | None = None
    """Kopecks: no more than that counts in all."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a purchase stands: its status, whose it is, and what is pending and confirmed."""

    status: Status
    member_id: int | None = None
    pending: Earned = NOTHING
    confirmed: Earned = NOTHING


def evaluate(facts: Facts, terms: Terms, member_id: int) -> Standing:
    """What an attributed purchase comes to.

    The shop's own word goes before what the calendar assumed in its silence, so a confirmation
    that comes late still counts, and the order of arrival changes nothing.
    """
    left = {
        line: 0 if facts.returned_whole else max(0, amount - facts.returned.get(line, 0))
        for line, amount in facts.amounts.items()
    }
    something_back = facts.returned_whole or any(facts.returned.get(line) for line in left)
    confirmable = _below(facts.ceiling, facts.amounts)
    is_less = something_back or confirmable != facts.amounts
    if is_less and not (any(left.values()) and any(confirmable.values())):
        return Standing(Status.REJECTED, member_id)
    earned = earned_on(left.values(), terms)
    if confirmable != facts.amounts:
        earned = earned.but_at_most(earned_on(confirmable.values(), terms))
    match _verdict(facts):
        case OnHoldEnd.CONFIRM:
            return Standing(Status.CONFIRMED, member_id, confirmed=earned)
        case OnHoldEnd.REJECT:
            return Standing(Status.REJECTED, member_id)
        case OnHoldEnd.WAIT_FOR_STAFF:
            return Standing(Status.AWAITING_STAFF, member_id, pending=earned)
    return Standing(Status.PENDING, member_id, pending=earned)


def _verdict(facts: Facts) -> OnHoldEnd | None:
    """Whether it is confirmed or rejected, waits for staff, or (None) for the end of its hold.

    What nobody proved is not confirmed by a word that leaves its amount and its member open: the
    shop's confirmation counts for it when the hold has let the shop see, and object.
    """
    if facts.staff_outcome and (facts.suspected or not facts.trusted):
        return facts.staff_outcome
    if facts.suspected:
        return OnHoldEnd.WAIT_FOR_STAFF
    if facts.confirmed_by_shop and (facts.trusted or facts.hold_outcome):
        return OnHoldEnd.CONFIRM
    return facts.staff_outcome or facts.hold_outcome


def _below(ceiling: int | None, amounts: Mapping[str, int]) -> Mapping[str, int]:
    """Kopecks by line with no more than the ceiling in all: the last lines give first.

    Not of what is left after returns, or one more return could shift a kopeck of rounding upwards.
    """
    if ceiling is None or sum(amounts.values()) <= ceiling:
        return amounts
    counted = dict(amounts)
    excess = sum(amounts.values()) - ceiling
    for line in sorted(counted, reverse=True):
        taken = max(0, min(excess, counted[line]))
        counted[line] -= taken
        excess -= taken
    return counted


def earned_on(amounts: Iterable[int], terms: Terms) -> Earned:
    """What lines of these sums earn, each rounded by itself."""
    lines = list(amounts)
    return Earned(
        sum(share(amount, terms.cashback_bp) for amount in lines),
        sum(share(amount, terms.commission_bp) for amount in lines),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One movement of a purchase's money for one member."""

    kind: Kind
    member_id: int
    moved: Earned


def steps(booked: Standing, target: Standing, sold: Earned = NOTHING) -> Iterator[Step]:
    """The movements that take the ledger from where it stands to where it ought to stand.

    What was confirmed is never edited: it is clawed back. What is newly confirmed goes through
    pending, so that every confirmed kopeck was once tracked. ``sold`` is what the purchase comes
    to with nothing given back: a member is promised that first, so that a return leaves the same
    trail whether it comes after its purchase or before.
    """
    if booked.member_id is not None and booked.member_id != target.member_id:
        yield from _moves(booked.member_id, booked, Standing(Status.REJECTED))
        booked = Standing(Status.REJECTED)
    if target.member_id is None:
        return
    if booked.member_id is None:
        promised = Standing(Status.PENDING, pending=sold)
        yield from _moves(target.member_id, booked, promised)
        booked = promised
    yield from _moves(target.member_id, booked, target)


def _moves(member: int, booked: Standing, target: Standing) -> Iterator[Step]:
    change = target.confirmed - booked.confirmed
    if change.falls:
        yield Step(Kind.CLAWED_BACK, member, -change)
        change = NOTHING
    difference = target.pending + change - booked.pending
    if not difference.is_nothing:
        if difference.falls:
            yield Step(Kind.REJECTED, member, -difference)
        else:
            yield Step(Kind.TRACKED, member, difference)
    if not change.is_nothing:
        yield Step(Kind.CONFIRMED, member, change)


_DIRECTIONS = {
    Kind.TRACKED: (1, 0),
    Kind.REJECTED: (-1, 0),
    Kind.CONFIRMED: (-1, 1),
    Kind.CLAWED_BACK: (0, -1),
}
"""Which way a step moves what is pending, and what is confirmed."""


def step_posting(
    step: Step,
    *,
    shop_id: int,
    reference: str,
    effective_at: datetime,
    corrects: str | None,
    after: tuple[str, ...] = (),
) -> Posting | None:
    """The ledger's form of a step; None when it moves nothing."""
    pending, confirmed = _DIRECTIONS[step.kind]
    cashback, commission = step.moved.cashback, step.moved.commission
    margin = commission - cashback
    legs = (
        Leg(Account.SHOP_PENDING_COMMISSION, shop_id, pending * commission),
        Leg(Account.MEMBER_PENDING, step.member_id, -pending * cashback),
        Leg(Account.PENDING_MARGIN, HOUSE, -pending * margin),
        Leg(Account.SHOP_RECEIVABLE, shop_id, confirmed * commission),
        Leg(Account.MEMBER_AVAILABLE, step.member_id, -confirmed * cashback),
        Leg(Account.MARGIN, HOUSE, -confirmed * margin),
    )
    return posting(reference, step.kind, effective_at, legs, corrects=corrects, after=after)
