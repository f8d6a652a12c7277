"""What the product answered to the events of a replay, counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Receipt:
    """How the sending of one event ended."""

    key: tuple[str, str]
    """Shop and webhook-id."""
    duplicate: bool
    """The product said that it had the event already."""
    in_doubt: bool
    """An earlier attempt got no answer that told whether the event was stored."""


@dataclass(slots=True)
class Tally:
    """Events sent, by what became of them. An event that is sent K times counts K times."""

    _sent: int = 0
    _duplicates: int = 0
    _accepted: set[tuple[str, str]] = field(default_factory=set)
    _in_doubt: set[tuple[str, str]] = field(default_factory=set)

    def add(self, receipts: Iterable[Receipt]) -> None:
        """Count these."""
        for one in receipts:
            self._sent += 1
            if one.duplicate:
                self._duplicates += 1
            else:
                self._accepted.add(one.key)
            if one.in_doubt:
                self._in_doubt.add(one.key)

    @property
    def sent(self) -> int:
        return self._sent

    @property
    def accepted(self) -> int:
        """How many were stored: told so by a 202, or by a 200 after the 202 had been lost."""
        return self._sent - self.duplicates

    @property
    def duplicates(self) -> int:
        """How many the product had already."""
        return self._duplicates - len(self._in_doubt - self._accepted)
