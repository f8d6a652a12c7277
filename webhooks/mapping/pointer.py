"""JSON Pointer (RFC 6901), so far as a mapping needs it. Pure.

The library for it takes a string for a list of letters, and that a field is absent for an error:
``/sum/0`` must never be the first digit of a sum.
"""

import re
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 200
MAX_PARTS = 16

_PLACE = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_BAD_ESCAPE = re.compile(r"~(?![01])")


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a value stands, seen from some other value."""

    text: str
    parts: tuple[str, ...]

    def find(self, value: Any) -> Any:
        """What stands there; None where nothing does, as for null."""
        for part in self.parts:
            if isinstance(value, dict):
                value = value.get(part)
            elif isinstance(value, list) and _PLACE.fullmatch(part) and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value


def parse(text: str) -> Pointer:
    """The pointer that a text writes; an empty one points to the value itself.

    Raises ValueError with what is wrong.
    """
    if text and not text.startswith("/"):
        raise ValueError('must be a JSON Pointer: it begins with "/", such as "/order/id"')
    if _BAD_ESCAPE.search(text):
        raise ValueError('in a JSON Pointer "~" is written "~0" and "/" in a name "~1"')
    parts = tuple(unescape(part) for part in text.split("/")[1:])
    if len(text) > MAX_TEXT or len(parts) > MAX_PARTS:
        raise ValueError(f"must have at most {MAX_TEXT} characters and {MAX_PARTS} parts")
    return Pointer(text, parts)


def unescape(part: str) -> str:
    """The name that a part of a pointer writes."""
    return part.replace("~1", "/").replace("~0", "~")
