"""The fields of a shop's event, found by pointers; each fault stands under its own. Pure."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from webhooks.mapping.pointer import Pointer
from webhooks.mapping.schema import Format
from webhooks.wire.reading import AHEAD, Faults, Reader

T = TypeVar("T")


class Place:
    """One object of the body, whose fields are found by pointers."""

    __slots__ = ("_path", "_value", "faults")

    def __init__(self, value: Any, path: str, faults: Faults) -> None:
        self._value = value
        self._path = path
        self.faults = faults
        if not isinstance(value, dict):
            self.faults.setdefault(path or "body", "must be an object")

    def fault(self, pointer: Pointer, why: str) -> None:
        """Note what is wrong with a field."""
        self.faults.setdefault((self._path + pointer.text) or "body", why)

    def find(self, pointer: Pointer | None) -> Any:
        """What stands in a field; None where there is nothing."""
        return None if pointer is None else pointer.find(self._value)

    def reader(self, pointer: Pointer) -> tuple[Reader, str]:
        """The checks that all dialects share, for one field; a whole number may stand for text."""
        path = self._path + pointer.text
        found = self.find(pointer)
        return Reader({path: str(found) if type(found) is int else found}, self.faults), path

    def items(self, pointer: Pointer, most: int) -> Iterator["Place"]:
        """The objects of a list that must be there."""
        found = self.find(pointer)
        if not isinstance(found, list) or not 0 < len(found) <= most:
            why = f"must be a list of 1 to {most} objects"
            self.fault(pointer, "is missing" if found is None else why)
            return
        for place, item in enumerate(found):
            yield Place(item, f"{self._path}{pointer.text}/{place}", self.faults)

    def identifier(self, pointer: Pointer) -> str:
        """An opaque id; a whole number is one as well."""
        reader, name = self.reader(pointer)
        return reader.identifier(name)

    def optional_identifier(self, pointer: Pointer | None) -> str | None:
        """An id, or None where there is none."""
        if pointer is None:
            return None
        reader, name = self.reader(pointer)
        return reader.optional_identifier(name)

    def optional_text(self, pointer: Pointer | None) -> str | None:
        """Free text, or None."""
        if pointer is None:
            return None
        reader, name = self.reader(pointer)
        return reader.optional_text(name)

    def moment(self, pointer: Pointer, format_: Format, instead: datetime) -> datetime:
        """A moment as the shop writes it; ``instead`` where it is at fault."""
        found = self._by(format_.dates.read, pointer, instead)
        if found > self.faults.until:
            self.fault(pointer, AHEAD)
        return found

    def kopecks(self, pointer: Pointer, format_: Format) -> int:
        """A sum as the shop writes it."""
        return self._by(format_.numbers.kopecks, pointer, 0)

    def count(self, pointer: Pointer | None, format_: Format) -> int:
        """A whole number from 1 on; 1 where the shop tells none."""
        if pointer is None:
            return 1
        count = self._by(format_.numbers.count, pointer, 1)
        return Reader({"": count}, self.faults, self._path + pointer.text).count("")

    def _by(self, read: Callable[[Any], T], pointer: Pointer, instead: T) -> T:
        found = self.find(pointer)
        try:
            if found is None:
                raise ValueError("is missing")
            return read(found)
        except ValueError as error:
            self.fault(pointer, str(error))
            return instead


def word_of(value: Any) -> Any:
    """A whole number or truth value as the word that it is in JSON; anything else as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if type(value) is int else value
