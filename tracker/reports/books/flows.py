"""What each kind of movement is to what we owe members. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from tracker.ledger.rules import Account, Kind

LIABILITIES = (
    Account.MEMBER_PENDING,
    Account.MEMBER_AVAILABLE,
    Account.MEMBER_RESERVED,
    Account.MEMBER_IN_FLIGHT,
    Account.CERTIFICATES_OUTSTANDING,
)
"""What we owe members stands on these, in money and in certificates that no salon has taken."""


class Flow(StrEnum):
    """A column of the roll-forward."""

    ACCRUED = "accrued"
    REJECTED = "rejected"
    TAKEN_BACK = "taken_back"
    PAID = "paid"
    CERTIFICATES = "certificates"
    ADJUSTED = "adjusted"
    MOVED = "moved"
    """From one of these accounts to another: nothing in all."""


LESSENS = frozenset({Flow.REJECTED, Flow.TAKEN_BACK, Flow.PAID, Flow.CERTIFICATES})
"""What is taken off; told as it is, and not below zero."""

FLOWS: Mapping[Kind, Flow] = {
    Kind.TRACKED: Flow.ACCRUED,
    Kind.BONUS_TRACKED: Flow.ACCRUED,
    Kind.REWARD_TRACKED: Flow.ACCRUED,
    Kind.REJECTED: Flow.REJECTED,
    Kind.BONUS_REJECTED: Flow.REJECTED,
    Kind.REWARD_REJECTED: Flow.REJECTED,
    Kind.CLAWED_BACK: Flow.TAKEN_BACK,
    Kind.BONUS_CLAWED_BACK: Flow.TAKEN_BACK,
    Kind.REWARD_CLAWED_BACK: Flow.TAKEN_BACK,
    Kind.PAYOUT_PAID: Flow.PAID,
    Kind.CERTIFICATE_REDEEMED: Flow.CERTIFICATES,
    Kind.ADJUSTMENT_CREDIT: Flow.ADJUSTED,
    Kind.ADJUSTMENT_DEBIT: Flow.ADJUSTED,
    Kind.ADJUSTMENT_GOODWILL: Flow.ADJUSTED,
    Kind.ADJUSTMENT_WRITE_OFF: Flow.ADJUSTED,
    Kind.CONFIRMED: Flow.MOVED,
    Kind.BONUS_CONFIRMED: Flow.MOVED,
    Kind.REWARD_CONFIRMED: Flow.MOVED,
    Kind.PAYOUT_SUBMITTED: Flow.MOVED,
    Kind.PAYOUT_FAILED: Flow.MOVED,
    Kind.GOAL_RESERVED: Flow.MOVED,
    Kind.GOAL_RELEASED: Flow.MOVED,
    Kind.CERTIFICATE_ORDERED: Flow.MOVED,
    Kind.CERTIFICATE_VOIDED: Flow.MOVED,
    Kind.SHOP_PAID: Flow.MOVED,
    Kind.SHOP_PAYMENT_REVERSED: Flow.MOVED,
    Kind.RECEIVABLE_WRITTEN_OFF: Flow.MOVED,
}
"""The last ones are no business of members: they move nothing here."""


def kinds_of(flow: Flow) -> list[str]:
    """The kinds that stand in a column."""
    return sorted(str(kind) for kind, of in FLOWS.items() if of is flow)
