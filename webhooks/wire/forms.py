"""Forms and query strings, read as strictly as JSON is. Pure."""

import re
from urllib.parse import unquote_to_bytes

from tracker.kit.errors import Unreadable

MAX_FIELDS = 200

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


def without(raw: bytes, field: str) -> tuple[list[bytes], bytes]:
    """The values that a field has in a form, and the form without them. Reads whatever it is.

    Nobody has to be let in for this: it looks at no more fields than a form may have, and what has
    more is refused by `decode` before it is kept.
    """
    values: list[bytes] = []
    rest: list[bytes] = []
    for part in raw.split(b"&", MAX_FIELDS):
        name, _, value = part.partition(b"=")
        if unquote_to_bytes(name) == field.encode():
            values.append(unquote_to_bytes(value))
        else:
            rest.append(part)
    return values, b"&".join(rest)


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
