"""The embedded PostgreSQL server."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlencode

from sandbox.servers.accounts import Account
from sandbox.servers.server import Server, Stage

PORT = 5432
"""No TCP port: it only names the socket. Said in every URL, or ``PGPORT`` would be asked."""

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "128MB",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_checkpoints": "off",
    }
)
"""For a small machine. Given on the command line, so that old data folders get new settings."""

DURABLE: Mapping[str, str] = MappingProxyType(
    {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
)
"""What was committed survives a power cut."""

FAST: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_size": "256MB",
        "max_wal_senders": "0",
    }
)
"""For tests: survives a killed server, not a power cut."""


class Postgres(Server):
    """PostgreSQL on a data folder that ``cluster.create_cluster`` has made."""

    name = "PostgreSQL"
    start_limit = 120.0  # the recovery after an outage is part of it

    def __init__(
        self,
        program: Path,
        folder: Path,
        sockets: Path,
        *,
        durable: bool,
        account: Account | None = None,
    ) -> None:
        super().__init__(folder, account)
        self._program = program
        self._sockets = sockets
        self._settings = {**SETTINGS, **(DURABLE if durable else FAST)}

    def url(self, role: str, password: str, database: str) -> str:
        """A URL for libpq, psycopg and SQLAlchemy alike."""
        where = urlencode({"host": str(self._sockets), "port": PORT}, safe="/")
        return f"postgresql://{role}:{quote(password, safe='')}@/{database}?{where}"

    def _prepare(self) -> None:
        for leftover in self._sockets.glob(f".s.PGSQL.{PORT}*"):
            leftover.unlink()
        self._disown_pid_file()

    def _disown_pid_file(self) -> None:
        """Keep PostgreSQL from taking a recycled pid in its old lock file for a living server.

        The file itself must stay: by it PostgreSQL makes sure that no process of the former server
        still has the shared memory. With its parent's pid in it, it does just that check.
        """
        path = self.folder / "postmaster.pid"
        if path.exists():
            _, _, rest = path.read_text().partition("\n")
            path.write_text(f"{os.getpid()}\n{rest}")

    def _command(self) -> list[str]:
        settings = {**self._settings, "unix_socket_directories": str(self._sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program), "-D", str(self.folder), *options]

    def _takes_connections(self) -> bool:
        """The eighth line of ``postmaster.pid`` is what PostgreSQL's own tools wait for, too."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _stages(self, *, immediate: bool) -> Sequence[Stage]:
        at_once = (signal.SIGQUIT, 10.0)
        return (at_once,) if immediate else ((signal.SIGINT, 30.0), at_once)
