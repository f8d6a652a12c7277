"""Processes started on a data folder, told by a mark in their environment.

Their own children inherit it: a family is found whole, even when the one who started it is dead,
be it a web server's workers or the work horse of a killed worker. No number in a file can be stale
or lead to a stranger, and there is no moment between the start of a process and its being found.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.servers import processes
from sandbox.servers.errors import ServerDidNotStop

MARK = "TRACKER_FAMILY"
_LIMIT = 10.0


def marked(environ: Mapping[str, str], data: Path, name: str) -> dict[str, str]:
    """The environment for a process of the data folder's family ``name``."""
    return {**environ, MARK: f"{data.resolve()}#{name}"}


def members(data: Path, name: str = "") -> list[int]:
    """Pids of the living processes of a family, or of all families of the data folder."""
    mark = f"{MARK}={data.resolve()}#{name}"
    found = _by_proc(mark) if processes.HAS_PROC else _by_ps(mark)
    return [pid for pid in found if pid != os.getpid()]


def end_families(data: Path, name: str = "") -> int:
    """SIGKILL a family, or all of a data folder's; returns how many processes there were.

    Nothing they do minds being cut off. Raises ServerDidNotStop when some live on all the same.
    """
    found = members(data, name)
    if not processes.wait_until(lambda: not processes.kill_all(members(data, name)), _LIMIT):
        raise ServerDidNotStop(f"processes {members(data, name)} of {data} do not end")
    return len(found)


def _by_proc(mark: str) -> list[int]:
    return [int(one.name) for one in processes.PROC.glob("[0-9]*") if _has(one, os.fsencode(mark))]


def _has(entry: Path, mark: bytes) -> bool:
    try:
        variables = (entry / "environ").read_bytes().split(b"\0")
    except OSError:  # it has just ended, or is another user's
        return False
    return any(_is_it(variable, mark) for variable in variables)


def _is_it(variable: bytes, mark: bytes) -> bool:
    """A name must match to its end; the mark of all families ends before the name."""
    return variable == mark or (mark.endswith(b"#") and variable.startswith(mark))


def _by_ps(mark: str) -> list[int]:
    show_environment = ("-axwwE",) if sys.platform == "darwin" else ("axeww",)
    lines = processes.ask_ps(*show_environment, "-o", "pid=,command=").splitlines()
    wanted = f" {mark}" if mark.endswith("#") else f" {mark} "
    return [int(line.split()[0]) for line in lines if wanted in f"{line} "]
