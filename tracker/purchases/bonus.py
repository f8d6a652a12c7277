"""What the club gives of its own with a purchase: the welcome bonus, and the referral reward. Pure.

The welcome bonus is the buyer's, goes with the first purchase and shares its fate: if that purchase
is rejected, the bonus moves to the next one. The reward is the inviter's and has rules of its own
(`rewards`); what is here moves the money of both. "First" is by the moment of the order, so the
order in which messages arrive changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tracker.ledger.rules import HOUSE, Account, Kind, Leg, Posting, posting
from tracker.purchases.rules import Status


class Kinds(NamedTuple):
    """What the ledger calls the movements of a gift."""

    tracked: Kind
    rejected: Kind
    confirmed: Kind
    clawed_back: Kind


WELCOME = Kinds(
    Kind.BONUS_TRACKED, Kind.BONUS_REJECTED, Kind.BONUS_CONFIRMED, Kind.BONUS_CLAWED_BACK
)
REWARD = Kinds(
    Kind.REWARD_TRACKED, Kind.REWARD_REJECTED, Kind.REWARD_CONFIRMED, Kind.REWARD_CLAWED_BACK
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A purchase that a gift may go with."""

    purchase_id: int
    status: Status


@dataclass(frozen=True, slots=True)
class Bonus:
    """A gift as it stands: kopecks, what it goes with, and whether it is confirmed."""

    amount: int
    carried_by: int | None = None
    """The purchase that a welcome bonus goes with, the friend whom a reward is for; None: it is
    nobody's at present."""
    confirmed: bool = False


def place(bonus: Bonus, first: Carrier | None, present: Carrier | None) -> Bonus:
    """Where the bonus belongs.

    ``first`` is the member's earliest live purchase, ``present`` the live purchase that carries
    the bonus now (None when it is live no more). A confirmed bonus stays where it is as long as
    its purchase is confirmed: an older one that turns up late does not take it back from the
    member.
    """
    carrier = carrier_of(first, present, confirmed=bonus.confirmed)
    if carrier is None:
        return Bonus(bonus.amount)
    return Bonus(bonus.amount, carrier.purchase_id, carrier.status is Status.CONFIRMED)


def carrier_of(
    first: Carrier | None, present: Carrier | None, *, confirmed: bool
) -> Carrier | None:
    """The purchase that a gift goes with: the first, unless what is confirmed stays."""
    keeps = confirmed and present is not None and present.status is Status.CONFIRMED
    return present if keeps else first


def movements(before: Bonus, after: Bonus, kinds: Kinds = WELCOME) -> Iterator[Kind]:
    """The kinds of movement between two standings, in order."""
    stays = before.carried_by == after.carried_by and after.confirmed
    if before.confirmed and not stays:
        yield kinds.clawed_back
        before = Bonus(before.amount)
    if before.carried_by is None and after.carried_by is not None:
        yield kinds.tracked
    if before.carried_by is not None and after.carried_by is None:
        yield kinds.rejected
    if after.confirmed and not before.confirmed:
        yield kinds.confirmed


def bonus_posting(
    kind: Kind,
    *,
    member_id: int,
    amount: int,
    reference: str,
    effective_at: datetime,
    corrects: str | None = None,
    after: tuple[str, ...] = (),
) -> Posting | None:
    """The ledger's form of a movement, for whoever the gift is to; None when it is nothing."""
    debit, credit = _SIDES[kind]
    legs = (
        Leg(debit, _owner(debit, member_id), amount),
        Leg(credit, _owner(credit, member_id), -amount),
    )
    return posting(reference, kind, effective_at, legs, corrects=corrects, after=after)


def _owner(account: Account, member_id: int) -> int:
    return HOUSE if account is Account.MARKETING_EXPENSE else member_id


_SIDES = {
    kind: sides
    for kinds in (WELCOME, REWARD)
    for kind, sides in {
        kinds.tracked: (Account.MARKETING_EXPENSE, Account.MEMBER_PENDING),
        kinds.rejected: (Account.MEMBER_PENDING, Account.MARKETING_EXPENSE),
        kinds.confirmed: (Account.MEMBER_PENDING, Account.MEMBER_AVAILABLE),
        kinds.clawed_back: (Account.MEMBER_AVAILABLE, Account.MARKETING_EXPENSE),
    }.items()
}
"""The account that each kind of movement debits, and the one that it credits."""
