"""What was put out: registries that the operator can take, and our copy of each.

A registry appears in ``out/`` by one rename, which is the moment it is sent. Before that it lies
there as a ``.part``, and its copy in the journal: a copy whose ``.part`` is still there was never
sent, for sure, whenever we were interrupted. Nothing here is put into the operator's folder but
the registries themselves; workers keep apart by a lock on the journal, which ends with its holder.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tracker.gateways.doubts import Doubt, Doubtful
from tracker.gateways.registry_files import (
    MODE,
    SENT,
    NotWhole,
    Reading,
    Refused,
    names_in,
    number_of,
    opened,
    registry_of,
)
from tracker.kit.failpoints import reach
from tracker.kit.logs import log
from tracker.kit.money import parse_rubles
from tracker.settlement.ports import TopUp

PART = ".part"
_NAME = re.compile(r"topups-([0-9]{1,18})-([0-9]{1,18})-[0-9a-f]{16}\.csv", re.ASCII)
_LOOK_AGAIN = 0.05
_LOG = log("gateways")


class Journal:
    """The folders ``out`` and ``sent`` under a root; ``patience`` (seconds) for other workers."""

    def __init__(self, root: Path, patience: float) -> None:
        self._out, self._sent = root / "out", root / "sent"
        self._patience = patience

    @contextmanager
    def held(self) -> Iterator[None]:
        """Alone among all workers. Raises Doubtful when others take too long."""
        deadline = time.monotonic() + self._patience
        folder = os.open(self._sent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            while not _locked(folder):
                if time.monotonic() > deadline:
                    raise Doubtful(Doubt.TIMEOUT)
                time.sleep(_LOOK_AGAIN)
            yield
        finally:
            os.close(folder)

    def sent(self, keys: Iterable[str]) -> dict[str, TopUp]:
        """Those of some keys that were put out, and as what. Raises Doubtful."""
        wanted = {key: number_of(key) for key in keys}
        # In this order: a copy that is seen now and has no ``.part`` later was sent in between.
        copies = [name for name in names_in(self._sent) if _may_hold(name, wanted.values())]
        unsent = {name.removesuffix(PART) for name in names_in(self._out) if name.endswith(PART)}
        found: dict[str, TopUp] = {}
        for name in copies:
            if name not in unsent:
                found |= {one.key: one for one in self._lines(name) if one.key in wanted}
        return found

    def withdraw_interrupted(self) -> None:
        """Take back what was never sent; only for who holds the journal."""
        for name in names_in(self._out):
            whole = name.removesuffix(PART)
            if whole == name or not _NAME.fullmatch(whole):
                continue
            with suppress(FileNotFoundError):
                (self._sent / whole).unlink()
                _sync(self._sent)
                _LOG.warning("registry_withdrawn", name=whole)
            (self._out / name).unlink(missing_ok=True)

    def put_out(self, batch: Sequence[TopUp]) -> None:
        """Send a registry; only for who holds the journal. Raises OSError: then ``sent`` tells."""
        name, content = registry_of(batch)
        part = self._out / f"{name}{PART}"
        _write(part, content)
        _sync(self._out)
        reach("registry.written")
        copy = self._sent / f"{name}{PART}"
        _write(copy, content)
        copy.rename(self._sent / name)
        _sync(self._sent)
        reach("registry.journaled")
        part.rename(self._out / name)
        _sync(self._out)
        reach("registry.put_out")
        _LOG.info("registry_put_out", name=name, lines=len(batch))

    def _lines(self, name: str) -> list[TopUp]:
        try:
            with opened(self._sent / name) as file:
                reading = Reading(file, SENT)
                lines = [
                    TopUp(row["key"], row["phone"], parse_rubles(row["amount"])) for row in reading
                ]
                reading.end()
        except FileNotFoundError:
            return []  # withdrawn meanwhile
        except (NotWhole, Refused) as error:
            _LOG.error("registry_journal_unreadable", name=name, error=str(error))
            raise Doubtful(Doubt.JOURNAL_UNREADABLE) from error
        return lines


def _may_hold(name: str, numbers: Iterable[int]) -> bool:
    found = _NAME.fullmatch(name)
    if found is None:
        return False
    first, last = int(found[1]), int(found[2])
    return any(first <= number <= last for number in numbers)


def _locked(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(path: Path, content: bytes) -> None:
    """A file that outlives a power cut, or none."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, MODE)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
