"""Money is whole kopecks; rates are whole basis points. No float comes near either."""

import re

MAX_KOPECKS = 10**14
"""A trillion roubles: far above any real sum, far below what a bigint or a sum of many can hold."""

_RUBLES = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?", re.ASCII)
_WHOLE = 10_000


def parse_rubles(text: str) -> int:
    """Kopecks of a decimal string such as ``"1530.00"``, ``"7.5"`` or ``"0"``.

    Raises ValueError for signs, exponents, blanks, more than two decimals or too many digits:
    a sum that has to be guessed at is not a sum.
    """
    match = _RUBLES.fullmatch(text)
    if match is None:
        raise ValueError("not a sum of money: digits with at most two decimals are expected")
    whole, cents = match.groups()
    kopecks = int(whole) * 100 + int((cents or "").ljust(2, "0"))
    if kopecks > MAX_KOPECKS:
        raise ValueError("not a sum of money that we count: it is above a trillion roubles")
    return kopecks


def format_rubles(kopecks: int) -> str:
    """``"1530.00"`` of 153,000 kopecks; debts come with a minus sign."""
    sign = "-" if kopecks < 0 else ""
    whole, cents = divmod(abs(kopecks), 100)
    return f"{sign}{whole}.{cents:02d}"


def share(kopecks: int, basis_points: int) -> int:
    """The part of a non-negative sum that a rate of basis points (1/10,000) takes, half up."""
    return (kopecks * basis_points + _WHOLE // 2) // _WHOLE


def percent_to_basis_points(text: str) -> int:
    """Basis points of a percent such as ``"7"`` or ``"7.25"``; raises ValueError otherwise."""
    return parse_rubles(text)


def format_percent(basis_points: int) -> str:
    """``"7.50"`` of 750 basis points."""
    return format_rubles(basis_points)
