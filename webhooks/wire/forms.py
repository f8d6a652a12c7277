"""Forms and query strings, read as strictly as JSON is. Pure."""

import re
from functools import cache
from urllib.parse import unquote_to_bytes

from tracker.kit.errors import Unreadable

MAX_FIELDS = 200
MAX_SHOWN = 500
"""Bytes of a value that may be a key; no key is as long."""

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class NotAForm(Unreadable):
    """Not names and values in UTF-8, or such that two readers could read differently."""


def decode(raw: bytes) -> dict[str, str]:
    """The fields of a form; one that has no value is empty. Raises NotAForm."""
    if raw.count(b"&") >= MAX_FIELDS:
        raise NotAForm(f"more than {MAX_FIELDS} fields")
    fields: dict[str, str] = {}
    for part in raw.split(b"&"):
        if not part:
            continue
        name, _, value = part.partition(b"=")
        told = _text(name)
        if not told:
            raise NotAForm("a field has no name")
        if told in fields:
            raise NotAForm(f"the field {told[:50]!r} stands twice")
        fields[told] = _text(value)
    return fields


def values(raw: bytes, field: str) -> list[bytes]:
    """The values that a field has in a form, cut to MAX_SHOWN. Reads whatever it is.

    Nobody has to be let in for this, so it looks for the field and at nothing else: one pass, in
    which nothing is taken apart or decoded but what is found.
    """
    found = _occurrence(field).finditer(raw)
    return [unquote_to_bytes((each[1] or b"")[: 3 * MAX_SHOWN])[:MAX_SHOWN] for each in found]


def without(raw: bytes, field: str) -> bytes:
    """A form without a field, wherever it stands. As `values`, it reads whatever it is."""
    rest = _occurrence(field).sub(b"", raw)
    is_first = rest.startswith(b"&") and not raw.startswith(b"&")
    return rest[1:] if is_first else rest


@cache
def _occurrence(field: str) -> re.Pattern[bytes]:
    """A field with its value, and the ampersand before it. Each byte of its name may be escaped."""
    name = "".join(map(_written, field.encode()))
    return re.compile(rf"(?:\A|&){name}(?:=([^&]*))?(?=&|\Z)".encode())


def _written(byte: int) -> str:
    digits = "".join(f"[{one}{one.upper()}]" for one in f"{byte:02x}")
    return f"(?:{re.escape(chr(byte))}|%{digits})"


def _text(part: bytes) -> str:
    if _BAD_ESCAPE.search(part):
        raise NotAForm("a percent sign stands before something else than two hexadecimal digits")
    try:
        text = unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotAForm(f"not UTF-8 at byte {error.start} of a field") from error
    if "\0" in text:
        raise NotAForm("NUL cannot be kept")
    return text
