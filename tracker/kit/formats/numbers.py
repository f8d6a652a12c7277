"""Sums and quantities as shops write them. Pure.

What could be read in two ways is refused: groups that are not of three digits, two kinds of
separators in one number, a third decimal.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tracker.kit.money import MAX_KOPECKS

DECIMALS = (".", ",")
THOUSANDS = (" ", "\u00a0", "\u202f", ",", ".", "'", "\u2019")
"""What may stand between groups of three digits: blanks (plain, unbroken, narrow), marks."""

_MAX_WHOLE_DIGITS = 15
_MAX_DECIMALS = 20


class Unit(StrEnum):
    """What a sum is counted in."""

    RUBLES = "rubles"
    KOPECKS = "kopecks"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a shop writes numbers."""

    unit: Unit
    decimal: str = "."
    thousands: tuple[str, ...] = ()
    json_numbers: bool = False
    """Whether a sum may be a JSON number; else it must be a string."""
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pattern", _pattern(self.decimal, self.thousands))

    def kopecks(self, value: Any) -> int:
        """Kopecks of a sum. Raises ValueError with what is expected."""
        match = self._pattern.fullmatch(self._text(value))
        if match is None:
            raise ValueError(self.expected)
        whole, decimals = self._parts(match)
        if self.unit is Unit.KOPECKS:
            if decimals:
                raise ValueError(self.expected)
            kopecks = int(whole)
        elif len(decimals) > 2:
            raise ValueError(self.expected)
        else:
            kopecks = int(whole) * 100 + int(decimals.ljust(2, "0"))
        if kopecks > MAX_KOPECKS:
            raise ValueError("must not be above a trillion roubles")
        return kopecks

    def count(self, value: Any) -> int:
        """A whole number, in digits or as a JSON number; a fraction of zeros may follow.

        Raises ValueError.
        """
        text = value if isinstance(value, str) else self._plain(value)
        match = self._pattern.fullmatch(text)
        whole, decimals = self._parts(match) if match else ("", "")
        if not whole or decimals.strip("0"):
            raise ValueError("must be a whole number from 1 on")
        return int(whole)

    @property
    def expected(self) -> str:
        """What a sum must look like, with an example."""
        kind = "a decimal string or JSON number" if self.json_numbers else "a decimal string"
        gap = self.thousands[0] if self.thousands else ""
        if self.unit is Unit.KOPECKS:
            return f'must be whole kopecks as {kind}, such as "153{gap}000"'
        return f'must be {kind} with at most two decimals, such as "1{gap}530{self.decimal}00"'

    def _text(self, value: Any) -> str:
        """A value as the format writes it."""
        if isinstance(value, str):
            return value
        if not self.json_numbers:
            raise ValueError(self.expected)
        return self._plain(value)

    def _plain(self, value: Any) -> str:
        if type(value) is int:
            return str(value)
        # An exponent of nine digits would be written out as as many zeros.
        if isinstance(value, Decimal) and -_MAX_DECIMALS <= _exponent(value) <= 0:
            return f"{value:f}".replace(".", self.decimal)
        return ""

    def _parts(self, match: re.Match[str]) -> tuple[str, str]:
        whole = "".join(char for char in match["whole"] if char.isdigit())
        return whole, match["decimals"] or ""


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 1


def _pattern(decimal: str, thousands: tuple[str, ...]) -> re.Pattern[str]:
    whole = rf"0|[1-9][0-9]{{0,{_MAX_WHOLE_DIGITS - 1}}}"
    if thousands:
        gap = "|".join(re.escape(one) for one in thousands)
        whole += rf"|[1-9][0-9]{{0,2}}(?P<gap>{gap})[0-9]{{3}}(?:(?P=gap)[0-9]{{3}}){{0,3}}"
    return re.compile(rf"(?P<whole>{whole})(?:{re.escape(decimal)}(?P<decimals>[0-9]+))?", re.ASCII)
