"""The welcome bonus: with a member's first purchase, pending with it and sharing its fate. Pure.

If that purchase is rejected, the bonus moves to the next one. "First" is by the moment of the
order, so the order in which messages arrive changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tracker.ledger.rules import HOUSE, Account, Kind, Leg, Posting, posting
from tracker.purchases.rules import Status


@dataclass(frozen=True, slots=True)
class Carrier:
    """A live purchase that a bonus may go with."""

    purchase_id: int
    status: Status


@dataclass(frozen=True, slots=True)
class Bonus:
    """A member's welcome bonus as it stands: kopecks, on which purchase, and whether confirmed."""

    amount: int
    purchase_id: int | None = None
    confirmed: bool = False


def place(bonus: Bonus, first: Carrier | None, present: Carrier | None) -> Bonus:
    """Where the bonus belongs.

    ``first`` is the member's earliest live purchase, ``present`` the live purchase that carries
    the bonus now (None when it is live no more). A confirmed bonus stays where it is as long as
    its purchase is confirmed: an older one that turns up late does not take it back from the
    member.
    """
    keeps = bonus.confirmed and present is not None and present.status is Status.CONFIRMED
    carrier = present if keeps else first
    if carrier is None:
        return Bonus(bonus.amount)
    return Bonus(bonus.amount, carrier.purchase_id, carrier.status is Status.CONFIRMED)


def movements(before: Bonus, after: Bonus) -> Iterator[Kind]:
    """The kinds of movement between two standings, in order."""
    stays = before.purchase_id == after.purchase_id and after.confirmed
    if before.confirmed and not stays:
        yield Kind.BONUS_CLAWED_BACK
        before = Bonus(before.amount)
    if before.purchase_id is None and after.purchase_id is not None:
        yield Kind.BONUS_TRACKED
    if before.purchase_id is not None and after.purchase_id is None:
        yield Kind.BONUS_REJECTED
    if after.confirmed and not before.confirmed:
        yield Kind.BONUS_CONFIRMED


def bonus_posting(
    kind: Kind,
    *,
    member_id: int,
    amount: int,
    reference: str,
    effective_at: datetime,
    corrects: str | None = None,
) -> Posting | None:
    """The ledger's form of a movement of the bonus; None when the bonus is nothing."""
    debit, credit = {
        Kind.BONUS_TRACKED: (Account.MARKETING_EXPENSE, Account.MEMBER_PENDING),
        Kind.BONUS_REJECTED: (Account.MEMBER_PENDING, Account.MARKETING_EXPENSE),
        Kind.BONUS_CONFIRMED: (Account.MEMBER_PENDING, Account.MEMBER_AVAILABLE),
        Kind.BONUS_CLAWED_BACK: (Account.MEMBER_AVAILABLE, Account.MARKETING_EXPENSE),
    }[kind]
    legs = (
        Leg(debit, _owner(debit, member_id), amount),
        Leg(credit, _owner(credit, member_id), -amount),
    )
    return posting(reference, kind, effective_at, legs, corrects=corrects)


def _owner(account: Account, member_id: int) -> int:
    return HOUSE if account is Account.MARKETING_EXPENSE else member_id
