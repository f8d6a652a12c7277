"""The lines of purchases, bonuses, rewards, payments and certificates. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tracker.adjustments.rules import GIVES, Cause
from tracker.adjustments.rules import Kind as Adjusted
from tracker.cabinet.rules import (
    ADJUSTMENTS,
    BONUSES,
    CERTIFICATES,
    PART,
    PAYMENTS,
    PURCHASES,
    REWARDS,
    Key,
    Kind,
    Line,
    Status,
    Waits,
    Why,
)
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.clock import MOSCOW
from tracker.purchases.rewards import RewardState
from tracker.purchases.rules import Status as PurchaseStatus


@dataclass(frozen=True, slots=True)
class Bought:
    """What a history needs to know of a purchase."""

    id: int
    shop_id: int
    order_id: str
    ordered_at: datetime
    status: PurchaseStatus
    promised: int
    pending: int
    confirmed: int
    hold_ends_at: datetime | None
    hold_outcome: OnHoldEnd | None
    staff_outcome: OnHoldEnd | None
    is_confirmed_for_less: bool

    @property
    def rejected(self) -> int:
        """What is neither pending nor confirmed of what was promised."""
        return self.promised - self.pending - self.confirmed


@dataclass(frozen=True, slots=True)
class Brought:
    """What a history needs to know of a referral reward that was ever money."""

    id: int
    carried_at: datetime
    amount: int
    state: RewardState
    is_refused: bool
    """By staff."""
    was_confirmed: bool
    hold_ends_at: datetime | None
    purchase_status: PurchaseStatus | None


def lines_of(one: Bought, *, reason: Why | None, taken_back: bool) -> Iterator[Line]:
    """A line for each status in which there is money of a purchase."""
    for status, amount in (
        (Status.ACCRUED, one.confirmed),
        (Status.PENDING, one.pending),
        (Status.REJECTED, one.rejected),
    ):
        waits_for = waits_of(one.status) if status is Status.PENDING else None
        is_rejected = status is Status.REJECTED
        if amount:
            yield Line(
                f"{PURCHASES.mark}{one.id}-{status}",
                Key(one.ordered_at, PURCHASES.rank, one.shop_id, one.order_id, PART[status]),
                status,
                Kind.PURCHASE,
                amount,
                one.id,
                one.shop_id,
                one.order_id,
                expected_at=_expected(one.hold_ends_at, waits_for),
                waits_for=waits_for,
                reason=reason if is_rejected else None,
                taken_back=taken_back and is_rejected,
            )


def bonus_line(member_id: int, amount: int, one: Bought, *, confirmed: bool) -> Line:
    """The line of a welcome bonus, which goes with a purchase of the member's."""
    waits_for = None if confirmed else waits_of(one.status)
    status = Status.ACCRUED if confirmed else Status.PENDING
    return Line(
        f"{BONUSES.mark}{member_id}-{status}",
        Key(one.ordered_at, BONUSES.rank, member_id, "", PART[status]),
        status,
        Kind.WELCOME_BONUS,
        amount,
        one.id,
        one.shop_id,
        one.order_id,
        expected_at=_expected(one.hold_ends_at, waits_for),
        waits_for=waits_for,
    )


def reward_line(one: Brought) -> Line | None:
    """The line of a reward; of the friend and the purchase nothing is told but until when."""
    status = _REWARDS.get(one.state)
    if status is None:
        return None
    waits_for = None
    if status is Status.PENDING:
        is_held = one.state is RewardState.REVIEW
        waits_for = Waits.REVIEW if is_held else waits_of(one.purchase_status)
    is_rejected = status is Status.REJECTED
    reason = Why.DECLINED if one.is_refused else Why.FRIENDS_PURCHASE
    return Line(
        f"{REWARDS.mark}{one.id}-{status}",
        Key(one.carried_at, REWARDS.rank, one.id, "", PART[status]),
        status,
        Kind.REFERRAL_REWARD,
        one.amount,
        expected_at=_expected(one.hold_ends_at, waits_for),
        waits_for=waits_for,
        reason=reason if is_rejected else None,
        taken_back=is_rejected and one.was_confirmed,
    )


_REWARDS = {
    RewardState.CONFIRMED: Status.ACCRUED,
    RewardState.PENDING: Status.PENDING,
    RewardState.REVIEW: Status.PENDING,
    RewardState.REJECTED: Status.REJECTED,
}
"""Of the others there is no money: no purchase, or no room under the ceiling."""


def payment_line(payout_id: int, period: str, as_of: datetime, amount: int) -> Line:
    """The line of money that was paid."""
    return Line(
        f"{PAYMENTS.mark}{payout_id}",
        Key(as_of, PAYMENTS.rank, payout_id, "", PART[Status.WRITTEN_OFF]),
        Status.WRITTEN_OFF,
        Kind.PAYMENT,
        amount,
        period=period,
    )


def certificate_line(certificate_id: int, ordered_at: datetime, amount: int) -> Line:
    """The line of money that went into a certificate."""
    return Line(
        f"{CERTIFICATES.mark}{certificate_id}",
        Key(ordered_at, CERTIFICATES.rank, certificate_id, "", PART[Status.WRITTEN_OFF]),
        Status.WRITTEN_OFF,
        Kind.CERTIFICATE,
        amount,
    )


def adjustment_line(
    adjustment_id: int, effective_at: datetime, amount: int, kind: Adjusted, cause: Cause
) -> Line:
    """The line of what staff gave, took or forgave."""
    status = Status.ACCRUED if kind in GIVES else Status.WRITTEN_OFF
    return Line(
        f"{ADJUSTMENTS.mark}{adjustment_id}",
        Key(effective_at, ADJUSTMENTS.rank, adjustment_id, "", PART[status]),
        status,
        Kind.ADJUSTMENT,
        amount,
        cause=cause,
    )


def waits_of(status: PurchaseStatus | None) -> Waits | None:
    """What a purchase waits for."""
    if status is PurchaseStatus.PENDING:
        return Waits.HOLD
    return Waits.REVIEW if status is PurchaseStatus.AWAITING_STAFF else None


def _expected(hold_ends_at: datetime | None, waits_for: Waits | None) -> datetime | None:
    ends = hold_ends_at if waits_for is Waits.HOLD else None
    return ends and ends.astimezone(MOSCOW)


def why_not(one: Bought) -> Why:
    """Why something of a purchase was rejected that no return took."""
    if one.status is PurchaseStatus.REJECTED:
        if one.staff_outcome is OnHoldEnd.REJECT:
            return Why.DECLINED
        if one.hold_outcome is OnHoldEnd.REJECT:
            return Why.NOT_CONFIRMED
    return Why.CONFIRMED_FOR_LESS if one.is_confirmed_for_less else Why.OTHER
