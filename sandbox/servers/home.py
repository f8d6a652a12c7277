"""Where the servers' files live.

Everything is under ``servers/`` in the chosen data folder: ``lock``, ``passwords.json``,
``postgres/`` and ``valkey/`` with a log beside each, and ``sockets``, a link to the short-lived
folder of the sockets. Only when the account that runs the servers cannot get there (root's own
home, say) do they live elsewhere; then ``moved-to`` in the chosen folder names the place.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.servers.accounts import Account, account_for, give, may_enter
from sandbox.servers.errors import BadDataFolder

_LOG = logging.getLogger(__name__)
_TMP = Path("/") / "tmp"
_STATE = Path("/var/lib")
_SOCKET_PATH_LIMIT = 103
"""Bytes: Linux takes 107, macOS 103."""
_SOCKET_NAME = ".s.PGSQL.5432"
_PREFIX = "tracker-"


@dataclass(frozen=True, slots=True)
class Home:
    """The servers' own folder: as chosen, as it is, and whose the data in it are."""

    chosen: Path
    path: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The data folder that all of this is for."""
        return self.chosen.parent

    @property
    def announcement(self) -> Path:
        """What a running stack says of itself; nothing while none runs."""
        return self.data / "stack.json"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def sockets_link(self) -> Path:
        return self.path / "sockets"

    def remove(self) -> None:
        """Delete the data for good, and the data folder too if nothing else is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.chosen, ignore_errors=True)
        if self.data.is_dir() and not any(self.data.iterdir()):
            self.data.rmdir()


def chosen_folder(data: Path) -> Path:
    """``servers/`` in the data folder, made if need be. Raises BadDataFolder."""
    chosen = data.resolve() / "servers"
    try:
        data.mkdir(parents=True, exist_ok=True)
        # Others may pass through, and no more: root's servers do not run as root.
        chosen.mkdir(mode=0o711, exist_ok=True)
    except OSError as error:
        raise BadDataFolder(f"{data} cannot be a data folder: {error.strerror}") from error
    return chosen


def settle(chosen: Path, *, keep: bool = True) -> Home:
    """Find or make the servers' folder. To be called by the holder of the folder's lock.

    Without ``keep`` a place elsewhere, if one is needed, is among the temporary files.
    Raises BadDataFolder when there is no place that the servers' account can reach.
    """
    try:
        path = _moved_to(chosen) or chosen
        account = account_for(path / "postgres")
        if path == chosen and not _habitable(chosen, account):
            path = _move(chosen, account, _STATE if keep else _TMP)
        home = Home(chosen, path, account)
        _own_folder(home.valkey, account)
    except OSError as error:
        raise BadDataFolder(f"{chosen} cannot hold the servers: {error}") from error
    return home


@contextmanager
def socket_folder(home: Home) -> Iterator[Path]:
    """A private folder with a short path for the sockets; the home keeps a link to it."""
    sockets = _short_folder(home.account)
    try:
        home.sockets_link.symlink_to(sockets)
        yield sockets
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
        home.sockets_link.unlink(missing_ok=True)


def remove_sockets(path: Path) -> None:
    """Remove the socket folder that a dead owner's home links to, if it is one of ours."""
    link = path / "sockets"
    if not link.is_symlink():
        return
    target = link.readlink()
    if target.name.startswith(_PREFIX) and target.is_dir() and not target.is_symlink():
        shutil.rmtree(target, ignore_errors=True)
    link.unlink()


def write_private(path: Path, text: str) -> None:
    """Put a file in place in one step, readable by its owner alone, safe against a power cut."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_folder(folder: Path, account: Account | None) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700)
        give(folder, account)


def _habitable(folder: Path, account: Account | None) -> bool:
    """Whether the account can reach what it owns inside the folder; tried with one of its own."""
    if account is None:
        return True
    probe = Path(tempfile.mkdtemp(prefix="probe-", dir=folder))
    try:
        give(probe, account)
        return may_enter(probe, account)
    finally:
        probe.rmdir()


def _moved_to(chosen: Path) -> Path | None:
    pointer = chosen / "moved-to"
    if not pointer.exists():
        return None
    place = Path(pointer.read_text().strip())
    if not place.is_dir():
        raise BadDataFolder(
            f"{pointer} names {place}, which is gone; remove {chosen} to begin anew"
        )
    return place


def _move(chosen: Path, account: Account | None, preferred: Path) -> Path:
    if (chosen / "postgres").exists():
        raise BadDataFolder(f"the servers' account can no longer reach its data in {chosen}")
    for parent in (preferred, _TMP):
        try:
            place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).resolve()
        except OSError:
            continue
        place.chmod(0o711)
        if _habitable(place, account):
            write_private(chosen / "moved-to", f"{place}\n")
            _LOG.warning("the servers' account cannot reach %s: data are kept in %s", chosen, place)
            return place
        shutil.rmtree(place)
    raise BadDataFolder(f"the servers' account can reach neither {chosen} nor {preferred}")


def _short_folder(account: Account | None) -> Path:
    for parent in _socket_parents():
        try:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        except OSError:
            continue
        give(folder, account)
        if _fits(folder) and (account is None or may_enter(folder, account)):
            return folder
        folder.rmdir()
    raise BadDataFolder(f"no folder for sockets: tried {', '.join(map(str, _socket_parents()))}")


def _socket_parents() -> list[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [_TMP, Path(tempfile.gettempdir()), *([Path(runtime)] if runtime else [])]


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / _SOCKET_NAME)) <= _SOCKET_PATH_LIMIT
