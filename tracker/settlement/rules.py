"""A month's run and its payouts: states, seal, schedule, postings. Pure.

Sums are kopecks, waits seconds of real time.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.kit.clock import moscow_midnight
from tracker.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tracker.ledger.rules import HOUSE, Account, Kind, Leg, Posting, posting
from tracker.settlement.ports import Outcome

SYSTEM = "system"
"""Who prepared a run that no person asked for."""

_PERIOD = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_DAY = 86_400
_ASK_AFTER = (2, 10, 60, 300, 3_600, _DAY, _DAY, _DAY, _DAY, _DAY)


class RunState(StrEnum):
    """A run's way."""

    PREPARED = "prepared"
    APPROVED = "approved"
    RUNNING = "running"
    DONE = "done"
    """Every payout has ended: paid, failed, withheld, or with staff."""


class PayoutState(StrEnum):
    """A payout's way. From SUBMITTED on its money is in flight until PAID or FAILED."""

    PREPARED = "prepared"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    """It may have been paid: the operator is asked, under the same key."""
    PAID = "paid"
    FAILED = "failed"
    """Refused for sure; the money is available again."""
    WITHHELD = "withheld"
    """Not sent: the member's balance fell below the sealed amount, or the member changed."""
    WITH_STAFF = "with_staff"
    """The operator could not be made to tell; the money stays in flight until staff decide."""


ENDED = frozenset(
    {PayoutState.PAID, PayoutState.FAILED, PayoutState.WITHHELD, PayoutState.WITH_STAFF}
)
IN_FLIGHT = frozenset({PayoutState.SUBMITTED, PayoutState.UNKNOWN, PayoutState.WITH_STAFF})


class PeriodInvalid(Invalid):
    """A period is a month written YYYY-MM."""

    code = "period_invalid"


class RunNotFound(NotFound):
    """No settlement was prepared for this period."""

    code = "run_not_found"


class PeriodNotBegun(Conflict):
    """The 1st of the period has not come yet."""

    code = "period_not_begun"


class RunNotPrepared(Conflict):
    """Only a prepared run can be approved."""

    code = "run_not_prepared"


class RunNotApproved(Conflict):
    """Only an approved run can be started."""

    code = "run_not_approved"


class ApproverPreparedIt(Forbidden):
    """The person who prepared a run cannot approve it."""

    code = "approver_prepared_it"


class SealDiffers(Conflict):
    """The list is not the one that was sealed and approved."""

    code = "seal_differs"


def first_of(period: str) -> datetime:
    """The moment a period's payment is due: its 1st, 00:00 in Moscow. Raises PeriodInvalid."""
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise PeriodInvalid(f"{period!r} is not a month written YYYY-MM")
    return moscow_midnight(date(int(match[1]), int(match[2]), 1))


@dataclass(frozen=True, slots=True)
class SealedLine:
    """One line of the list that a second person approves."""

    member_id: int
    number_id: int
    """Of the phone number, which itself is nobody's to see: a number never stands for another."""
    amount: int


def seal(period: str, lines: Iterable[SealedLine]) -> str:
    """SHA-256, hex, over the period and the lines in the order of member and number."""
    digest = hashlib.sha256(f"settlement {period}\n".encode())
    for line in lines:
        digest.update(f"{line.member_id} {line.number_id} {line.amount}\n".encode())
    return digest.hexdigest()


def gateway_key(payout_id: int) -> str:
    """The one key under which the operator ever hears of a payout."""
    return f"payout:{payout_id}"


def wait_before_asking(asked: int) -> int | None:
    """Seconds until the next question after ``asked`` ones; None when staff take over."""
    return _ASK_AFTER[asked] if asked < len(_ASK_AFTER) else None


def after_answer(outcome: Outcome, asked: int) -> tuple[PayoutState, int | None]:
    """The state an answer leads to, and the seconds until the next question after ``asked``."""
    match outcome:
        case Outcome.PAID:
            return PayoutState.PAID, None
        case Outcome.FAILED:
            return PayoutState.FAILED, None
        case Outcome.UNKNOWN | Outcome.NOT_FOUND:
            wait = wait_before_asking(asked)
            return (PayoutState.WITH_STAFF if wait is None else PayoutState.UNKNOWN), wait


def payout_posting(
    kind: Kind, *, payout_id: int, member_id: int, amount: int, effective_at: datetime
) -> Posting:
    """The ledger's form of a payout's step: submitted, paid, or failed (which corrects it)."""
    debit, credit = {
        Kind.PAYOUT_SUBMITTED: (Account.MEMBER_AVAILABLE, Account.MEMBER_IN_FLIGHT),
        Kind.PAYOUT_PAID: (Account.MEMBER_IN_FLIGHT, Account.OWED_TO_OPERATOR),
        Kind.PAYOUT_FAILED: (Account.MEMBER_IN_FLIGHT, Account.MEMBER_AVAILABLE),
    }[kind]
    owner = HOUSE if credit is Account.OWED_TO_OPERATOR else member_id
    legs = (Leg(debit, member_id, amount), Leg(credit, owner, -amount))
    submitted = f"payout:{payout_id}:{Kind.PAYOUT_SUBMITTED}"
    made = posting(
        f"payout:{payout_id}:{kind}",
        kind,
        effective_at,
        legs,
        corrects=submitted if kind is Kind.PAYOUT_FAILED else None,
    )
    if made is None:
        raise AssertionError("a payout is never of nothing")
    return made
