"""Servers that leave nothing behind: for tests and measurements."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.servers.embedded import EmbeddedServers

_MEMORY = Path("/dev") / "shm"
_ROOM = 4 * 1024**3
"""Bytes: several test processes have their servers there at once."""


@contextmanager
def temporary_servers(*, durable: bool = False) -> Iterator[EmbeddedServers]:
    """Servers on a fresh folder; it goes with them, even when their owner is killed."""
    data = temporary_data(durable=durable)
    with EmbeddedServers(data, durable=durable, keep=False) as servers:
        yield servers


def temporary_data(*, durable: bool = False) -> Path:
    """A new, empty data folder that the servers' account can reach.

    In memory, where there is plenty, unless the data are to be ``durable``: a database is hundreds
    of files, and while others keep the disk's journal busy a clone takes 0.4 s instead of 0.02.
    """
    place = _MEMORY if not durable and _is_roomy(_MEMORY) else None
    data = Path(tempfile.mkdtemp(prefix="tracker-data-", dir=place))
    data.chmod(0o711)
    return data


def _is_roomy(folder: Path) -> bool:
    """Whether there is room for data, and programs may be run: a copy of them may be among it."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    runs = not os.statvfs(folder).f_flag & getattr(os, "ST_NOEXEC", 0)
    return runs and shutil.disk_usage(folder).free >= _ROOM
