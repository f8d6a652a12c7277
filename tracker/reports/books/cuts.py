"""From what is asked to the part of the ledger that is meant."""

from calendar import monthrange
from datetime import date

from tracker.kit.clock import moscow_date, moscow_midnight
from tracker.ledger.rollups import Cut
from tracker.reports.contracts import Asked, Column, Of, Question

MOMENTS = frozenset({Question.AS_OF, Question.KNOWN_AT, Question.PERIOD})
"""What is as of a moment."""

SPANS = MOMENTS | {Question.SINCE}
"""What goes from a day to a moment."""

SHOP = Column("shop", Of.SHOP, "The shop")


def cut_of(asked: Asked) -> Cut:
    """All until then: by the moments, or the books up to and with the month."""
    return Cut(as_of=asked.as_of, known_at=asked.known_at, through=asked.period)


def began(asked: Asked) -> date:
    """The day with which a report begins that has an opening."""
    return asked.since or moscow_date(asked.as_of).replace(day=1)


def last_day(asked: Asked) -> date:
    """The day as of which things are so old."""
    if asked.period is None:
        return moscow_date(asked.as_of)
    year, month = int(asked.period[:4]), int(asked.period[5:])
    return date(year, month, monthrange(year, month)[1])


def before(asked: Asked) -> str:
    """SQL upon a movement: whether it lies before the opening. Its parameter is in `opening`."""
    return "effective_day < :opening" if asked.period is None else "period < :opening"


def opening(asked: Asked) -> dict[str, object]:
    """What `before` and `within` name."""
    if asked.period is not None:
        return {"opening": asked.period}
    return {"opening": began(asked), "opens_at": moscow_midnight(began(asked))}


def within(asked: Asked) -> str:
    """SQL upon a ledger transaction of the cut: whether it lies behind the opening."""
    return "effective_at >= :opens_at" if asked.period is None else "period = :opening"
