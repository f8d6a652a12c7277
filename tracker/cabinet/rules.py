"""What a history is made of, in what order, and why a line is as it is. Pure.

Sums are kopecks. All that a member has ever been promised adds up:

- accrued lines - written-off lines = available + reserved + in flight (available below zero is a
  debt);
- pending lines = pending;
- of each purchase, accrued + pending + rejected = what it promised.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from tracker.adjustments.rules import Cause
from tracker.kit.clock import MOSCOW, moscow_midnight
from tracker.kit.errors import Invalid, NotFound
from tracker.purchases.contracts import RejectReason
from tracker.settlement.rules import IN_FLIGHT, PayoutState


class Status(StrEnum):
    """What a line's money is."""

    ACCRUED = "accrued"
    """It became available; what was paid of it since stands in lines of its own."""
    PENDING = "pending"
    REJECTED = "rejected"
    """Promised, and given back or refused."""
    WRITTEN_OFF = "written_off"
    """Paid out, spent on a certificate, or taken off by staff."""


class Kind(StrEnum):
    """What a line tells of."""

    PURCHASE = "purchase"
    WELCOME_BONUS = "welcome_bonus"
    REFERRAL_REWARD = "referral_reward"
    PAYMENT = "payment"
    CERTIFICATE = "certificate"
    ADJUSTMENT = "adjustment"
    """By staff."""


class Waits(StrEnum):
    """What a pending line waits for."""

    HOLD = "hold"
    """The end of the time in which the goods may be given back."""
    REVIEW = "review"
    """Staff look at it; nobody can say until when."""


class Why(StrEnum):
    """Why money was rejected: the closed list of `RejectReason`, and what is no return."""

    NOT_CONFIRMED = "not_confirmed"
    """The hold ended without the shop's word, and that shop's silence means no."""
    CONFIRMED_FOR_LESS = "confirmed_for_less"
    """The shop confirmed less than it had stated."""
    DECLINED = "declined"
    """Staff looked at it and said no."""
    FRIENDS_PURCHASE = "friends_purchase"
    """Of a reward: the friend's purchase came to nothing."""
    RETURNED_GOODS = RejectReason.RETURNED_GOODS.value
    CANCELLED = RejectReason.CANCELLED.value
    OUT_OF_STOCK = RejectReason.OUT_OF_STOCK.value
    PAYMENT_FAILED = RejectReason.PAYMENT_FAILED.value
    FRAUD = RejectReason.FRAUD.value
    DUPLICATE = RejectReason.DUPLICATE.value
    ORDER_ERROR = RejectReason.ORDER_ERROR.value
    TEST_ORDER = RejectReason.TEST_ORDER.value
    OTHER = RejectReason.OTHER.value


class PaymentState(StrEnum):
    """How a payment stands, as a member is told."""

    PLANNED = "planned"
    """On the month's list, not sent yet."""
    ON_ITS_WAY = "on_its_way"
    PAID = "paid"
    RETURNED = "returned"
    """The operator refused it; the money is available again."""
    NOT_SENT = "not_sent"
    """The money was no longer there when its turn came, or the number no longer the member's."""


def payment_state(state: PayoutState) -> PaymentState:
    """What a member is told of a payout's state."""
    if state in IN_FLIGHT:
        return PaymentState.ON_ITS_WAY
    return {
        PayoutState.PREPARED: PaymentState.PLANNED,
        PayoutState.PAID: PaymentState.PAID,
        PayoutState.FAILED: PaymentState.RETURNED,
        PayoutState.WITHHELD: PaymentState.NOT_SENT,
    }[state]


class MemberState(StrEnum):
    """How a member stands, as staff are told."""

    ACTIVE = "active"
    CLOSED = "closed"
    """Left the club."""
    ERASED = "erased"
    """Left, and the personal data is gone."""


class LineNotFound(NotFound):
    """The member's history has no such line."""

    code = "line_not_found"


class CursorNotUsable(Invalid):
    """The cursor is none that this list of this member has given out."""

    code = "cursor_not_usable"


class PeriodReversed(Invalid):
    """A period ends before it begins."""

    code = "period_reversed"


class Source(NamedTuple):
    """Where a line comes from; of lines of one moment, those of a higher rank stand first."""

    rank: int
    mark: str
    """What the ids of its lines begin with."""
    kind: Kind


ADJUSTMENTS = Source(5, "a", Kind.ADJUSTMENT)
PURCHASES = Source(4, "p", Kind.PURCHASE)
BONUSES = Source(3, "b", Kind.WELCOME_BONUS)
REWARDS = Source(2, "r", Kind.REFERRAL_REWARD)
PAYMENTS = Source(1, "w", Kind.PAYMENT)
CERTIFICATES = Source(0, "c", Kind.CERTIFICATE)
SOURCES = (ADJUSTMENTS, PURCHASES, BONUSES, REWARDS, PAYMENTS, CERTIFICATES)

PART = {Status.ACCRUED: 3, Status.PENDING: 2, Status.REJECTED: 1, Status.WRITTEN_OFF: 0}
"""The order of a purchase's lines among themselves."""


class Key(NamedTuple):
    """A line's place in the history, which is told from the highest key to the lowest.

    ``number`` and ``text`` tell lines of one source and moment apart: of purchases the shop's id
    and its number of the order, so that the order is that of the index.
    """

    moment: datetime
    rank: int
    number: int
    text: str
    part: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a history."""

    id: str
    key: Key
    status: Status
    kind: Kind
    amount: int
    purchase_id: int | None = None
    shop_id: int | None = None
    order_id: str | None = None
    period: str | None = None
    """Of a payment: the month on whose 1st it was due."""
    expected_at: datetime | None = None
    """Of what is pending: when it will be decided, if nothing happens before."""
    waits_for: Waits | None = None
    reason: Why | None = None
    taken_back: bool = False
    """Of what is rejected: whether some of it had been available before."""
    cause: Cause | None = None
    """Of an adjustment: why."""

    @property
    def at(self) -> datetime:
        """The business moment, as told in Moscow."""
        return self.key.moment.astimezone(MOSCOW)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of whose history: a status or all of them, and a half-open stretch of time."""

    member_id: int
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, line: Line) -> bool:
        """Whether a line is among them."""
        return (
            self.status in (None, line.status)
            and (self.since is None or line.key.moment >= self.since)
            and (self.until is None or line.key.moment < self.until)
        )


def days_between(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """The stretch of time of whole Moscow days, both included. Raises PeriodReversed."""
    if first and last and first > last:
        raise PeriodReversed(fields={"to": "is before from"})
    since = moscow_midnight(first) if first else None
    return since, moscow_midnight(last + timedelta(days=1)) if last else None


def next_payment_day(now: datetime) -> date:
    """The 1st of the month after the present one, in Moscow."""
    today = now.astimezone(MOSCOW).date()
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
