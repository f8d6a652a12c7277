"""Dates and times as shops write them. Pure.

A pattern is made of a closed list of directives and marks; nothing in it is a regular expression.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from tracker.kit.moments import aware

ISO8601 = "iso8601"
UNIX = "unix"
UNIX_MS = "unix-ms"
NAMED = (ISO8601, UNIX, UNIX_MS)

DIRECTIVES = {
    "d": "day",
    "m": "month",
    "Y": "year",
    "y": "short_year",
    "H": "hour",
    "M": "minute",
    "S": "second",
}
"""As in strftime: what may stand behind a % in a pattern."""
MARKS = " .,/-:T"
"""What may stand between directives."""

_MAX_PATTERN = 40
_YEARS = range(2000, 2100)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_TOKENS = re.compile(rf"%(?P<directive>[{''.join(DIRECTIVES)}])|(?P<mark>[{re.escape(MARKS)}])")
_SAMPLE = datetime(2010, 12, 1, 8, 26, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MomentFormat:
    """How a shop writes moments."""

    form: str = ISO8601
    """One of NAMED, or a pattern."""
    zone: str | None = None
    """Of what tells no offset."""

    def read(self, value: Any) -> datetime:
        """An aware moment. Raises ValueError with what is expected."""
        if self.form in (UNIX, UNIX_MS):
            moment = self._unix(value)
        elif isinstance(value, str):
            moment = self._iso(value) if self.form == ISO8601 else self._by_pattern(value)
        else:
            moment = None
        if moment is None or moment.year not in _YEARS:
            raise ValueError(self.expected)
        return moment

    @property
    def expected(self) -> str:
        """What a moment must look like, with an example."""
        if self.form == UNIX:
            return "must be whole Unix seconds, such as 1291191965"
        if self.form == UNIX_MS:
            return "must be whole Unix milliseconds, such as 1291191965000"
        if self.form == ISO8601:
            tail = f" (without an offset: in {self.zone})" if self.zone else " with an offset"
            sample = "2010-12-01T08:26:05" if self.zone else "2010-12-01T08:26:05+03:00"
            return f"must be an ISO 8601 date and time{tail}, such as {sample}"
        return f"must be a date as {self.form}, such as {_SAMPLE.strftime(self.form)}"

    def _unix(self, value: Any) -> datetime | None:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII):
            value = int(value)
        if type(value) is not int or not 0 <= value < 10**15:
            return None
        seconds, milliseconds = divmod(value, 1000) if self.form == UNIX_MS else (value, 0)
        if seconds >= 10**10:
            return None
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)

    def _iso(self, text: str) -> datetime | None:
        match = _ISO.fullmatch(text)
        if match is None or not (match["offset"] or self.zone):
            return None
        if match["offset"]:
            return aware(text)
        try:
            return datetime.fromisoformat(text.upper()).replace(tzinfo=self._zone)
        except ValueError:
            return None

    def _by_pattern(self, text: str) -> datetime | None:
        match = _compiled(self.form).fullmatch(text)
        if match is None:
            return None
        told = {name: int(digits) for name, digits in match.groupdict().items()}
        if "short_year" in told:
            told["year"] = _YEARS.start + told.pop("short_year")
        day = told["year"], told["month"], told["day"]
        time = told.get("hour", 0), told.get("minute", 0), told.get("second", 0)
        try:
            return datetime(*day, *time, tzinfo=self._zone)
        except ValueError:
            return None

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone or "UTC")


def check(form: str, zone: str | None) -> dict[str, str]:
    """What is wrong with a format, under ``format`` and ``zone``; empty when nothing is."""
    faults = {}
    if form not in NAMED:
        if fault := _fault_of(form):
            faults["format"] = fault
        if zone is None:
            faults["zone"] = "is missing: a pattern tells no offset, so name the zone"
    elif form != ISO8601 and zone is not None:
        faults["zone"] = "is needless: Unix time knows no zone"
    if zone is not None and zone not in _zones():
        faults["zone"] = 'must be a time zone by its name, such as "Europe/Moscow"'
    return faults


def _fault_of(pattern: str) -> str:
    tokens = list(_TOKENS.finditer(pattern))
    if sum(len(one[0]) for one in tokens) != len(pattern) or len(pattern) > _MAX_PATTERN:
        known = " ".join(f"%{letter}" for letter in DIRECTIVES)
        return f"must be one of {', '.join(NAMED)}, or a pattern of {known} and the marks {MARKS!r}"
    told = [one["directive"] for one in tokens if one["directive"]]
    if len(set(told)) < len(told):
        return "has a directive twice"
    if ("Y" in told) == ("y" in told) or not {"d", "m"} <= set(told):
        return "must tell day, month and year: %d, %m, and %Y or %y"
    if ("S" in told and "M" not in told) or ("M" in told) != ("H" in told):
        return "must tell hours and minutes together, and seconds only with them"
    return ""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})  # which is another on each machine


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression of a checked pattern. One digit may do where a mark stands around."""
    tokens = [(one["directive"] or "", one["mark"] or "") for one in _TOKENS.finditer(pattern)]
    around = [("", " "), *tokens, ("", " ")]
    parts = []
    for (before, _), (directive, mark), (after, _) in zip(around, tokens, around[2:], strict=False):
        if mark:
            parts.append(re.escape(mark))
            continue
        width = {"Y": "4", "y": "2"}.get(directive, "2" if before or after else "1,2")
        parts.append(f"(?P<{DIRECTIVES[directive]}>[0-9]{{{width}}})")
    return re.compile("".join(parts), re.ASCII)
