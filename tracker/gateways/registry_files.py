"""Registry files: what a line is, and how a file proves that it is whole (docs/registries.md).

A file is read line by line, however long it is, and through one handle: what was looked through is
what is used, whoever renames or replaces it meanwhile.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tracker.kit.money import format_rubles, parse_rubles
from tracker.settlement.ports import TopUp

SENT = ("key", "phone", "amount")
ACKNOWLEDGED = ("key", "status", "amount", "reference", "reason", "at")
STATED = ("key", "phone", "amount", "reference", "at")

KEY = re.compile(r"[A-Za-z0-9:._-]{1,64}", re.ASCII)
MODE = 0o640
_END = b"END"
_TRAILER = re.compile(rb"END,([0-9]{1,12}),([0-9.]{1,20}),([0-9a-f]{64})\r?\n", re.ASCII)
_LONGEST_LINE = 1024
_NUMBER = re.compile(r"[0-9]{1,18}\Z", re.ASCII)


class NotWhole(Exception):
    """A file has no trailer yet: it is still being written, or was cut off."""


class Refused(Exception):
    """A file says something else than the format does: which line, and why."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What a file that was read to its end is about."""

    count: int
    total: int
    """Kopecks."""
    sha256: str
    first: int
    last: int
    """The smallest and the greatest number that its keys end with; 0 and 0 without any."""


def number_of(key: str) -> int:
    """The number that a key ends with, by which its files are found; 0 when it has none."""
    found = _NUMBER.search(key)
    return int(found[0]) if found else 0


def registry_of(batch: Sequence[TopUp]) -> tuple[str, bytes]:
    """The name and the content of a registry; the same top-ups make the same one."""
    rows = [",".join(SENT)]
    rows += [f"{one.key},{one.phone},{format_rubles(one.amount)}" for one in batch]
    body = ("\n".join(rows) + "\n").encode("ascii")
    digest = hashlib.sha256(body).hexdigest()
    total = format_rubles(sum(one.amount for one in batch))
    numbers = [number_of(one.key) for one in batch]
    name = f"topups-{min(numbers)}-{max(numbers)}-{digest[:16]}.csv"
    return name, body + f"END,{len(batch)},{total},{digest}\n".encode("ascii")


def names_in(folder: Path) -> list[str]:
    """What lies in a folder."""
    with os.scandir(folder) as found:
        return [one.name for one in found]


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A plain file, and nothing that a stranger may have put there in its place.

    Raises Refused for links, pipes and folders; OSError.
    """
    if path.is_symlink():
        raise Refused("not a plain file")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused("not a plain file")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def has_trailer(file: IO[bytes]) -> bool:
    """Whether a file's last line is a trailer, right or wrong."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_LINE))
    tail = file.read()
    return tail.endswith(b"\n") and tail.rstrip(b"\r\n").rpartition(b"\n")[2].startswith(_END)


class Reading:
    """Goes through a file's lines by its columns, and adds them up meanwhile. Raises NotWhole and
    Refused."""

    def __init__(self, file: IO[bytes], columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._file = file
        self._hash = hashlib.sha256()
        self._count = self._total = self._first = self._last = 0
        self._named = False
        self._trailer: bytes | None = None

    def __iter__(self) -> Iterator[dict[str, str]]:
        place = self._columns.index("amount")
        self._file.seek(0)
        for number, line in enumerate(_raw_lines(self._file), start=1):
            if line.startswith(_END + b","):
                self._trailer = line
                return
            self._hash.update(line)
            fields = _split(line, number, self._columns)
            if number == 1:
                self._named = True
                continue
            self._add(fields[0], _kopecks(fields[place], number))
            yield dict(zip(self._columns, fields, strict=True))

    def end(self) -> Whole:
        """What the file comes to, once all lines were read. Raises NotWhole, Refused."""
        if self._trailer is None:
            raise NotWhole("the trailer is missing")
        found = _TRAILER.fullmatch(self._trailer)
        if found is None:
            raise Refused("the trailer is not END, count, total, SHA-256")
        if self._file.read(1):
            raise Refused("something follows the trailer")
        if not self._named:
            raise Refused(f"line 1: the names {','.join(self._columns)} are expected")
        count, total, digest = (part.decode("ascii") for part in found.groups())
        for name, said, is_so in (
            ("lines", int(count), self._count),
            ("kopecks", _kopecks(total, 0), self._total),
            ("SHA-256", digest, self._hash.hexdigest()),
        ):
            if said != is_so:
                raise Refused(f"the trailer says {said} {name}, the lines come to {is_so}")
        return Whole(self._count, self._total, digest, self._first, self._last)

    def _add(self, key: str, amount: int) -> None:
        number = number_of(key)
        self._first = number if self._count == 0 else min(self._first, number)
        self._last = max(self._last, number)
        self._count += 1
        self._total += amount


def _raw_lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(_LONGEST_LINE):
        if not line.endswith(b"\n"):
            if len(line) == _LONGEST_LINE:
                raise Refused(f"a line is longer than {_LONGEST_LINE} bytes")
            raise NotWhole("the last line has no end")
        yield line


def _split(line: bytes, number: int, columns: tuple[str, ...]) -> list[str]:
    try:
        fields = line.decode("ascii").removesuffix("\n").removesuffix("\r").split(",")
    except UnicodeDecodeError as error:
        raise Refused(f"line {number}: not ASCII") from error
    if len(fields) != len(columns):
        raise Refused(f"line {number}: {len(columns)} fields are expected")
    if number == 1 and tuple(fields) != columns:
        raise Refused(f"line 1: the names {','.join(columns)} are expected")
    return fields


def _kopecks(text: str, number: int) -> int:
    try:
        return parse_rubles(text)
    except ValueError as error:
        raise Refused(f"line {number}: {error}" if number else f"trailer: {error}") from error
