"""What may be asked of a report, and how its values look outside. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tracker.kit.clock import MOSCOW, PERIOD, moscow_midnight
from tracker.kit.money import format_percent, format_rubles
from tracker.reports.contracts import Asked, Of, Question, Report, Reports
from tracker.reports.rules import QuestionInvalid, ReportNotFound

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
"""Whatever counts, counts by then."""


def report_named(reports: Reports, name: str) -> Report:
    """A report by its name. Raises ReportNotFound."""
    if name not in reports:
        raise ReportNotFound(f"there is no report {name!r}: {', '.join(sorted(reports))}")
    return reports[name]


def check(report: Report, asked: Asked) -> None:
    """Raises QuestionInvalid where a report does not listen to what is asked, or it is senseless.

    Every report has an ``as_of``, which is now by default: of those that do not listen to it.
    """
    given: dict[Question, Any] = {
        Question.KNOWN_AT: asked.known_at,
        Question.SINCE: asked.since,
        Question.PERIOD: asked.period,
        Question.SHOP: asked.shop,
    }
    faults = {
        str(question): f"{report.name} cannot be asked for it"
        for question, value in given.items()
        if value is not None and question not in report.takes
    }
    if asked.period is not None and asked.since is not None:
        faults["since"] = "the books of a month begin with the month"
    if asked.period is not None and not PERIOD.fullmatch(asked.period):
        faults["period"] = "a month is written YYYY-MM"
    if asked.since is not None and asked.since > asked.as_of.astimezone(MOSCOW).date():
        faults["since"] = "it lies behind as_of"
    if faults:
        raise QuestionInvalid(fields=faults)


def end_of(period: str, now: datetime) -> datetime:
    """The last moment of a month; now where it is not over, or is no month."""
    if not PERIOD.fullmatch(period):
        return now
    begins = date.fromisoformat(f"{period}-01")
    next_one = moscow_midnight((begins + timedelta(days=31)).replace(day=1))
    return min(now, next_one - timedelta(microseconds=1))


def written(asked: Asked) -> dict[str, Any]:
    """What was asked, as plain JSON; nothing that was left open."""
    said = {
        "as_of": asked.as_of.isoformat(),
        "known_at": asked.known_at and asked.known_at.isoformat(),
        "since": asked.since and asked.since.isoformat(),
        "period": asked.period,
        "shop": asked.shop,
    }
    return {name: value for name, value in said.items() if value is not None}


def read(said: Mapping[str, Any]) -> Asked:
    """What `written` wrote."""
    known_at, since = said.get("known_at"), said.get("since")
    return Asked(
        as_of=datetime.fromisoformat(said["as_of"]),
        known_at=datetime.fromisoformat(known_at) if known_at else None,
        since=date.fromisoformat(since) if since else None,
        period=said.get("period"),
        shop=said.get("shop"),
    )


def shown(of: Of, value: Any) -> Any:
    """A value as JSON has it: money and rates as decimal strings, counts as whole numbers."""
    return None if value is None else _SHOWN[of](value)


def _moment(value: datetime) -> str:
    """In UTC, with as many digits of a second as there are."""
    said, offset = value.astimezone(UTC).isoformat().split("+")
    return f"{said.rstrip('0') if '.' in said else said}+{offset}"


_SHOWN: Mapping[Of, Callable[[Any], Any]] = {
    Of.KOPECKS: lambda value: format_rubles(int(value)),
    Of.PERCENT: lambda value: format_percent(int(value)),
    Of.COUNT: int,
    Of.NUMBER: int,
    Of.DAY: date.isoformat,
    Of.MOMENT: _moment,
    Of.TEXT: str,
    Of.WORD: str,
    Of.SHOP: str,
}


def as_text(of: Of, value: Any) -> str:
    """A value as a table for people has it."""
    said = shown(of, value)
    return "" if said is None else str(said)
