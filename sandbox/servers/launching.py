"""How a server program is run: its account, its surroundings, where its words go."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.servers.accounts import Account
from sandbox.servers.errors import ProgramsMissing

_TAIL_LINES = 25
_LOG_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Log:
    """A server's log file, and how long it was when this run began."""

    path: Path
    began: int

    @classmethod
    def open(cls, path: Path) -> "Log":
        """Go on in the same file; one of more than 8 MiB is set aside first, as ``*.log.old``."""
        size = path.stat().st_size if path.exists() else 0
        if size <= _LOG_LIMIT:
            return cls(path, size)
        path.replace(path.with_suffix(".log.old"))
        return cls(path, 0)

    def tail(self) -> str:
        """The last lines that this run wrote."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(self.began)
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])


def launch(
    command: list[str], *, folder: Path, log: Path, account: Account | None, stdin: str = ""
) -> subprocess.Popen[bytes]:
    """Start a server program in ``folder``; it reads ``stdin``, and writes to ``log``.

    It gets a session of its own, so that Ctrl-C at the terminal reaches only the owner, who then
    stops things in their order; and hardly any environment, so that nobody's ``PGPORT`` leaks in.
    Raises ProgramsMissing when it cannot be run at all.
    """
    try:
        log.touch(mode=0o600)
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise ProgramsMissing(f"{command[0]} cannot be run: {error}") from error
    _feed(process, stdin)
    return process


def _feed(process: subprocess.Popen[bytes], text: str) -> None:
    if process.stdin is None:
        return
    try:
        with process.stdin as pipe:
            pipe.write(text.encode())
    except BrokenPipeError:
        return  # it ended at once: whoever waits for it will see that, and its log says why


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"LC_ALL": "C", "TZ": "UTC", **kept}
