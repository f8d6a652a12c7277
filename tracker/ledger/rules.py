"""What a posting is and when it is sound. Pure.

Amounts are kopecks, debit positive, credit negative. A member's balance is what we owe the
member, so a credit raises it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.kit.errors import TrackerError

HOUSE = 0
"""The owner of accounts that belong to nobody but us."""


class Account(StrEnum):
    """The chart of accounts. The owner is a member, a shop, or the house."""

    MEMBER_PENDING = "member_pending"
    """Owed to a member once the purchase is confirmed."""
    MEMBER_AVAILABLE = "member_available"
    """Owed to a member now; below zero it is the member's debt."""
    MEMBER_IN_FLIGHT = "member_in_flight"
    """Handed to the operator's billing, outcome not known yet."""
    MEMBER_RESERVED = "member_reserved"
    """Put aside for the member's goals: still owed now, and not paid out by the month."""
    SHOP_PENDING_COMMISSION = "shop_pending_commission"
    """What a shop will owe us if its purchases are confirmed."""
    SHOP_RECEIVABLE = "shop_receivable"
    """What a shop owes us."""
    PENDING_MARGIN = "pending_margin"
    """Commission less cashback of purchases not yet confirmed."""
    MARGIN = "margin"
    """Commission less cashback of confirmed purchases: our income."""
    MARKETING_EXPENSE = "marketing_expense"
    """Bonuses and rewards that no shop pays for."""
    OWED_TO_OPERATOR = "owed_to_operator"
    """Top-ups the operator has made for us."""
    CERTIFICATES_OUTSTANDING = "certificates_outstanding"
    """Certificates that were ordered and no salon has taken yet."""
    OWED_TO_SALONS = "owed_to_salons"
    """Certificates that salons have taken."""
    BANK = "bank"
    """What shops have paid us."""
    ADJUSTMENTS = "adjustments"
    """Corrections by staff that no purchase accounts for: an expense when a debit."""
    GOODWILL_EXPENSE = "goodwill_expense"
    """What staff gave members out of kindness."""
    WRITE_OFFS = "write_offs"
    """Members' debts and shops' receivables that staff gave up."""


MEMBER_ACCOUNTS = frozenset(
    {
        Account.MEMBER_PENDING,
        Account.MEMBER_AVAILABLE,
        Account.MEMBER_IN_FLIGHT,
        Account.MEMBER_RESERVED,
    }
)
SHOP_ACCOUNTS = frozenset({Account.SHOP_PENDING_COMMISSION, Account.SHOP_RECEIVABLE})


class Kind(StrEnum):
    """Why money moved."""

    TRACKED = "tracked"
    REJECTED = "rejected"
    CONFIRMED = "confirmed"
    CLAWED_BACK = "clawed_back"
    BONUS_TRACKED = "bonus_tracked"
    BONUS_REJECTED = "bonus_rejected"
    BONUS_CONFIRMED = "bonus_confirmed"
    BONUS_CLAWED_BACK = "bonus_clawed_back"
    REWARD_TRACKED = "reward_tracked"
    REWARD_REJECTED = "reward_rejected"
    REWARD_CONFIRMED = "reward_confirmed"
    REWARD_CLAWED_BACK = "reward_clawed_back"
    PAYOUT_SUBMITTED = "payout_submitted"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    GOAL_RESERVED = "goal_reserved"
    GOAL_RELEASED = "goal_released"
    CERTIFICATE_ORDERED = "certificate_ordered"
    CERTIFICATE_REDEEMED = "certificate_redeemed"
    CERTIFICATE_VOIDED = "certificate_voided"
    """Voided by staff, or past its day: the money is the member's again."""
    ADJUSTMENT_CREDIT = "adjustment_credit"
    ADJUSTMENT_DEBIT = "adjustment_debit"
    ADJUSTMENT_GOODWILL = "adjustment_goodwill"
    ADJUSTMENT_WRITE_OFF = "adjustment_write_off"
    """A member's debt that staff gave up."""
    SHOP_PAID = "shop_paid"
    SHOP_PAYMENT_REVERSED = "shop_payment_reversed"
    """A payment that was another shop's, or was sent back."""
    RECEIVABLE_WRITTEN_OFF = "receivable_written_off"


CLAWBACKS = frozenset(
    {
        Kind.CLAWED_BACK,
        Kind.BONUS_CLAWED_BACK,
        Kind.REWARD_CLAWED_BACK,
        Kind.ADJUSTMENT_DEBIT,
    }
)
"""The only kinds that may push a member's available balance below zero."""


_OF_PENDING = frozenset(
    {Account.SHOP_PENDING_COMMISSION, Account.MEMBER_PENDING, Account.PENDING_MARGIN}
)
_OF_CONFIRMED = frozenset({Account.SHOP_RECEIVABLE, Account.MEMBER_AVAILABLE, Account.MARGIN})
_PROMISED = frozenset({Account.MARKETING_EXPENSE, Account.MEMBER_PENDING})
_EARNED = frozenset({Account.MEMBER_PENDING, Account.MEMBER_AVAILABLE})
_TAKEN_BACK = frozenset({Account.MARKETING_EXPENSE, Account.MEMBER_AVAILABLE})
_HANDED_OVER = frozenset({Account.MEMBER_AVAILABLE, Account.MEMBER_IN_FLIGHT})
_PUT_ASIDE = frozenset({Account.MEMBER_AVAILABLE, Account.MEMBER_RESERVED})
_IN_CERTIFICATES = _PUT_ASIDE | {Account.CERTIFICATES_OUTSTANDING}

