"""Which processes live, told apart so that a recycled pid is never taken for one of ours.

Linux answers from ``/proc``; elsewhere (macOS) ``ps`` does.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from sandbox.servers.errors import ServerDidNotStop

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()
_SERVERS = frozenset({"postgres", "initdb", "valkey-server"})
_DELETED = " (deleted)"
_STEP = 0.02


def birth(pid: int) -> str | None:
    """What a later process with the same pid cannot share; None when there is no living one.

    A zombie does not live: it holds no lock and no file.
    """
    return _birth_by_proc(pid) if HAS_PROC else _birth_by_ps(pid)


def servers_under(folder: Path) -> list[int]:
    """Pids of server processes whose working folder is ``folder`` or lies below it.

    Found by what they are and where they work, not by a number in a file: a server that was
    started a moment before its owner died is found too, a stranger with a recycled pid never.
    Without ``/proc`` only those are found that name the folder on their command line; that leaves
    out PostgreSQL's own children, who end by themselves soon after their parent.
    """
    return _under_by_proc(folder) if HAS_PROC else _under_by_ps(folder)


def end_servers_under(folder: Path, *, patience: float) -> int:
    """Stop whatever ``servers_under`` finds; returns how many processes there were.

    Asks the topmost ones first (SIGINT is a fast, clean shutdown for both servers) and kills what
    is left after ``patience`` seconds. Raises ServerDidNotStop when even that does not help.
    """
    found = servers_under(folder)
    if found and patience > 0:
        _signal(_topmost(found), signal.SIGINT)
        wait_until(lambda: not servers_under(folder), patience)
    if not wait_until(lambda: not kill_all(servers_under(folder)), 10.0):
        raise ServerDidNotStop(f"processes {servers_under(folder)} under {folder} do not end")
    return len(found)


def wait_until(true: Callable[[], bool], limit: float) -> bool:
    """Ask again and again until it is true, for at most ``limit`` seconds; whether it was."""
    deadline = time.monotonic() + limit
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP)
    return True


def kill_all(pids: list[int]) -> list[int]:
    """SIGKILL to each; returns them, for whoever asks again until there are none."""
    _signal(pids, signal.SIGKILL)
    return pids


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        except PermissionError as error:
            raise ServerDidNotStop(f"process {pid} belongs to another user") from error


def _topmost(pids: list[int]) -> list[int]:
    """Those whose parent is not among them: PostgreSQL stops its own children in its own order."""
    return [pid for pid in pids if _parent(pid) not in pids]


def _parent(pid: int) -> int | None:
    if not HAS_PROC:
        return None
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` from the state on; the name before it may hold blanks."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _birth_by_proc(pid: int) -> str | None:
    fields = _stat(pid)
    if not fields or fields[0] in "ZX":
        return None
    # Ticks since boot mean something only together with which boot it was.
    boot = (PROC / "sys" / "kernel" / "random" / "boot_id").read_text().strip()
    return f"{boot}:{fields[19]}"


def _birth_by_ps(pid: int) -> str | None:
    line = ask_ps("-o", "stat=,lstart=", "-p", str(pid)).strip()
    state, _, started = line.partition(" ")
    return started.strip() if line and not state.startswith("Z") else None


def _under_by_proc(folder: Path) -> list[int]:
    return [int(entry.name) for entry in PROC.glob("[0-9]*") if _works_under(entry, folder)]


def _works_under(entry: Path, folder: Path) -> bool:
    try:
        if (entry / "comm").read_text(errors="replace").strip() not in _SERVERS:
            return False
        # Linux marks a folder that was removed under its process.
        working = Path(str((entry / "cwd").readlink()).removesuffix(_DELETED))
    except OSError:  # it has just ended, or is another user's
        return False
    return working == folder or folder in working.parents


def _under_by_ps(folder: Path) -> list[int]:
    names = "|".join(_SERVERS)
    line = re.compile(rf"\s*(\d+)\s+\S*/(?:{names})\s.*{re.escape(str(folder))}(?:[/\s]|$)")
    matches = (line.match(text) for text in ask_ps("-axww", "-o", "pid=,command=").splitlines())
    return [int(match[1]) for match in matches if match]


def ask_ps(*arguments: str) -> str:
    """What ``ps`` prints; nothing when it fails."""
    ask = ["/bin/ps", *arguments]
    done = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=20)
    return done.stdout
