"""What a report is: what it can be asked, its columns, and the SELECT that gives its lines. Pure.

Rooms above this one define reports of their own by it; the composition root lists them all. The
engine makes JSON, CSV and XLSX of each, and lets PostgreSQL do the formatting, so that a report of
a million lines is as good as one of ten.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from tracker.staff.rules import Role


class Of(StrEnum):
    """What a column is of, and so how it looks; in brackets what the SELECT gives."""

    TEXT = "text"
    """Words (text), perhaps of others: spreadsheets are kept from obeying them."""
    WORD = "word"
    """One of a closed list of ours, or a month (text): PostgreSQL or the SELECT sees to it, and
    there is nothing in it that a spreadsheet obeys."""
    KOPECKS = "kopecks"
    """A sum (bigint or numeric, kopecks); outside a decimal string of roubles."""
    COUNT = "count"
    """How many (bigint)."""
    NUMBER = "number"
    """Which one: an id, such as a member's (bigint). Never added up."""
    PERCENT = "percent"
    """A rate (bigint, basis points); outside a decimal string of percent."""
    DAY = "day"
    """A business date (date)."""
    MOMENT = "moment"
    """An instant (timestamptz)."""
    SHOP = "shop"
    """A shop, by its id (bigint); outside its slug."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report: its name in JSON and in the header, and what it says."""

    name: str
    of: Of
    about: str = ""


class Question(StrEnum):
    """What can be asked of a report; each may listen to some of these, others are refused."""

    AS_OF = "as_of"
    KNOWN_AT = "known_at"
    SINCE = "since"
    PERIOD = "period"
    SHOP = "shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of which moment and of what a report is to be."""

    as_of: datetime
    """A business moment: what counts until then (``effective_at <=``)."""
    known_at: datetime | None = None
    """A real moment: what was known by then (``recorded_at <=``). None: all that is known."""
    since: date | None = None
    """The business day with which a report begins that has an opening; None: as it sees fit."""
    period: str | None = None
    """The books of a month, ``2011-01``, whatever the moments say; None: by the moments."""
    shop: int | None = None
    """One shop's part, by its id; None: all."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A SELECT whose columns are called as the report's are, in an order that no two lines share.

    Its parameters are named (``:as_of``), and whoever reads it goes by a cursor.
    """

    select: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the finance team can ask for by name."""

    name: str
    """In addresses and commands: ``aging``."""
    about: str
    """One sentence for whoever has not seen it yet."""
    columns: tuple[Column, ...]
    takes: frozenset[Question]
    lines: Callable[[Session, Asked], Lines]
    """Reads nothing large itself: the session is for what has to be known to write the SELECT."""
    totals: tuple[str, ...] = ()
    """Columns that are added up below the lines."""
    figures: tuple[Column, ...] = ()
    """What stands above the lines."""
    figure: Callable[[Session, Asked], Mapping[str, Any]] | None = None
    """Gives the figures, by their names."""
    role: Role = Role.VIEWER
    """Who may ask."""
    period_picks: bool = False
    """``period`` picks out the lines of a month, and ``as_of`` holds beside it. Of all others it is
    the books of the month, which are what they are at any moment."""

    def column(self, name: str) -> Column:
        """One of the columns. Raises KeyError."""
        return {one.name: one for one in self.columns}[name]


Reports = Mapping[str, Report]
"""All reports of the house, by their names."""


def by_name(reports: Sequence[Report]) -> Reports:
    """Reports by their names. Raises ValueError where two share one."""
    found = {one.name: one for one in reports}
    if len(found) != len(reports):
        raise ValueError("two reports share a name")
    return found
