"""What the guard runs.

``python -m sandbox.servers.watch OWNER CHOSEN HOME SOCKETS keep|remove``
"""

import os
import shutil
import sys
import time
from pathlib import Path

from sandbox.servers.clearing import clear_away
from sandbox.servers.errors import ServersError
from sandbox.servers.home import Home
from sandbox.servers.lock import FolderLock

_STEP = 0.2


def watch(owner: int, home: Home, sockets: Path, *, keep: bool) -> None:
    """Wait for the owner's end, then clear away, unless a new owner is already doing so.

    The data folder may have been removed in the meantime: then there is no lock and no new owner,
    but servers may still run in what was there.
    """
    while os.getppid() == owner:
        time.sleep(_STEP)
    lock = FolderLock(home.chosen)
    if home.chosen.is_dir() and not lock.take_over():
        return
    clear_away(home)
    shutil.rmtree(sockets, ignore_errors=True)
    if not keep:
        home.remove()
    lock.release()


def main(owner: str, chosen: str, home: str, sockets: str, data: str) -> None:
    its = Home(Path(chosen), Path(home), None)
    try:
        watch(int(owner), its, Path(sockets), keep=data == "keep")
    except (ServersError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
