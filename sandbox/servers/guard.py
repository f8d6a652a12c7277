"""A small process that outlives a killed owner just long enough to stop its servers.

Why not let the kernel do it (``PR_SET_PDEATHSIG``)? It forgets the wish when a process changes its
account, so it would have to be made after that and before the program starts, where Python can do
nothing safely once threads run; it fires when the *thread* that started the server ends, so that a
restart from a worker thread would be deadly; it would have PostgreSQL cut off instead of shut
down; and Linux alone has it. A parent's pid that changes is seen everywhere, whatever the threads.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path

from sandbox.servers.home import Home

_LOG = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[2]


class Guard:
    """The guard of one home, as its owner sees it; ``watch`` is what the guard itself runs."""

    def __init__(self, home: Home, sockets: Path, *, keep: bool) -> None:
        self._arguments = [
            str(os.getpid()),
            str(home.chosen),
            str(home.path),
            str(sockets),
            "keep" if keep else "remove",
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Post the guard. Without one (an interpreter out of reach) all else works the same.

        If it is killed together with the owner, the next start on the same folder does its work.
        """
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-m", "sandbox.servers.watch", *self._arguments],
                cwd="/",
                env={"PYTHONPATH": str(_ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            _LOG.warning("no guard, a killed owner's servers run until the next start: %s", error)

    def dismiss(self) -> None:
        """To be called when the servers have stopped."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
