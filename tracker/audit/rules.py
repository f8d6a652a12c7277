"""What an audited act must say, and how acts are chained. Pure."""

import hashlib
from dataclasses import dataclass

from tracker.kit.errors import Invalid

MAX_REASON = 500


class ReasonMissing(Invalid):
    """A reason is asked for, of 1 to 500 printable characters."""

    code = "reason_missing"


def check_reason(reason: str | None) -> str | None:
    """The reason without blanks around it. Raises ReasonMissing where one is given and empty."""
    if reason is None:
        return None
    said = reason.strip()
    if not said or len(said) > MAX_REASON or not said.isprintable():
        raise ReasonMissing(fields={"reason": "1 to 500 printable characters are expected"})
    return said


FIRST = bytes(32)
"""What stands before the first entry of the chain."""


@dataclass(frozen=True, slots=True)
class Act:
    """An entry as PostgreSQL keeps it, to the last character."""

    id: int
    micros: int
    """Its moment, in microseconds since 1970."""
    who: str
    action: str
    subject: str
    reason: str | None
    before: str | None
    """The JSON as text."""
    after: str | None


def hash_of(previous: bytes, place: int, act: Act) -> bytes:
    """What the chain has for an act at a place: SHA-256 over the hash before it and netstrings of
    all that the act says. The function ``audit_hash`` in PostgreSQL comes to the same."""
    said = (
        str(place),
        str(act.id),
        str(act.micros),
        act.who,
        act.action,
        act.subject,
        act.reason,
        act.before,
        act.after,
    )
    return hashlib.sha256(previous + b"".join(map(_netstring, said))).digest()


def _netstring(text: str | None) -> bytes:
    if text is None:
        return b"-,"
    encoded = text.encode()
    return b"%d:%s," % (len(encoded), encoded)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time, signed."""

    place: int
    hash: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold."""

    place: int | None
    """In the chain; None for an entry that has no place in it."""
    entry_id: int | None
    why: str
