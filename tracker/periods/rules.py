"""Months, and what may be said no to when one is to be closed. Pure."""

from datetime import date, datetime

from tracker.kit.clock import PERIOD, moscow_date, moscow_midnight
from tracker.kit.errors import Conflict, Invalid, NotFound

TASK = "periods"
"""The workers' task: checks that were asked for, documents of months that were closed."""

CLOSE = "period.close"
"""The act that one person proposes and another approves."""


class PeriodInvalid(Invalid):
    """A month is written as 2011-01."""

    code = "period_invalid"


class PeriodNotFound(NotFound):
    """Nothing was ever written into the books of this month."""

    code = "period_not_found"


class PeriodNotOver(Conflict):
    """The month is not over yet."""

    code = "period_not_over"


class PeriodNotNext(Conflict):
    """Months are closed one after the other, and this one is not the next."""

    code = "period_not_next"


class PeriodNotReady(Conflict):
    """The month was not checked of late, or something stands in the way of closing it."""

    code = "period_not_ready"


class DocumentDiffers(Conflict):
    """The document does not come out as it was sealed: the books of a closed month were changed."""

    code = "document_differs"


class DocumentNotFound(NotFound):
    """The month's books have no document of this name, or the month is not closed."""

    code = "document_not_found"


def check_period(text: str) -> str:
    """The month as it is written. Raises PeriodInvalid."""
    if not PERIOD.fullmatch(text):
        raise PeriodInvalid(f"a month such as 2011-01 is expected, not {text[:20]!r}")
    return text


def next_period(period: str) -> str:
    """The month after it."""
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def begin_of(period: str) -> datetime:
    """The instant a month begins, in Moscow."""
    return moscow_midnight(date(int(period[:4]), int(period[5:]), 1))


def end_of(period: str) -> datetime:
    """The instant from which on a month is over."""
    return begin_of(next_period(period))


def period_of(moment: datetime) -> str:
    """The month in which a moment counts."""
    return moscow_date(moment).strftime("%Y-%m")
