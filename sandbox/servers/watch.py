"""What the guard runs: ``python -m sandbox.servers.watch OWNER CHOSEN HOME keep|remove``."""

import os
import sys
import time
from pathlib import Path

from sandbox.servers.clearing import clear_away
from sandbox.servers.errors import ServersError
from sandbox.servers.home import Home
from sandbox.servers.lock import FolderLock

_STEP = 0.2


def watch(owner: int, home: Home, *, keep: bool) -> None:
    """Wait for the owner's end, then clear away, unless a new owner is already doing so."""
    while os.getppid() == owner:
        time.sleep(_STEP)
    lock = FolderLock(home.chosen)
    if not lock.take_over():
        return
    clear_away(home.path)
    if not keep:
        home.remove()
    lock.release()


def main(owner: str, chosen: str, home: str, data: str) -> None:
    try:
        watch(int(owner), Home(Path(chosen), Path(home), None), keep=data == "keep")
    except (ServersError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
