"""The embedded Valkey server."""

import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from sandbox.servers.accounts import Account
from sandbox.servers.server import Server, Stage

_LIMIT = 5.0


class Valkey(Server):
    """Valkey on a Unix socket, with a password and, when durable, an append-only file."""

    name = "Valkey"
    start_limit = 60.0

    def __init__(
        self,
        program: Path,
        folder: Path,
        sockets: Path,
        password: str,
        *,
        durable: bool,
        account: Account | None = None,
    ) -> None:
        super().__init__(folder, account)
        self._program = program
        self._socket = sockets / "valkey.sock"
        self._password = password
        self._durable = durable

    @property
    def url(self) -> str:
        """A URL for redis-py, and so for RQ."""
        return f"unix://{self._socket}?{urlencode({'db': 0, 'password': self._password})}"

    def _prepare(self) -> None:
        self._socket.unlink(missing_ok=True)

    def _command(self) -> list[str]:
        # The configuration comes by standard input: a password among arguments is for all to see.
        return [str(self._program), "-", "--dir", str(self.folder)]

    def _stdin(self) -> str:
        settings = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "requirepass": self._password,
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "set-proc-title": "no",
            "always-show-logo": "no",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _takes_connections(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(_LIMIT)
                client.connect(str(self._socket))
                client.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                return _says_pong(client)
        except OSError:
            return False

    def _stages(self, *, immediate: bool) -> Sequence[Stage]:
        return () if immediate else ((signal.SIGTERM, 15.0),)


def _says_pong(client: socket.socket) -> bool:
    """Whether both commands are answered well; while it still loads its data, PING is not."""
    answer = b""
    while answer.count(b"\r\n") < 2:
        more = client.recv(4096)
        if not more:
            return False
        answer += more
    return answer == b"+OK\r\n+PONG\r\n"
