"""A new PostgreSQL data folder: roles, rights, the database, and how to sign in.

Made under another name and renamed when it is complete, so that a start that was cut short leaves
nothing half-made behind. Roles come by PostgreSQL's single-user mode: no server that anyone could
reach runs before there are passwords.
"""

import shutil
import subprocess
from pathlib import Path

from sandbox.servers.accounts import give, with_a_name
from sandbox.servers.errors import ServerDidNotStart
from sandbox.servers.home import Home, sync_folder
from sandbox.servers.launching import Log, launch
from sandbox.servers.passwords import Passwords
from sandbox.servers.postgres import Postgres
from sandbox.servers.processes import end_servers_under
from sandbox.servers.programs import Programs

DATABASE = "tracker"
SUPERUSER = "postgres"
OWNER = "tracker_owner"
"""Owns the database; runs the migrations."""
APP = "tracker_app"
"""The application: may connect, and what the migrations grant."""

_LIMIT = 120.0
_SIGN_IN = "# Everyone signs in with a password.\nlocal all all scram-sha-256\n"


def create_cluster(home: Home, programs: Programs, passwords: Passwords, *, durable: bool) -> None:
    """Make ``home.postgres``, which must not exist. Raises ServerDidNotStart with the log's end."""
    folder = home.path / "postgres.new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    give(folder, home.account)
    try:
        _run(home, folder, [str(programs.initdb), "-D", str(folder), *_INITDB])
        single = [str(programs.postgres), "--single", "-D", str(folder), *_SINGLE, SUPERUSER]
        _run(home, folder, single, "".join(f"{line}\n" for line in _statements(passwords)))
        # Written over initdb's own, which lets nobody in: its owner and mode stay.
        (folder / "pg_hba.conf").write_text(_SIGN_IN)
        if durable:
            _run(home, folder, [str(programs.initdb), "-D", str(folder), "--sync-only"])
        folder.rename(home.postgres)
        sync_folder(home.path)
    except BaseException:
        end_servers_under(folder, patience=0)  # initdb's own children
        shutil.rmtree(folder, ignore_errors=True)
        raise


_INITDB = (
    "--encoding=UTF8",
    # Without a provider that knows Unicode, lower() leaves Cyrillic as it is.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--username={SUPERUSER}",
    "--auth=reject",
    "--no-sync",  # once, at the end
    "--no-instructions",
)

_SINGLE = ("-F", "-c", "exit_on_error=on", "-c", "log_min_error_statement=panic")
"""A failing statement ends it, and is not logged: it may hold a password."""


def _statements(passwords: Passwords) -> list[str]:
    """One statement a line; the passwords need no quoting."""
    return [
        f"ALTER ROLE {SUPERUSER} PASSWORD '{passwords.superuser}'",
        f"CREATE ROLE {OWNER} LOGIN PASSWORD '{passwords.owner}'",
        f"CREATE ROLE {APP} LOGIN PASSWORD '{passwords.app}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER} STRATEGY file_copy",
        f"REVOKE ALL ON DATABASE {DATABASE}, postgres, template1 FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}",
    ]


def _run(home: Home, folder: Path, command: list[str], stdin: str = "") -> None:
    log = Log.open(home.postgres.with_name("postgres.log"))
    named = with_a_name(command)
    process = launch(named, folder=folder, log=log.path, account=home.account, stdin=stdin)
    try:
        code = process.wait(_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise _failed(command, f"had not ended after {_LIMIT:.0f} s", log) from error
    finally:
        process.kill()
        process.wait()
    if code != 0:
        raise _failed(command, f"ended with exit code {code}", log)


def _failed(command: list[str], why: str, log: Log) -> ServerDidNotStart:
    return ServerDidNotStart(Postgres.name, f"{Path(command[0]).name} {why}", log.path, log.tail())
