"""Reading a decoded object field by field, collecting every fault with its path. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from tracker.kit.moments import moment_of
from tracker.kit.money import parse_rubles

MAX_ID_BYTES = 200
MAX_TEXT = 500
MAX_ITEMS = 1_000
MAX_QUANTITY = 1_000_000_000

AHEAD = "is more than a day ahead of our clock"

T = TypeVar("T")

_EVER = datetime.max.replace(tzinfo=UTC)


class Faults(dict[str, str]):
    """Why an event is not taken, by field; and the latest moment that it may tell."""

    def __init__(self, until: datetime = _EVER) -> None:
        super().__init__()
        self.until = until


class Reader:
    """One object of the input. Faults of all objects land in one list, under dotted paths.

    Every method returns something of the right type even where the input is at fault, so that one
    pass finds all the faults; whoever made the reader looks at ``faults`` at the end.
    """

    __slots__ = ("_object", "_path", "faults")

    def __init__(self, value: Any, faults: Faults, path: str = "") -> None:
        self.faults = faults
        self._path = path
        self._object: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.fault("", "must be an object")

    def fault(self, name: str, why: str) -> None:
        """Note what is wrong with a field."""
        path = f"{self._path}.{name}" if self._path and name else self._path or name
        self.faults.setdefault(path or "body", why)

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self._object.get(name) is not None

    def identifier(self, name: str) -> str:
        """An opaque id: 1 to 200 bytes, no blanks around it, nothing unprintable in it."""
        value = self._get(name)
        if not isinstance(value, str):
            return self._bad(name, value, "must be a string", "")
        if not value or len(value.encode()) > MAX_ID_BYTES:
            return self._bad(name, value, f"must have 1 to {MAX_ID_BYTES} bytes", "")
        if value != value.strip() or not value.isprintable():
            return self._bad(name, value, "must be printable, with no blanks around it", "")
        return value

    def optional_identifier(self, name: str) -> str | None:
        """An id, or None where the field is absent, null or empty."""
        return self.identifier(name) if self._object.get(name) not in (None, "") else None

    def optional_text(self, name: str) -> str | None:
        """Free text up to 500 characters, or None."""
        value = self._object.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            return self._bad(name, value, f"must be a string of up to {MAX_TEXT} characters", None)
        return value

    def word(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of a closed list."""
        value = self._get(name)
        if value not in allowed:
            return self._bad(name, value, f"must be one of {', '.join(allowed)}", allowed[0])
        return str(value)

    def currency(self, name: str) -> str:
        """Three capital Latin letters."""
        value = self._get(name)
        if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
            return self._bad(name, value, "must be a currency code such as RUB", "")
        return value

    def moment(self, name: str) -> datetime:
        """RFC 3339 with an offset of up to 14 hours, in the years 2000 to 2099."""
        value = self._get(name)
        if isinstance(value, str) and (moment := moment_of(value)):
            return self._in_time(name, moment)
        why = "must be a date and time with an offset, such as 2010-12-01T08:26:00+03:00"
        return self._bad(name, value, why, _NEVER)

    def money(self, name: str) -> int:
        """Hundredths of a decimal string; a JSON number may have been a float and is refused."""
        value = self._get(name)
        if isinstance(value, str):
            try:
                return parse_rubles(value)
            except ValueError:
                pass
        why = 'must be a decimal string with at most two decimals, such as "1530.00"'
        return self._bad(name, value, why, 0)

    def count(self, name: str) -> int:
        """A whole number from 1 on."""
        value = self._get(name)
        if type(value) is not int or not 0 < value <= MAX_QUANTITY:
            return self._bad(name, value, "must be a whole number from 1 on", 1)
        return value

    def inner(self, name: str) -> Self:
        """An object within."""
        return type(self)(self._object.get(name), self.faults, f"{self._path}.{name}".strip("."))

    def items(self, name: str, most: int = MAX_ITEMS) -> Iterator[Self]:
        """The objects of a list of 1 to 1,000, or to as many as are allowed."""
        value = self._get(name)
        if not isinstance(value, list) or not 0 < len(value) <= most:
            self._bad(name, value, f"must be a list of 1 to {most} objects", None)
            return
        path = f"{self._path}.{name}".strip(".")
        for place, item in enumerate(value):
            yield type(self)(item, self.faults, f"{path}[{place}]")

    def _in_time(self, name: str, moment: datetime) -> datetime:
        if moment > self.faults.until:
            self.fault(name, AHEAD)
        return moment

    def _get(self, name: str) -> Any:
        return self._object.get(name)

    def _bad(self, name: str, value: Any, why: str, instead: T) -> T:
        self.fault(name, "is missing" if value is None else why)
        return instead


_NEVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
