"""What an adjustment may be, and how it is booked. Pure. Sums are kopecks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.kit.errors import Conflict, Invalid, NotFound
from tracker.kit.money import format_rubles
from tracker.ledger.rules import HOUSE, Account, Leg, Posting, posting
from tracker.ledger.rules import Kind as Movement


class Kind(StrEnum):
    """What is done to a member's available balance."""

    CREDIT = "credit"
    """We owed it all along."""
    DEBIT = "debit"
    """We never owed it; it may leave a debt."""
    GOODWILL = "goodwill"
    """We do not owe it, and give it."""
    WRITE_OFF = "write_off"
    """A debt of the member, or a part of it, that we give up."""


class Cause(StrEnum):
    """Why, from a closed list: members are told it in words."""

    MISSING_CASHBACK = "missing_cashback"
    """A purchase that no shop will report any more, or reported too low."""
    WRONG_AMOUNT = "wrong_amount"
    """Something was booked for another sum than it should have been."""
    CREDITED_IN_ERROR = "credited_in_error"
    FRAUD = "fraud"
    OPERATOR_PAID = "operator_paid"
    """The operator did pay what we have as refused: the member has the money twice."""
    APOLOGY = "apology"
    PROMISED = "promised"
    """Somebody of ours promised it."""
    OUR_MISTAKE = "our_mistake"
    """The debt came about by a mistake of ours."""
    UNCOLLECTABLE = "uncollectable"
    """Nothing will ever pay the debt off."""
    OTHER = "other"


CAUSES: Mapping[Kind, frozenset[Cause]] = {
    Kind.CREDIT: frozenset({Cause.MISSING_CASHBACK, Cause.WRONG_AMOUNT, Cause.OTHER}),
    Kind.DEBIT: frozenset(
        {
            Cause.WRONG_AMOUNT,
            Cause.CREDITED_IN_ERROR,
            Cause.FRAUD,
            Cause.OPERATOR_PAID,
            Cause.OTHER,
        }
    ),
    Kind.GOODWILL: frozenset({Cause.APOLOGY, Cause.PROMISED, Cause.OTHER}),
    Kind.WRITE_OFF: frozenset({Cause.OUR_MISTAKE, Cause.UNCOLLECTABLE, Cause.OTHER}),
}
"""Which causes go with which kind."""

GIVES = frozenset({Kind.CREDIT, Kind.GOODWILL, Kind.WRITE_OFF})
"""Kinds that raise what is available."""


class AdjustmentNotFound(NotFound):
    """Nobody has proposed this adjustment."""

    code = "adjustment_not_found"


class AdjustmentUnsound(Invalid):
    """Something in the adjustment is wrong."""

    code = "adjustment_unsound"


class MemberHasLeft(Conflict):
    """The member has left the club: nothing would ever be paid to them."""

    code = "member_has_left"


class DebtIsLess(Conflict):
    """The member's debt is less than what is to be written off."""

    code = "debt_is_less"


class PayoutNotRefused(Conflict):
    """The payout is not one of this member and sum that our books have as refused."""

    code = "payout_not_refused"


class PayoutTakenBack(Conflict):
    """What the operator paid after all was taken from the member already."""

    code = "payout_taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What is to be done to a member's money."""

    kind: Kind
    member_id: int
    amount: int
    cause: Cause
    note: str
    """For staff: why, and what shows it."""
    effective_at: datetime | None = None
    """When it counts; None: when it is approved."""
    payout_id: int | None = None
    """Of what the operator paid after all: which payout."""


def check(one: Adjustment, *, most: int, now: datetime) -> None:
    """Raises AdjustmentUnsound. ``most``: what an adjustment may come to; what the operator paid
    after all is as much as it was."""
    faults: dict[str, str] = {}
    is_of_a_payout = one.cause is Cause.OPERATOR_PAID
    if one.cause not in CAUSES[one.kind]:
        allowed = ", ".join(sorted(CAUSES[one.kind]))
        faults["cause"] = f"of a {one.kind} it is one of: {allowed}"
    if one.amount <= 0:
        faults["amount"] = "must be more than nothing"
    elif one.amount > most and not is_of_a_payout:
        faults["amount"] = f"must not be more than {format_rubles(most)} RUB (ADJUSTMENT_MAX)"
    if is_of_a_payout and one.payout_id is None:
        faults["payout_id"] = f"is missing: {Cause.OPERATOR_PAID} is of a payout"
    if one.payout_id is not None and not is_of_a_payout:
        faults["payout_id"] = f"goes with the cause {Cause.OPERATOR_PAID}, and with no other"
    if one.effective_at is not None and one.effective_at > now:
        faults["effective_at"] = "must not lie in the future"
    if faults:
        raise AdjustmentUnsound(fields=faults)


def act_of(kind: Kind) -> str:
    """What the act is called: so the audit tells kinds apart."""
    return _ACTS[kind]


_ACTS = {
    Kind.CREDIT: "adjustment.credit",
    Kind.DEBIT: "adjustment.debit",
    Kind.GOODWILL: "adjustment.goodwill",
    Kind.WRITE_OFF: "adjustment.write_off",
}


def subject_of(member_id: int) -> str:
    """What an adjustment is done to."""
    return f"member:{member_id}"


def reference(adjustment_id: int, kind: Kind) -> str:
    """What an adjustment is called in the ledger, and its notice."""
    return f"adjustment:{adjustment_id}:{kind}"


def posting_of(adjustment_id: int, one: Adjustment, effective_at: datetime) -> Posting:
    """How it is booked. Raises ValueError for a sum of nothing."""
    amount = one.amount if one.kind in GIVES else -one.amount
    made = posting(
        reference(adjustment_id, one.kind),
        _MOVEMENTS[one.kind],
        effective_at,
        (Leg(_against(one), HOUSE, amount), Leg(Account.MEMBER_AVAILABLE, one.member_id, -amount)),
    )
    if made is None:
        raise ValueError(f"adjustment {adjustment_id} moves nothing")
    return made


_MOVEMENTS = {
    Kind.CREDIT: Movement.ADJUSTMENT_CREDIT,
    Kind.DEBIT: Movement.ADJUSTMENT_DEBIT,
    Kind.GOODWILL: Movement.ADJUSTMENT_GOODWILL,
    Kind.WRITE_OFF: Movement.ADJUSTMENT_WRITE_OFF,
}


def _against(one: Adjustment) -> Account:
    if one.cause is Cause.OPERATOR_PAID:
        return Account.OWED_TO_OPERATOR
    return {
        Kind.CREDIT: Account.ADJUSTMENTS,
        Kind.DEBIT: Account.ADJUSTMENTS,
        Kind.GOODWILL: Account.GOODWILL_EXPENSE,
        Kind.WRITE_OFF: Account.WRITE_OFFS,
    }[one.kind]
