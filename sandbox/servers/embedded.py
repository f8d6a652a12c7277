"""PostgreSQL and Valkey on a data folder, for as long as their owner wants them."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.servers.clearing import clear_away
from sandbox.servers.cluster import APP, DATABASE, OWNER, SUPERUSER, create_cluster
from sandbox.servers.errors import BadDataFolder, ServersError
from sandbox.servers.guard import Guard
from sandbox.servers.home import Home, chosen_folder, settle, socket_folder
from sandbox.servers.lock import FolderLock
from sandbox.servers.passwords import Passwords, passwords_of
from sandbox.servers.postgres import Postgres
from sandbox.servers.programs import Programs, installed, within_reach
from sandbox.servers.valkey import Valkey

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers are, passwords included."""

    database_url: str
    """As the application's role: it may connect, and what the migrations grant."""
    database_owner_url: str
    """As the database's owner: for migrations."""
    superuser_url: str
    """As ``postgres``, on the database ``postgres``: for test databases, never for the product."""
    redis_url: str
    """For redis-py and RQ. ``limits`` wants ``redis+`` before it."""


@dataclass(frozen=True, slots=True)
class _Running:
    """What there is only between start and stop."""

    postgres: Postgres
    valkey: Valkey
    guard: Guard
    addresses: Addresses
    owner: int
    undo: ExitStack


class EmbeddedServers:
    """The servers of one data folder: a context manager, or ``start`` and ``stop``.

    ``data`` may be anywhere; the servers' files go to ``servers/`` in it. With ``durable`` off,
    speed goes before surviving a power cut. With ``keep`` off the data are removed at the end.
    ``programs`` are the installed wheels' unless given.
    """

    def __init__(
        self,
        data: Path,
        *,
        durable: bool = True,
        keep: bool = True,
        programs: Programs | None = None,
    ) -> None:
        self.data = data
        self._durable = durable
        self._keep = keep
        self._programs = programs
        self._state: _Running | None = None

    @property
    def addresses(self) -> Addresses:
        return self._running.addresses

    @property
    def postgres(self) -> Postgres:
        return self._running.postgres

    @property
    def valkey(self) -> Valkey:
        return self._running.valkey

    @property
    def guard(self) -> Guard:
        return self._running.guard

    def start(self) -> Addresses:
        """Start both servers, clearing up first what a killed owner left; make the data if new.

        Raises DataFolderInUse, BadDataFolder, ProgramsMissing or ServerDidNotStart, and leaves no
        process behind then. Nothing happens when they already run.
        """
        if self._state is None:
            try:
                with ExitStack() as undo:
                    self._state = self._start(undo)
            except OSError as error:
                raise BadDataFolder(f"{self.data} cannot hold the servers: {error}") from error
        return self.addresses

    def stop(self) -> None:
        """Stop both, losing nothing. Harmless when they do not run, or in a forked child."""
        state, self._state = self._state, None
        if state is not None and state.owner == os.getpid():
            state.undo.close()

    def restart_postgres(self, *, immediate: bool = False) -> None:
        """Restart PostgreSQL at the same address; ``immediate`` is as after an outage."""
        self.postgres.restart(immediate=immediate)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _running(self) -> _Running:
        if self._state is None:
            raise ServersError("the embedded servers do not run")
        return self._state

    def _start(self, undo: ExitStack) -> _Running:
        """Each step leaves in ``undo`` how it is taken back, last things first."""
        wanted = self._programs or installed()
        home = self._claim(undo)
        guard = Guard(home, keep=self._keep)
        undo.callback(guard.dismiss)
        guard.start()
        programs = within_reach(wanted, home.account, home.path)
        passwords = passwords_of(home)
        if not home.postgres.exists():
            create_cluster(home, programs, passwords, durable=self._durable)
        sockets = undo.enter_context(socket_folder(home))
        postgres = Postgres(
            programs.postgres,
            home.postgres,
            sockets,
            durable=self._durable,
            account=home.account,
        )
        valkey = Valkey(
            programs.valkey,
            home.valkey,
            sockets,
            passwords.valkey,
            durable=self._durable,
            account=home.account,
        )
        for server in (postgres, valkey):
            undo.callback(server.stop)
            server.start()
        addresses = _addresses(postgres, valkey, passwords)
        return _Running(postgres, valkey, guard, addresses, os.getpid(), undo.pop_all())

    def _claim(self, undo: ExitStack) -> Home:
        """Become the owner of the data folder, with nothing of a former owner running on it."""
        chosen = chosen_folder(self.data)
        lock = FolderLock(chosen)
        lock.take()
        undo.callback(lock.release)
        home = settle(chosen, keep=self._keep)
        if not self._keep:
            undo.callback(home.remove)
        if found := clear_away(home.path):
            _LOG.warning("stopped %d processes that a killed owner had left", found)
        return home


@contextmanager
def temporary_servers(*, durable: bool = False) -> Iterator[EmbeddedServers]:
    """Servers on a fresh folder among the temporary files, removed with its data at the end."""
    data = Path(tempfile.mkdtemp(prefix="tracker-data-"))
    data.chmod(0o711)
    with EmbeddedServers(data, durable=durable, keep=False) as servers:
        yield servers


def _addresses(postgres: Postgres, valkey: Valkey, passwords: Passwords) -> Addresses:
    return Addresses(
        database_url=postgres.url(APP, passwords.app, DATABASE),
        database_owner_url=postgres.url(OWNER, passwords.owner, DATABASE),
        superuser_url=postgres.url(SUPERUSER, passwords.superuser, SUPERUSER),
        redis_url=valkey.url,
    )
