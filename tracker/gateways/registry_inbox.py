"""What the operator puts into ``in``: acknowledgements and statements.

Nothing of a file counts before all of it was looked through. One that cannot be read is laid aside
with the reason, never thrown away.
"""

import mmap
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TypeVar

from tracker.gateways.billing_wire import read_line, read_result
from tracker.gateways.doubts import Doubtful
from tracker.gateways.registry_files import (
    ACKNOWLEDGED,
    KEY,
    MODE,
    STATED,
    NotWhole,
    Reading,
    Refused,
    Whole,
    has_trailer,
    names_in,
    number_of,
    opened,
)
from tracker.gateways.registry_journal import PART
from tracker.kit.clock import moscow_date
from tracker.kit.logs import log
from tracker.settlement.ports import Answer, GatewayUnavailable, StatementLine, Told

PACKET = 1000
"""Answers that are written down together."""

_KEYS_AT_ONCE = 50_000
"""Remembered together while a file is looked through for a key that it names twice."""

_NAME = re.compile(r"ack-[A-Za-z0-9._-]{1,100}\.csv", re.ASCII)
_STATEMENT = re.compile(r"statement-\d{4}-\d\d-\d\d\.csv", re.ASCII)
_TAKEN = re.compile(r"ack-.{1,100}~([0-9]{1,18})-([0-9]{1,18})~[0-9a-f]{16}\.csv", re.ASCII)
_SECONDS_TO_BE_WHOLE = 3600
_LOG = log("gateways")

T = TypeVar("T")
Word = tuple[Answer, int]
"""What the operator says of a key, and the amount it names, in kopecks."""


class Inbox:
    """The folders ``in`` and ``taken`` under a root."""

    def __init__(self, root: Path) -> None:
        self._in, self._taken = root / "in", root / "taken"
        self._refused = self._in / "refused"

    def told(self) -> Iterator[Told]:
        """All acknowledgements that lie there, in packets. A file that has been taken to its end is
        moved away; any other is told again from its beginning."""
        for name in sorted(names_in(self._in)):
            path = self._in / name
            if not _NAME.fullmatch(name):
                self._look_at_stranger(path)
                continue
            try:
                with opened(path) as file:
                    yield from self._packets(path, file)
            except FileNotFoundError:
                continue  # another worker has taken it
            except NotWhole:
                _tell_if_old(path)
            except Refused as error:
                self._refuse(path, str(error))
            except OSError as error:
                # It must not hold up the others.
                _LOG.error("registry_unreadable", name=name, error=str(error))

    def words(self, key: str) -> list[Word]:
        """What the acknowledgements that were taken say of a key. Raises OSError."""
        number = number_of(key)
        return [
            word
            for name in names_in(self._taken)
            if (found := _TAKEN.fullmatch(name)) and int(found[1]) <= number <= int(found[2])
            for word in _words_in(self._taken / name, key)
        ]

    def statement(self, day: date) -> Iterator[StatementLine]:
        """A day's statement by line. Raises NotWhole, Refused and OSError, also at its end."""
        with opened(self._in / f"statement-{day.isoformat()}.csv") as file:
            if not has_trailer(file):
                raise NotWhole("the trailer is missing")
            reading = Reading(file, STATED)
            last = ("", "")
            for place, row in _placed(reading):
                line = _understood(read_line, row, place)
                if moscow_date(line.at) != day:
                    raise Refused(f"{place} was not paid on {day}")
                if (line.key, line.reference) <= last:
                    raise Refused(f"{place} is not in its place")
                last = (line.key, line.reference)
                yield line
            reading.end()

    def _packets(self, path: Path, file: IO[bytes]) -> Iterator[Told]:
        if not has_trailer(file):
            raise NotWhole("the trailer is missing")
        looked_at = _stamp_of(os.fstat(file.fileno()))
        reading = Reading(file, ACKNOWLEDGED)
        for place, row in _placed(reading):
            _word(row, place)
        whole = reading.end()
        _look_for_repeated(file, whole.count)
        if not whole.count:
            self._take(path, looked_at, whole)
        told = 0
        for words in _gathered(Reading(file, ACKNOWLEDGED)):
            if _stamp_of(os.fstat(file.fileno())) != looked_at:
                raise GatewayUnavailable(f"{path.name} was changed while it was read")
            told += len(words)
            last = told == whole.count
            yield _told(words, partial(self._take, path, looked_at, whole) if last else _nothing)

    def _take(self, path: Path, looked_at: tuple[int, ...], whole: Whole) -> None:
        name = f"{path.stem}~{whole.first}-{whole.last}~{whole.sha256[:16]}.csv"
        with suppress(FileNotFoundError):  # another worker took it as well
            if _stamp_of(path.lstat()) == looked_at:
                path.rename(self._taken / name)
                _LOG.info("registry_taken", name=path.name, answers=whole.count)

    def _refuse(self, path: Path, reason: str) -> None:
        try:
            self._refused.mkdir(exist_ok=True)
            aside = f"{path.stem}~{path.lstat().st_mtime_ns}.csv"
            _lay_aside(path, self._refused, aside, reason)
            _LOG.error("registry_refused", name=path.name, reason=reason)
        except FileNotFoundError:
            return  # another worker has laid it aside
        except OSError as error:
            # It stays where it is, and must not hold up the others.
            _LOG.error("registry_unreadable", name=path.name, error=str(error))

    def _look_at_stranger(self, path: Path) -> None:
        ours = path.name.endswith(PART) or _STATEMENT.fullmatch(path.name)
        if not ours and path != self._refused:
            _LOG.warning("registry_name_unknown", name=ascii(path.name))


