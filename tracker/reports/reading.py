"""A report's lines and totals, out of one moment. The caller owns the session.

All lines come by a cursor, however many there are. Shops are told by their slugs, which the
composition root hands in: the SELECTs know them by their ids alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.reports.contracts import Asked, Column, Lines, Of, Report
from tracker.reports.questions import check, end_of
from tracker.reports.rules import QuestionInvalid

Slugs: TypeAlias = Mapping[int, str]
"""What shops are called in addresses, by their ids."""

_AT_ONCE = 2_000


class Sink(Protocol):
    """Where a file goes, piece by piece."""

    def take(self, data: bytes, lines: int = 0) -> None:
        """The next bytes (none, while a file is still being made), and how many more lines are
        read by now."""


@dataclass(frozen=True, slots=True)
class Shops:
    """What this room has to be told of shops."""

    slugs: Callable[[Session], Slugs]
    """What all of them are called."""
    ids: Callable[[Session, Collection[str]], Mapping[str, int]]
    """The ids of those that go by these slugs."""


def asked_of(
    session: Session, report: Report, told: Mapping[str, Any], shops: Shops, now: datetime
) -> Asked:
    """What somebody asks, with the shop by its number. Raises QuestionInvalid.

    The books of a month are asked for as of its end: the same question is the same at any moment.
    """
    shop = told.get("shop")
    known = shops.ids(session, [shop]) if shop is not None else {}
    if shop is not None and shop not in known:
        raise QuestionInvalid(fields={"shop": f"there is no shop {shop!r}"})
    as_of, period = told.get("as_of"), told.get("period")
    if period is not None and not report.period_picks:
        if as_of is not None:
            raise QuestionInvalid(fields={"as_of": "the books of a month stand at no moment"})
        now = end_of(period, now)
    asked = Asked(
        as_of=as_of or now,
        known_at=told.get("known_at"),
        since=told.get("since"),
        period=period,
        shop=known.get(shop) if shop is not None else None,
    )
    check(report, asked)
    return asked


@dataclass(slots=True)
class Reading:
    """One report, as asked for, in one session."""

    session: Session
    report: Report
    asked: Asked
    lines: Lines
    slugs: Slugs
    totals: Mapping[str, int] | None = None
    """What the columns come to that are added up, by name; once all lines were read."""

    @classmethod
    def begin(cls, session: Session, report: Report, asked: Asked, slugs: Slugs) -> "Reading":
        """Look what has to be known to write the SELECT."""
        return cls(session, report, asked, report.lines(session, asked), slugs)

    def figures(self) -> Mapping[str, Any]:
        """What stands above the lines, by name."""
        return self.report.figure(self.session, self.asked) if self.report.figure else {}

    def rows(self, most: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Values in the order of the columns; shops by their slugs. At most so many lines."""
        names = ", ".join(_plain(column) for column in self.report.columns)
        query = f"SELECT {names} FROM ({self.lines.select}) AS lines"  # noqa: S608 (our columns)
        if most is not None:
            query += f" LIMIT {most}"
        # Read by a cursor a query has one process, and without one several.
        by_cursor = {"yield_per": _AT_ONCE} if most is None else {}
        found = self.session.execute(text(query), self.lines.values, execution_options=by_cursor)
        shops = [place for place, one in enumerate(self.report.columns) if one.of is Of.SHOP]
        sums = _Sums(self.report)
        for row in found:
            sums.add(row)
            yield self._called(row, shops) if shops else tuple(row)
        if most is None or sums.lines < most:
            self.totals = sums.by_name()

    def _called(self, row: Any, shops: list[int]) -> tuple[Any, ...]:
        values = list(row)
        for place in shops:
            if values[place] is not None:
                values[place] = self.slugs.get(values[place], str(values[place]))
        return tuple(values)


class _Sums:
    """Adds up while lines pass by."""

    def __init__(self, report: Report) -> None:
        self.lines = 0
        self._names = report.totals
        names = [column.name for column in report.columns]
        self._sums = [[names.index(name), 0] for name in report.totals]

    def add(self, row: Any) -> None:
        self.lines += 1
        for one in self._sums:
            one[1] += row[one[0]] or 0

    def by_name(self) -> Mapping[str, int]:
        return {name: sum_ for name, (_, sum_) in zip(self._names, self._sums, strict=True)}


def _plain(column: Column) -> str:
    whole = column.of in (Of.KOPECKS, Of.COUNT, Of.NUMBER, Of.PERCENT)
    return f'CAST("{column.name}" AS bigint)' if whole else f'"{column.name}"'
