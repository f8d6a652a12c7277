"""Reading the words of others: ids that may be numbers, sums as numbers, moments of other kinds."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from webhooks.errors import EventInvalid
from webhooks.wire.numbers import hundredths
from webhooks.wire.reading import MAX_QUANTITY, MAX_TEXT, Faults, Reader

MAX_FAULTS = 100
"""Faults that a sender is told at once; a batch may have tens of thousands."""

_UTC_MOMENT = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,12}", re.ASCII)
_YEARS = range(2000, 2100)
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_FLAGS: Mapping[Any, bool] = {
    **{True: True, "1": True, "true": True},
    **{False: False, "0": False, "false": False},
}
"""1 and 0 as numbers are True and False to a look-up."""


class LooseReader(Reader):
    """One object of a network's. An empty string is an absent field: forms have no other way."""

    __slots__ = ()

    def __init__(self, value: Any, faults: Faults, path: str = "") -> None:
        super().__init__(value, faults, path)
        self._object = {name: one for name, one in self._object.items() if one != ""}

    def first_of(self, *names: str) -> str:
        """The first of these fields that is there; the first of them where none is."""
        return next((name for name in names if self.has(name)), names[0])

    def label(self, name: str) -> str:
        """An id, which may be written as a whole number."""
        if type(self._get(name)) is int:
            return str(self._get(name))
        return self.identifier(name)

    def optional_label(self, name: str) -> str | None:
        """The same, or None where the field is absent."""
        return self.label(name) if self.has(name) else None

    def choice(self, name: str, words: Collection[str]) -> str:
        """One of these lower-case words, in whatever case it is written."""
        value = self._get(name)
        if isinstance(value, str) and value.lower() in words:
            return value.lower()
        return self._bad(name, value, f"must be one of {', '.join(words)}", "")

    def written(self, name: str) -> str | None:
        """A short word exactly as it is written, or None."""
        value = self._get(name)
        return value[:100] if isinstance(value, str) else None

    def note(self, name: str) -> str | None:
        """Free text for people, cut to 500 characters: no verdict is lost by a long remark."""
        value = self._get(name)
        return value[:MAX_TEXT] if isinstance(value, str) else None

    def optional_currency(self, name: str) -> str | None:
        """A currency, or None where the field is absent."""
        return self.currency(name) if self.has(name) else None

    def amount(self, name: str) -> int:
        """Hundredths from zero on."""
        found = self.signed(name)
        return found if found >= 0 else self._bad(name, found, "must not be below zero", 0)

    def optional_amount(self, name: str) -> int | None:
        """The same, or None where the field is absent."""
        return self.amount(name) if self.has(name) else None

    def signed(self, name: str) -> int:
        """Hundredths, below zero for what is given back."""
        value = self._get(name)
        try:
            return hundredths(value)
        except ValueError:
            why = "must be a number with at most two decimals, up to a trillion, such as 1530.00"
            return self._bad(name, value, why, 0)

    def pieces(self, name: str) -> int:
        """How many, from 1 on; 1 where the field is absent."""
        value = self._get(name)
        if value is None:
            return 1
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if type(value) is not int or not 0 < value <= MAX_QUANTITY:
            return self._bad(name, value, "must be a whole number from 1 on", 1)
        return value

    def unix(self, name: str) -> datetime:
        """Unix seconds in the years 2000 to 2099."""
        value = self._get(name)
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if type(value) is int and 0 <= value < 10**11:
            moment = datetime.fromtimestamp(value, UTC)
            if moment.year in _YEARS:
                return self._in_time(name, moment)
        return self._bad(name, value, "must be Unix seconds such as 1291191965", _NEVER)

    def moment_in_utc(self, name: str) -> datetime:
        """Date and time in UTC without an offset, such as "2010-12-01 05:26:05"."""
        value = self._get(name)
        if isinstance(value, str) and _UTC_MOMENT.fullmatch(value):
            try:
                return self._in_time(name, datetime.fromisoformat(value).replace(tzinfo=UTC))
            except ValueError:
                pass
        why = "must be a date and time in UTC such as 2010-12-01 05:26:05"
        return self._bad(name, value, why, _NEVER)

    def flag(self, name: str, *, otherwise: bool) -> bool:
        """True or false, as a word or a digit too; what else holds where the field is absent."""
        value = self._get(name)
        if value is None:
            return otherwise
        word = value.lower() if isinstance(value, str) else value
        if isinstance(word, str | bool | int) and word in _FLAGS:
            return _FLAGS[word]
        return self._bad(name, value, "must be true or false", otherwise)


def each(values: list[Any], faults: Faults, most: int) -> Iterator[LooseReader]:
    """The objects of a body that is a list, under paths such as ``[3]``."""
    if not 0 < len(values) <= most:
        faults["body"] = f"must have 1 to {most} items"
        return
    for place, value in enumerate(values):
        yield LooseReader(value, faults, f"[{place}]")


def refuse(faults: Mapping[str, str]) -> None:
    """Raise EventInvalid with the faults that were found, if there are any."""
    if not faults:
        return
    told = dict(list(faults.items())[:MAX_FAULTS])
    if len(told) < len(faults):
        told["body"] = f"has {len(faults)} faults; the first {MAX_FAULTS} are told"
    raise EventInvalid("The event was read and is wrong.", fields=told)
