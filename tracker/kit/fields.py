"""marshmallow fields that are ours."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError, fields

from tracker.kit.clock import PERIOD
from tracker.kit.moments import moment_of
from tracker.kit.money import (
    format_percent,
    format_rubles,
    parse_rubles,
    percent_to_basis_points,
)

_DECIMAL = {
    "type": "string",
    "format": "decimal",
    "pattern": r"^-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$",
}
"""What the API document says of them; what is below zero we tell, and seldom take."""


class Rubles(fields.Field[int]):
    """A sum: kopecks in code, a decimal string such as "1530.00" outside; never a number.

    One below zero is only taken where it is ``signed``: where it says what a sum changes by.
    """

    def __init__(self, *, signed: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._signed = signed
        self.metadata = {**_DECIMAL, **self.metadata}

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else format_rubles(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        return _decimal(value, parse_rubles, "1530.00", signed=self._signed)


class Percent(fields.Field[int]):
    """A rate: basis points in code, a decimal string such as "7.50" outside; never a number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.metadata = {**_DECIMAL, **self.metadata}

    def _serialize(self, value: int | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else format_percent(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        return _decimal(value, percent_to_basis_points, "7.50")


def _decimal(value: Any, parse: Callable[[str], int], such_as: str, *, signed: bool = False) -> int:
    if not isinstance(value, str):
        raise ValidationError(f'Must be a decimal string such as "{such_as}".')
    try:
        sum_ = parse(value.removeprefix("-"))
    except ValueError as error:
        raise ValidationError(f'Must be a decimal string such as "{such_as}".') from error
    if not value.startswith("-"):
        return sum_
    if not signed:
        raise ValidationError("Must not be below zero.")
    return -sum_


_NO_MOMENT = "Must be a date and time with an offset, such as 2010-12-01T08:26:00+03:00."
_PLUS_LOST = " In an address a plus is written %2B."


class Moment(fields.AwareDateTime):
    """A moment that others tell: in RFC 3339, in the years 2000 to 2099, and nothing like it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        moment = moment_of(value) if isinstance(value, str) else None
        if moment is None:
            raise ValidationError(_NO_MOMENT + _PLUS_LOST * self._has_lost_its_plus(value))
        return moment

    @staticmethod
    def _has_lost_its_plus(value: Any) -> bool:
        """In an address a plus stands for a blank."""
        return isinstance(value, str) and moment_of(value.replace(" ", "+")) is not None


class Period(fields.String):
    """A month that others tell: YYYY-MM, in the years 2000 to 2099."""

    def __init__(self, *, metadata: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={"pattern": f"^{PERIOD.pattern}$", **(metadata or {})}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not PERIOD.fullmatch(value):
            raise ValidationError("Must be a month written YYYY-MM.")
        return value


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Day(fields.Date):
    """A business date that others tell: YYYY-MM-DD and in no other way, in years of ours."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValidationError("Must be a date written YYYY-MM-DD.")
        day: date = super()._deserialize(value, attr, data, **options)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(f"Must lie between {FIRST_DAY} and {LAST_DAY}.")
        return day