ACCOUNTS_OF: Mapping[Kind, frozenset[Account]] = {
    Kind.TRACKED: _OF_PENDING,
    Kind.REJECTED: _OF_PENDING,
    Kind.CONFIRMED: _OF_PENDING | _OF_CONFIRMED,
    Kind.CLAWED_BACK: _OF_CONFIRMED,
    Kind.BONUS_TRACKED: _PROMISED,
    Kind.BONUS_REJECTED: _PROMISED,
    Kind.BONUS_CONFIRMED: _EARNED,
    Kind.BONUS_CLAWED_BACK: _TAKEN_BACK,
    Kind.REWARD_TRACKED: _PROMISED,
    Kind.REWARD_REJECTED: _PROMISED,
    Kind.REWARD_CONFIRMED: _EARNED,
    Kind.REWARD_CLAWED_BACK: _TAKEN_BACK,
    Kind.PAYOUT_SUBMITTED: _HANDED_OVER,
    Kind.PAYOUT_PAID: frozenset({Account.MEMBER_IN_FLIGHT, Account.OWED_TO_OPERATOR}),
    Kind.PAYOUT_FAILED: _HANDED_OVER,
    Kind.GOAL_RESERVED: _PUT_ASIDE,
    Kind.GOAL_RELEASED: _PUT_ASIDE,
    Kind.CERTIFICATE_ORDERED: _IN_CERTIFICATES,
    Kind.CERTIFICATE_REDEEMED: frozenset(
        {Account.CERTIFICATES_OUTSTANDING, Account.OWED_TO_SALONS}
    ),
    Kind.CERTIFICATE_VOIDED: _IN_CERTIFICATES,
    Kind.ADJUSTMENT_CREDIT: frozenset({Account.ADJUSTMENTS, Account.MEMBER_AVAILABLE}),
    Kind.ADJUSTMENT_DEBIT: frozenset(
        {Account.ADJUSTMENTS, Account.OWED_TO_OPERATOR, Account.MEMBER_AVAILABLE}
    ),
    Kind.ADJUSTMENT_GOODWILL: frozenset({Account.GOODWILL_EXPENSE, Account.MEMBER_AVAILABLE}),
    Kind.ADJUSTMENT_WRITE_OFF: frozenset({Account.WRITE_OFFS, Account.MEMBER_AVAILABLE}),
    Kind.SHOP_PAID: frozenset({Account.BANK, Account.SHOP_RECEIVABLE}),
    Kind.SHOP_PAYMENT_REVERSED: frozenset(
        {Account.BANK, Account.WRITE_OFFS, Account.SHOP_RECEIVABLE}
    ),
    Kind.RECEIVABLE_WRITTEN_OFF: frozenset({Account.WRITE_OFFS, Account.SHOP_RECEIVABLE}),
}
"""Between which accounts each kind moves money; no other may have a leg in it."""


class PostingUnsound(TrackerError):
    """A posting does not balance, has an empty leg, or one on an account that its kind does not
    move, or names an owner that cannot own."""

    code = "posting_unsound"


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posting: kopecks, debit positive."""

    account: Account
    owner: int
    amount: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One ledger transaction to be.

    ``reference`` makes it happen once; ``effective_at`` is when it counts; ``corrects`` is the
    reference of the transaction that it corrects. ``after`` are those that gave what it confirms or
    takes: it counts no earlier, whatever moments others tell.
    """

    reference: str
    kind: Kind
    effective_at: datetime
    legs: tuple[Leg, ...]
    corrects: str | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alike:
    """Postings of one kind that move members' money between the same two accounts, as columns.

    Each is of one member and of one amount in kopecks, above zero; otherwise as in `Posting`.
    """

    kind: Kind
    debit: Account
    credit: Account
    references: list[str]
    corrects: list[str | None]
    effective_at: list[datetime]
    members: list[int]
    amounts: list[int]


def posting(
    reference: str,
    kind: Kind,
    effective_at: datetime,
    legs: Iterable[Leg],
    *,
    corrects: str | None = None,
    after: tuple[str, ...] = (),
) -> Posting | None:
    """A sound posting of the legs that move something, or None when none does.

    Raises PostingUnsound.
    """
    moving = tuple(leg for leg in legs if leg.amount)
    if not moving:
        return None
    if len(moving) < 2 or sum(leg.amount for leg in moving) != 0:
        raise PostingUnsound(f"{reference}: legs must be two or more and sum to zero: {moving}")
    for leg in moving:
        owned = leg.account in MEMBER_ACCOUNTS or leg.account in SHOP_ACCOUNTS
        if owned != (leg.owner != HOUSE):
            raise PostingUnsound(f"{reference}: {leg.account} cannot belong to {leg.owner}")
        if leg.account not in ACCOUNTS_OF[kind]:
            raise PostingUnsound(f"{reference}: {leg.account} is not moved by {kind}")
    return Posting(reference, kind, effective_at, moving, corrects, after)


def references(*given: str | None) -> tuple[str, ...]:
    """Those that there are."""
    return tuple(one for one in given if one)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not add up: kopecks, or a word, as it ought to be and as it is."""

    what: str
    expected: str
    found: str
