"""Whose rights the servers run with.

PostgreSQL refuses to run as root, so root hands both servers to an ordinary account: the one that
already owns the data, else ``nobody``. Everybody else's servers simply run as themselves.
Whether that account can reach a folder or a program is tried for real, as that account: modes
alone do not know of access lists, mount options and the like.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.servers.errors import ServersError


@dataclass(frozen=True, slots=True)
class Account:
    """An ordinary account that root runs the servers as."""

    uid: int
    gid: int


def account_for(data: Path) -> Account | None:
    """The account to drop to for servers on ``data`` (may be absent yet); None: stay who we are."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    return nobody()


def nobody() -> Account:
    """The account without rights. Raises ServersError on a system that has none of that name."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise ServersError("root runs the servers as 'nobody', and there is none") from error
    return Account(entry.pw_uid, entry.pw_gid)


def with_a_name(command: list[str]) -> list[str]:
    """The command, so that it finds a name for an account that has none.

    initdb insists on one, but in containers people often run as a number that nobody entered
    anywhere. In a user namespace of its own the command sees itself as ``nobody``; what it writes
    belongs to us all the same. Where the system lets nobody make one, initdb says what it lacks.
    """
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() == 0 or _has_a_name(os.geteuid()):
        return command
    if Path(command[0]).is_absolute() and not os.access(command[0], os.X_OK):
        return command  # to fail as itself, not inside another program
    return [unshare, "--user", f"--map-user={nobody().uid}", *command]


def give(path: Path, account: Account | None) -> None:
    """Make ``path`` the account's own; nothing to do when the servers run as ourselves."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def may_enter(folder: Path, account: Account | None) -> bool:
    """Whether the account can work inside the folder."""
    return _succeeds(["/bin/sh", "-c", 'cd "$0" && test -w .', str(folder)], account)


def may_run(program: Path, account: Account | None) -> bool:
    """Whether the account can run the program, libraries and all; it must know ``--version``."""
    return _succeeds([str(program), "--version"], account)


def _has_a_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _succeeds(command: list[str], account: Account | None) -> bool:
    try:
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=30,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
