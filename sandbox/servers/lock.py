"""One owner for a data folder at a time, by a lock that the kernel takes back from the dead."""

import fcntl
import os
import time
from pathlib import Path

from sandbox.servers.errors import BadDataFolder, DataFolderInUse
from sandbox.servers.processes import birth

_STEP = 0.05
_held: set[int] = set()
"""Descriptors of the locks this process holds."""


def _let_go_after_fork() -> None:
    """A forked child shares its parent's locks and would keep them beyond the parent's death."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_after_fork)


class FolderLock:
    """The lock on a folder; its file also says who holds it, by pid and birth."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def take(self, *, patience: float = 30.0) -> None:
        """Become the folder's owner.

        Raises DataFolderInUse at once when the owner on record lives. When it does not, but the
        lock is held, somebody is just clearing up after it: that is waited for, ``patience``
        seconds at most.
        """
        deadline = time.monotonic() + patience
        while not self.take_over():
            owner = self._living_owner()
            if owner is not None or time.monotonic() > deadline:
                raise DataFolderInUse(self._folder, owner)
            time.sleep(_STEP)
        self._record(f"{os.getpid()} {birth(os.getpid())}")

    def take_over(self) -> bool:
        """Take the lock if it is free, leaving the owner on record as it is; whether it was."""
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = os.path.samestat(os.fstat(descriptor), self._path.stat())
        except (BlockingIOError, FileNotFoundError):
            free = False
        if not free:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        _held.add(descriptor)
        return True

    def release(self) -> None:
        """Let go. Harmless when it is not held, or was inherited by a fork."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and descriptor in _held:
            os.ftruncate(descriptor, 0)
            _held.remove(descriptor)
            os.close(descriptor)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BadDataFolder(f"{self._path} cannot be opened: {error.strerror}") from error

    def _record(self, text: str) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)

    def _living_owner(self) -> int | None:
        try:
            pid, _, born = self._path.read_text().strip().partition(" ")
        except OSError:
            return None
        return int(pid) if pid.isdigit() and birth(int(pid)) == born else None
