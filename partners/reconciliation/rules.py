"""Words of statements, findings and decisions, and what cannot be done with them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from tracker.kit.csvfiles import FileInvalid
from tracker.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge

TASK = "partner-statements"
"""What workers are nudged for."""

MAX_PART = 8 * 1024 * 1024
"""Bytes of a file that come in one request."""

MAX_PARTS = 64

MAX_FILE = MAX_PART * MAX_PARTS
"""Bytes of a file: half a gibibyte, some ten million lines."""

MAX_DAYS = 400
"""Days that one statement is of."""

MAX_FAULTS = 100
"""Faults that are told of one file; how many there are is told besides."""


UNNUMBERED = "~\u00a0"
"""What the number of an order begins with that its shop gives none. Nobody can tell us such a one:
the blank is an unbroken one, and numbers from outside are printable."""


class Word(StrEnum):
    """Where an order stands by what a shop's statement says of it."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    """Nothing is left of it."""


class Standing(StrEnum):
    """Where an order stands in our books."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    REJECTED = "rejected"
    """Its goods were kept, as far as we know, and yet it earns nothing: its hold ended without the
    shop's word, or staff refused it."""


class State(StrEnum):
    """How far a statement has come."""

    UPLOADING = "uploading"
    WAITING = "waiting"
    """For a worker, to be read."""
    READ = "read"
    """Its lines are kept; they wait to be matched, perhaps once more."""
    MATCHED = "matched"
    REFUSED = "refused"
    """The file cannot be read as the shop's format says; nothing of it is kept."""
    SUPERSEDED = "superseded"
    """A later one tells of all its days."""
    DROPPED = "dropped"
    """It never came to be one: nobody finished it, or the same file came before."""


class Kind(StrEnum):
    """In what a shop's statement and our books differ."""

    MISSING_WITH_US = "missing_with_us"
    MISSING_WITH_THEM = "missing_with_them"
    AMOUNT = "amount"
    STATUS = "status"
    COMMISSION = "commission"
    """The same order at the same sum, and another commission."""
    DUPLICATE = "duplicate"
    """One order on several lines of a file that has one for each."""
    NEAR = "near"
    """Likely one order under two numbers: the same day and sum, on each side but once."""


class FindingState(StrEnum):
    """What became of a finding."""

    OPEN = "open"
    ACCEPTED = "accepted"
    """What they say is right, and waits to be booked."""
    BOOKED = "booked"
    REFUSED = "refused"
    """What they say cannot be booked: the outcome says why. It is to be decided otherwise."""
    SETTLED = "settled"
    """Decided, and nothing is to be booked for it."""
    GONE = "gone"
    """Found no more when the statement, or a later one of the same days, was last matched."""


class Decision(StrEnum):
    """What staff say to a finding."""

    THEIRS = "theirs"
    """The shop is right: our books follow."""
    OURS = "ours"
    """We are right: the shop is to be told. Of a near match: these are two orders."""
    IGNORED = "ignored"
    CLAIM = "claim"
    """The shop owes us an answer."""


class Outcome(StrEnum):
    """Why what a shop says was not booked, or that it need not be."""

    BOOKED = "booked"
    NOTHING_TO_BOOK = "nothing_to_book"
    """Our books need not change for it: the numbers are of one order, or the sums are alike now."""
    CANNOT_BE_TAKEN_BACK = "cannot_be_taken_back"
    """A return or a confirmation is known, and facts are for good: an adjustment can make up."""
    NO_DAY = "no_day"
    """The line does not say when the order was placed."""
    LOOKS_LIKE_ANOTHER = "looks_like_another"
    """We have an order whose number looks alike; staff have to declare it apart first."""
    TOLD_IN_PIECES = "told_in_pieces"
    """The shop tells the lines of this order one by one: it can only become less by a statement."""
    TERMS_STAND = "terms_stand"
    """The commission follows from what was promised at the click: an adjustment can make up."""
    CHANGED = "changed"
    """Our books or the shop's word are not as they were when it was decided: look again."""
    NOT_TAKEN = "not_taken"
    """The purchases refuse it: too many lines or returns."""


ENDS = {
    Outcome.BOOKED: FindingState.BOOKED,
    Outcome.NOTHING_TO_BOOK: FindingState.SETTLED,
    Outcome.CHANGED: FindingState.OPEN,
}
"""What an accepted finding is after that; after any other outcome it is refused."""

MOVES_MONEY = (Kind.MISSING_WITH_US, Kind.MISSING_WITH_THEM, Kind.AMOUNT, Kind.STATUS)
"""Kinds of which something is booked if the shop is right."""

UNDECIDED = (FindingState.OPEN, FindingState.REFUSED)
DECIDABLE = (*UNDECIDED, FindingState.SETTLED)
"""What a decision can be about; one that was settled can be decided otherwise."""


class StatementNotFound(NotFound):
    """No such statement."""

    code = "statement_not_found"


class StatementNotReady(Conflict):
    """The statement is not so far, or too far already."""

    code = "statement_not_ready"


class FormatNotSaved(Conflict):
    """How the shop writes statements was never saved, and its dialect has no usual way."""

    code = "statement_format_not_saved"


class PeriodInvalid(Invalid):
    """The days of a statement do not make a period."""

    code = "statement_period_invalid"


class PartsInvalid(Conflict):
    """The parts that came do not make the file: a part is missing, or the digest is another's."""

    code = "statement_parts_invalid"


class FindingsChanged(Conflict):
    """There are not as many findings as the decision is for: look again."""

    code = "findings_changed"


class OwnStatement(Forbidden):
    """Whoever sent the file does not agree to what moves money by it: another person has to."""

    code = "own_statement"


class NotYourUpload(Forbidden):
    """A file comes from one person: whoever began it brings its parts, and finishes it."""

    code = "not_your_upload"


class FileEmpty(Invalid):
    """There is nothing in the file."""

    code = "statement_empty"


class FileTooLarge(TooLarge):
    """The file is larger than statements are."""

    code = "statement_too_large"


class StatementRefused(FileInvalid):
    """The file cannot be read as the shop's format says."""

    code = "statement_refused"

    def __init__(self, detail: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(detail, fields=fields)


@dataclass(frozen=True, slots=True)
class Days:
    """The dates on which a statement's orders were placed, both included, where the shop is."""

    first: date
    last: date

    def since(self, zone: tzinfo) -> datetime:
        """The first moment of them."""
        return _midnight(self.first, zone)

    def until(self, zone: tzinfo) -> datetime:
        """The first moment that is not of them."""
        return _midnight(self.last + timedelta(days=1), zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def days(first: date, last: date) -> Days:
    """Raises PeriodInvalid."""
    if last < first:
        raise PeriodInvalid(fields={"to": "lies before from"})
    if (last - first).days >= MAX_DAYS:
        raise PeriodInvalid(fields={"to": f"a statement is of {MAX_DAYS} days at most"})
    return Days(first, last)