def _lay_aside(path: Path, folder: Path, name: str, reason: str) -> None:
    """By the very folder that was opened, and over no file: whoever may write beside it could put
    links there. Raises OSError."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(FileExistsError):
            note = os.open(f"{name}.reason.txt", flags, MODE, dir_fd=place)
            with os.fdopen(note, "w", encoding="utf-8") as file:
                file.write(f"{reason}\n")
        os.rename(path, name, dst_dir_fd=place)
    finally:
        os.close(place)


def _look_for_repeated(file: IO[bytes], count: int) -> None:
    """Raises Refused when a file names a key twice: it may say two things of it.

    Its keys are gone through in parts, so that a long file takes no more memory than a short one.
    """
    parts = 1 + count // _KEYS_AT_ONCE
    for part in range(parts):
        file.seek(0)
        seen: set[int] = set()
        for number, line in enumerate(islice(file, 1, count + 1), start=2):
            key = hash(line.partition(b",")[0])
            if key in seen:
                raise Refused(f"line {number} names a key again")
            if key % parts == part:
                seen.add(key)


def _words_in(path: Path, key: str) -> Iterator[Word]:
    """The lines about one key in a file that was looked through when it was taken. Raises Refused
    when it was changed since."""
    wanted = f"\n{key},".encode("ascii")
    try:
        with opened(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            at = text.find(wanted)
            while at >= 0:
                end = text.find(b"\n", at + 1)
                fields = text[at + 1 : end].decode("ascii").removesuffix("\r").split(",")
                yield _word(dict(zip(ACKNOWLEDGED, fields, strict=True)), path.name)
                at = text.find(wanted, end)
    except ValueError as error:
        raise Refused(f"{path.name} is not as it was") from error


def _placed(reading: Reading) -> Iterator[tuple[str, dict[str, str]]]:
    """Lines, and what they are called. What stands in one is told to nobody: where columns are
    swapped, each of them may hold somebody's number."""
    for number, row in enumerate(reading, start=2):
        yield f"line {number}", row


def _word(row: dict[str, str], place: str) -> Word:
    if not KEY.fullmatch(row["key"]):
        raise Refused(f"{place}: what stands first is no key")
    return _understood(read_result, {name: value or None for name, value in row.items()}, place)


def _understood(read: Callable[[object], T], row: Mapping[str, str | None], place: str) -> T:
    try:
        return read(row)
    except Doubtful as error:
        raise Refused(f"{place} is {error.reason}") from error


def _gathered(reading: Reading) -> Iterator[list[Word]]:
    """All words of a file, in packets."""
    words = (_word(row, place) for place, row in _placed(reading))
    while packet := list(islice(words, PACKET)):
        yield packet


def _told(words: Sequence[Word], taken: Callable[[], None]) -> Told:
    amounts = {answer.key: amount for answer, amount in words}
    return Told([answer for answer, _ in words], amounts, taken)


def _nothing() -> None:
    """There is more of the file."""


def _stamp_of(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def _tell_if_old(path: Path) -> None:
    with suppress(FileNotFoundError):
        age = int(time.time() - path.stat().st_mtime)
        if age > _SECONDS_TO_BE_WHOLE:
            _LOG.warning("registry_not_whole", name=path.name, age=age)
