"""A month's run and its payouts: states, seal, schedule, postings. Pure.

Sums are kopecks, waits seconds of real time.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.kit.clock import PERIOD, moscow_midnight
from tracker.kit.errors import Conflict, Forbidden, Invalid, NotFound
from tracker.ledger.rules import HOUSE, Account, Kind, Leg, Posting, posting
from tracker.settlement.ports import Outcome

DELIVERY = "settlement"
WATCH = "settlement-watch"
"""Names of the workers' tasks: to pay, and to compare statements, which opens the gate."""

SYSTEM = "system"
"""Who acts where no person does: who prepared a run that nobody asked for, paused one that is not
as sealed, explained what a later statement made clear."""

_DAY = 86_400

ASK_AFTER = (60, 300, 3_600, _DAY, 2 * _DAY, 3 * _DAY, 4 * _DAY, 5 * _DAY)
"""Seconds after its first sending at which a payout of unknown outcome is asked about."""


class RunState(StrEnum):
    """A run's way."""

    PREPARED = "prepared"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    """Nothing more is sent until somebody resumes it; what was sent is still asked about."""
    DONE = "done"
    """Every payout has ended: paid, failed, withheld, or with staff."""
    CLOSED = "closed"
    """Compared with the operator's statements, and all that differed is explained."""


WAITING_FOR_STAFF = (RunState.PREPARED, RunState.APPROVED, RunState.PAUSED)


class PayoutState(StrEnum):
    """A payout's way. From CLAIMED on its money is in flight until PAID or FAILED."""

    PREPARED = "prepared"
    """On the list. Once its run is approved, it is shown as ``approved``."""
    CLAIMED = "claimed"
    """A worker is handing it over; that it may have been sent is written down before it is."""
    SUBMITTED = "submitted"
    """The operator has taken it, and will tell the outcome later."""
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
IN_FLIGHT = frozenset(
    {
        PayoutState.CLAIMED,
        PayoutState.SUBMITTED,
        PayoutState.UNKNOWN,
        PayoutState.WITH_STAFF,
    }
)


class Withheld(StrEnum):
    """Why a payout is not sent."""

    MEMBER_CHANGED = "member_changed"
    """They left, have another number, or want no payment; also of one that was never carried out,
    and has failed for that."""
    NUMBER_NOT_SERVED = "number_not_served"
    """The number is not the operator's."""
    BALANCE_FELL = "balance_fell"
    """A return came in after the seal."""


KEY_MEMORY_MARGIN = 300
"""Seconds by which we stop sending again before the operator forgets the key: between the look at
the time and the call a lease or a whole job (120 s) may pass, and clocks differ a little."""


STANDS_STILL = 3_000
"""Seconds for which a process may stand still right before its call, and hand over a payout after
all, before it is given up; less than the third question waits."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the operator is to be dealt with; all times in seconds."""

    key_memory: int = _DAY
    """How long it remembers a key: past it nothing is sent again."""
    lag: int = 120
    """How long after a sending its "not found" may still become something else."""
    ask_after: tuple[int, ...] = ASK_AFTER
    concurrency: int = 4
    """How many batches may be with it at once."""
    rate: int = 10_000
    """Top-ups a second that it is sent at most."""


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


class RunNotRunning(Conflict):
    """Only a running run can be paused."""

    code = "run_not_running"


class RunNotPaused(Conflict):
    """Only a paused run can be resumed."""

    code = "run_not_paused"


class RunIsPaused(Conflict):
    """Somebody has paused the run: it is to be resumed, not started."""

    code = "run_is_paused"


class ApproverPreparedIt(Forbidden):
    """The person who prepared a run cannot approve it."""

    code = "approver_prepared_it"


class SealDiffers(Conflict):
    """The list is not the one that was sealed and approved."""

    code = "seal_differs"
    period = ""
    """Of the list, when a worker came upon it."""


def first_of(period: str) -> datetime:
    """The moment a period's payment is due: its 1st, 00:00 in Moscow. Raises PeriodInvalid."""
    match = PERIOD.fullmatch(period)
    if match is None:
        raise PeriodInvalid(f"{period!r} is not a month of 2000 to 2099 written YYYY-MM")
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
    text = (f"{line.member_id} {line.number_id} {line.amount}\n" for line in lines)
    return seal_of_text(period, text)


def seal_of_text(period: str, pieces: Iterable[str]) -> str:
    """The same over the lines' text, in pieces of any length."""
    digest = hashlib.sha256(f"settlement {period}\n".encode())
    for piece in pieces:
        digest.update(piece.encode())
    return digest.hexdigest()


def gateway_key(payout_id: int) -> str:
    """The one key under which the operator ever hears of a payout."""
    return f"payout:{payout_id}"


def until_next_question(age: int, conduct: Conduct) -> int | None:
    """Seconds until the next question about what was first sent ``age`` seconds ago; None when
    staff take over."""
    return next((mark - age for mark in conduct.ask_after if mark > age), None)


def slots_of(conduct: Conduct) -> int:
    """How many batches may be with the operator at once: of a slow one, no more than it takes."""
    return min(conduct.concurrency, conduct.rate)


def most_at_once(conduct: Conduct, chunk: int) -> int:
    """How many top-ups a batch may hold: those of one second, shared among the slots."""
    return min(chunk, conduct.rate // slots_of(conduct))


def may_send_again(age: int, since_sent: int, conduct: Conduct) -> bool:
    """Whether what the operator has not found may be sent once more, under the same key.

    ``age``: since it was first sent: the key must be remembered, or it would be paid anew.
    ``since_sent``: since it was last sent: that sending must not be under way any more.
    """
    return since_sent >= conduct.lag and age < conduct.key_memory - KEY_MEMORY_MARGIN


def never_came(since_sent: int, conduct: Conduct) -> bool:
    """Whether what the operator has not found, and still remembers, will not come to it any more.

    Not as soon as it may be sent again: sent twice under one key it is paid once, but here nothing
    is sent any more, and the money goes back.
    """
    return since_sent >= max(conduct.lag, STANDS_STILL)


def after_answer(
    outcome: Outcome, age: int, since_sent: int, conduct: Conduct
) -> tuple[PayoutState, int | None]:
    """The state an answer leads to, and the seconds until the next question."""
    if outcome in _FINAL:
        return _FINAL[outcome], None
    wait = until_next_question(age, conduct)
    if wait is None:
        return PayoutState.WITH_STAFF, None
    if outcome is Outcome.ACCEPTED:
        return PayoutState.SUBMITTED, wait
    if outcome is Outcome.NOT_FOUND and since_sent < conduct.lag:
        return PayoutState.UNKNOWN, min(wait, conduct.lag - since_sent)
    return PayoutState.UNKNOWN, wait


_FINAL = {Outcome.PAID: PayoutState.PAID, Outcome.FAILED: PayoutState.FAILED}


def payout_references(payout_id: int, kind: Kind) -> tuple[str, str | None]:
    """By which a payout's step is known in the ledger, and which it corrects."""
    corrected = Kind.PAYOUT_SUBMITTED if kind is Kind.PAYOUT_FAILED else None
    return f"payout:{payout_id}:{kind}", corrected and f"payout:{payout_id}:{corrected}"


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
    reference, corrects = payout_references(payout_id, kind)
    made = posting(reference, kind, effective_at, legs, corrects=corrects)
    if made is None:
        raise AssertionError("a payout is never of nothing")
    return made
