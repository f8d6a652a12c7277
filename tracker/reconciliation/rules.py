"""What differs between the operator's books and ours, and who explains it. Pure.

Sums are kopecks; days are business days, in Moscow.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum

from tracker.kit.clock import moscow_date, moscow_midnight
from tracker.kit.errors import Conflict, Invalid, NotFound
from tracker.members.rules import mask_phone
from tracker.settlement.ports import Outcome
from tracker.settlement.rules import IN_FLIGHT, PayoutState

REST = timedelta(hours=1)
"""How long after its end a day is compared: the operator's clock may be behind ours."""

_KEY = re.compile(r"payout:([1-9][0-9]{0,18})", re.ASCII)
_MAX_ID = 2**63 - 1
_NUMBER = re.compile(r"(\+?7|8)?9[0-9]{9}", re.ASCII)


class StatementState(StrEnum):
    """A statement's way; only one that was fetched to its end ever counts."""

    FETCHING = "fetching"
    FETCHED = "fetched"
    COMPARED = "compared"
    DROPPED = "dropped"
    """Its worker went away, it could not be read to its end, or a later one outdid it."""


class FindingKind(StrEnum):
    """In what the books differ."""

    MISSING = "missing"
    """We have it as paid on that day, the operator's statement does not show it."""
    EXTRA = "extra"
    """The operator has paid it; we never sent it, or it ended otherwise, or to another number."""
    AMOUNT_DIFFERS = "amount_differs"
    DUPLICATE = "duplicate"
    """The operator has paid one key more than once."""
    CONTRADICTION = "contradiction"
    """What the operator told by itself is not what it had said before."""
    UNSETTLED = "unsettled"
    """A payout of unknown outcome that waits for staff."""


class FindingState(StrEnum):
    """A finding's way."""

    OPEN = "open"
    TAKEN = "taken"
    EXPLAINED = "explained"


class FindingNotFound(NotFound):
    """No finding has this number."""

    code = "finding_not_found"


class FindingExplained(Conflict):
    """The finding is explained already."""

    code = "finding_explained"


class PayoutNotFound(NotFound):
    """No payout has this number."""

    code = "payout_not_found"


class PayoutNotUndecided(Conflict):
    """Only a payout of unknown outcome, or one with staff, can be decided."""

    code = "payout_not_undecided"


class ReferenceMissing(Invalid):
    """What is decided as paid needs the operator's own reference of the payment."""

    code = "reference_missing"


class NotProved(Conflict):
    """The statements do not bear the decision out."""

    code = "not_proved"


class RunNotExplained(Conflict):
    """Not everything about the run is explained."""

    code = "run_not_explained"


class GateNotShut(Conflict):
    """Nothing keeps settlement from sending."""

    code = "gate_not_shut"


class PayoutUndecided(Conflict):
    """Nobody has said yet what became of the payout that a finding is about."""

    code = "payout_undecided"


class DayNotBegun(Conflict):
    """The day has not begun: there is nothing to compare."""

    code = "day_not_begun"


class StatementBusy(Conflict):
    """The statement of this day is being fetched by somebody else."""

    code = "statement_busy"


def payout_of(key: str) -> int | None:
    """The number of the payout that a key of ours stands for; None when it is none of ours."""
    found = _KEY.fullmatch(key)
    number = int(found[1]) if found else None
    return number if number is not None and number <= _MAX_ID else None


def without_number(key: str) -> str:
    """A key as we keep and show it: one that looks like somebody's number stands there by mistake,
    and is let go of."""
    return mask_phone(key) if _NUMBER.fullmatch(key) else key


def is_over(day: date, now: datetime) -> bool:
    """Whether a business day has ended long enough ago for its statement to be whole."""
    return now >= moscow_midnight(day + timedelta(days=1)) + REST


def days_through(first: date, last: date) -> Iterator[date]:
    """Business days from the first through the last."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def days_of_sending(first: datetime, last: datetime, lag: int) -> list[date]:
    """Days on whose statement a payment would be, had it been made: from its first sending to
    ``lag`` seconds after its last. Business moments."""
    return list(days_through(moscow_date(first), moscow_date(last + timedelta(seconds=lag))))


def contradicts(state: PayoutState | None, ours: int, said: Outcome, theirs: int) -> str | None:
    """In what the operator's word about a payout goes against our books; None: it does not."""
    if state is None:
        return "no_such_payout"
    if ours != theirs:
        return "amount_differs"
    if said is Outcome.PAID and state not in IN_FLIGHT | {PayoutState.PAID}:
        return f"paid_though_{state}"
    if said is Outcome.FAILED and state not in (IN_FLIGHT | {PayoutState.FAILED}):
        return f"failed_though_{state}"
    return None
