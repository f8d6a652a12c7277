"""Sums as networks write them: JSON numbers or decimal strings, some below zero. Pure.

What would have to be rounded is refused: a sum that passed through floating point shows it by its
third decimal.
"""

import re
from decimal import Decimal
from typing import Any

from tracker.kit.money import MAX_KOPECKS

_WRITTEN = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,20})?", re.ASCII)
_MAGNITUDE = 40
"""Powers of ten beyond which nothing is a sum: looked at before anything is multiplied."""


def hundredths(value: Any) -> int:
    """Hundredths of a JSON number or a decimal string; below zero for what is given back.

    Raises ValueError for what is no number, is not whole hundredths, or is above what we count.
    """
    if (isinstance(value, str) and _WRITTEN.fullmatch(value)) or type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValueError("not a number")
    if value and abs(value.adjusted()) > _MAGNITUDE:
        raise ValueError("out of all bounds")
    # By its digits and not by arithmetic, which would round to the precision of a context.
    sign, digits, exponent = value.as_tuple()
    whole = int("".join(map(str, digits)))
    shift = int(exponent) + 2
    if not whole:
        return 0
    scale: int = 10 ** abs(shift)
    kopecks, rest = (whole * scale, 0) if shift >= 0 else divmod(whole, scale)
    if rest:
        raise ValueError("not whole hundredths")
    if kopecks > MAX_KOPECKS:
        raise ValueError("above a trillion roubles")
    return -kopecks if sign else kopecks
