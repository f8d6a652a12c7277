"""Processes started on a data folder, told by marks in their environment.

Their own children inherit them: a family is found whole, even when the one who started it is dead,
be it a web server's workers or the work horse of a killed worker. No number in a file can be stale
or lead to a stranger, and there is no moment between the start of a process and its being found.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.servers import processes
from sandbox.servers.errors import ServerDidNotStop

FOLDER_MARK = "TRACKER_FAMILY"
_NAME_MARK = "TRACKER_FAMILY_NAME"
_LIMIT = 10.0


def marked(environ: Mapping[str, str], data: Path, name: str) -> dict[str, str]:
    """The environment for a process of the data folder's family ``name``."""
    return {**environ, FOLDER_MARK: str(data.resolve()), _NAME_MARK: name}


def members(data: Path, name: str | None = None) -> list[int]:
    """Pids of the living processes of a family, or of all families of the data folder."""
    marks = {f"{FOLDER_MARK}={data.resolve()}"} | ({f"{_NAME_MARK}={name}"} if name else set())
    found = _by_proc(marks) if processes.HAS_PROC else _by_ps(marks)
    return [pid for pid in found if pid != os.getpid()]


def end_families(data: Path, name: str | None = None) -> int:
    """SIGKILL a family, or all of a data folder's; returns how many processes there were.

    Nothing they do minds being cut off. Raises ServerDidNotStop when some live on all the same.
    """
    found = members(data, name)
    if not processes.wait_until(lambda: not processes.kill_all(members(data, name)), _LIMIT):
        raise ServerDidNotStop(f"processes {members(data, name)} of {data} do not end")
    return len(found)


def _by_proc(marks: set[str]) -> list[int]:
    wanted = {os.fsencode(mark) for mark in marks}
    return [int(one.name) for one in processes.PROC.glob("[0-9]*") if wanted <= _environ(one)]


def _environ(entry: Path) -> set[bytes]:
    try:
        return set((entry / "environ").read_bytes().split(b"\0"))
    except OSError:  # it has just ended, or is another user's
        return set()


def _by_ps(marks: set[str]) -> list[int]:
    show_environment = ("-axwwE",) if sys.platform == "darwin" else ("axeww",)
    lines = processes.ask_ps(*show_environment, "-o", "pid=,command=").splitlines()
    wanted = [f" {mark} " for mark in marks]
    return [int(line.split()[0]) for line in lines if all(mark in f"{line} " for mark in wanted)]
