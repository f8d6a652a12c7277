"""JSON as it ought to be: UTF-8 without a mark, no key twice, no NaN, bounded in every way. Pure.

The standard decoder takes a good deal more than that, and what it lets through would surprise the
database later: ``\\u0000`` and lone surrogates cannot be stored, and of two equal keys the last
silently wins.
"""

import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

from tracker.kit.errors import Unreadable

MAX_DEPTH = 16
MAX_DIGITS = 40


class NotStrictJson(Unreadable):
    """Not UTF-8, not JSON, or JSON that two readers could read differently."""


_UNKEEPABLE = re.compile("[\\x00\ud800-\udfff]")


def decode(body: bytes) -> Any:
    """The value of a strict JSON text; fractions become Decimal. Raises NotStrictJson."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"not UTF-8 at byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise NotStrictJson("a byte order mark has no place in JSON")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotStrictJson(f"not JSON at {where}: {error.msg}") from error
    except RecursionError as error:
        raise NotStrictJson(f"nested deeper than {MAX_DEPTH}") from error
    # Most texts cannot hold what is looked for below: they have no escapes by number, and fewer
    # brackets than the depth that is allowed.
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(value, MAX_DEPTH)
    if "\\u" in text:
        _check_texts(value)
    return value


def _check_depth(value: Any, left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if left == 0:
        raise NotStrictJson(f"nested deeper than {MAX_DEPTH}")
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, dict | list):
            _check_depth(one, left - 1)


def _check_texts(value: Any) -> None:
    """The decoder takes NUL by an escape alone, and UTF-8 has no surrogates."""
    if isinstance(value, str):
        if _UNKEEPABLE.search(value):
            raise NotStrictJson("NUL and lone surrogates cannot be kept")
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_texts(name)
            _check_texts(one)
    elif isinstance(value, list):
        for one in value:
            _check_texts(one)


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson(f"the key {_first_twice(pairs)[:50]!r} stands twice in one object")
    return found


def _first_twice(pairs: list[tuple[str, Any]]) -> str:
    counts = Counter(name for name, _ in pairs)
    return next(name for name, count in counts.items() if count > 1)


def _whole(digits: str) -> int:
    return int(_bounded(digits))


def _fraction(digits: str) -> Decimal:
    try:
        return Decimal(_bounded(digits))
    except InvalidOperation as error:
        raise NotStrictJson(f"the number {digits} is out of all bounds") from error


def _bounded(digits: str) -> str:
    if len(digits) > MAX_DIGITS:
        raise NotStrictJson(f"a number of more than {MAX_DIGITS} digits")
    return digits


def _no_constant(name: str) -> Any:
    raise NotStrictJson(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_key_twice,
    parse_int=_whole,
    parse_float=_fraction,
    parse_constant=_no_constant,
)
