"""PostgreSQL and Valkey on a data folder, for as long as their owner wants them."""

import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sandbox.servers.clearing import clear_away
from sandbox.servers.cluster import APP, DATABASE, OWNER, SUPERUSER, create_cluster
from sandbox.servers.errors import BadDataFolder, ServersError
from sandbox.servers.guard import Guard
from sandbox.servers.home import Home, chosen_folder, settle, socket_folder
from sandbox.servers.lock import FolderLock
from sandbox.servers.passwords import Passwords, passwords_of
from sandbox.servers.postgres import Postgres
from sandbox.servers.programs import Programs, installed, within_reach
from sandbox.servers.server import Server
from sandbox.servers.valkey import Valkey

_LOG = logging.getLogger(__name__)

S = TypeVar("S", bound=Server)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers are, passwords included; empty for one that was not wanted."""

    database_url: str = ""
    """As the application's role: it may connect, and what the migrations grant."""
    database_owner_url: str = ""
    """As the database's owner: for migrations."""
    superuser_url: str = ""
    """As ``postgres``, on the database ``postgres``: for test databases, never for the product."""
    redis_url: str = ""
    """For redis-py and RQ. ``limits`` wants ``redis+`` before it."""


@dataclass(frozen=True, slots=True)
class _Running:
    """What there is only between start and stop."""

    postgres: Postgres | None
    valkey: Valkey | None
    guard: Guard
    addresses: Addresses
    owner: int
    undo: ExitStack


class EmbeddedServers:
    """The servers of one data folder: a context manager, or ``start`` and ``stop``.

    ``data`` may be anywhere; the servers' files go to ``servers/`` in it. With ``durable`` off,
    speed goes before surviving a power cut. With ``keep`` off the data are removed at the end.
    ``programs`` are run as they are given; those of the installed wheels are copied to where the
    servers' account can run them, if need be. A server that is not wanted, because there is
    another one elsewhere, is not started; the folder has one owner and its guard all the same.
    """

    def __init__(
        self,
        data: Path,
        *,
        durable: bool = True,
        keep: bool = True,
        programs: Programs | None = None,
        postgres: bool = True,
        valkey: bool = True,
    ) -> None:
        self.data = data
        self._durable = durable
        self._keep = keep
        self._programs = programs
        self._wants_postgres = postgres
        self._wants_valkey = valkey
        self._state: _Running | None = None

    @property
    def addresses(self) -> Addresses:
        return self._running.addresses

    @property
    def postgres(self) -> Postgres:
        return _there(self._running.postgres)

    @property
    def valkey(self) -> Valkey:
        return _there(self._running.valkey)

    @property
    def running(self) -> list[Server]:
        """The servers that were wanted."""
        state = self._running
        return [server for server in (state.postgres, state.valkey) if server is not None]

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
        home = self._claim(undo)
        sockets = undo.enter_context(socket_folder(home))
        guard = Guard(home, sockets, keep=self._keep)
        undo.callback(guard.dismiss)
        guard.start()
        postgres, valkey, addresses = self._made(home, sockets)
        for server in (postgres, valkey):
            if server is not None:
                undo.callback(server.stop)
                server.start()
        return _Running(postgres, valkey, guard, addresses, os.getpid(), undo.pop_all())

    def _made(self, home: Home, sockets: Path) -> tuple[Postgres | None, Valkey | None, Addresses]:
        """The servers that are wanted, ready to be started. Programs are needed for no others."""
        if not self._wants_postgres and not self._wants_valkey:
            return None, None, Addresses()
        programs = self._programs or within_reach(installed(), home.account, home.path)
        passwords = passwords_of(home)
        postgres = self._postgres(home, sockets, programs, passwords)
        valkey = self._valkey(home, sockets, programs, passwords)
        return postgres, valkey, _addresses(postgres, valkey, passwords)

    def _postgres(
        self, home: Home, sockets: Path, programs: Programs, passwords: Passwords
    ) -> Postgres | None:
        if not self._wants_postgres:
            return None
        if not home.postgres.exists():
            create_cluster(home, programs, passwords, durable=self._durable)
        return Postgres(
            programs.postgres,
            home.postgres,
            sockets,
            durable=self._durable,
            account=home.account,
        )

    def _valkey(
        self, home: Home, sockets: Path, programs: Programs, passwords: Passwords
    ) -> Valkey | None:
        if not self._wants_valkey:
            return None
        return Valkey(
            programs.valkey,
            home.valkey,
            sockets,
            passwords.valkey,
            durable=self._durable,
            account=home.account,
        )

    def _claim(self, undo: ExitStack) -> Home:
        """Become the owner of the data folder, with nothing of a former owner running on it."""
        chosen = chosen_folder(self.data)
        lock = FolderLock(chosen)
        lock.take()
        undo.callback(lock.release)
        home = settle(chosen, keep=self._keep)
        if not self._keep:
            undo.callback(home.remove)
        if found := clear_away(home):
            _LOG.warning("stopped %d processes that a killed owner had left", found)
        return home


def _addresses(postgres: Postgres | None, valkey: Valkey | None, passwords: Passwords) -> Addresses:
    redis_url = valkey.url if valkey else ""
    if postgres is None:
        return Addresses(redis_url=redis_url)
    return Addresses(
        database_url=postgres.url(APP, passwords.app, DATABASE),
        database_owner_url=postgres.url(OWNER, passwords.owner, DATABASE),
        superuser_url=postgres.url(SUPERUSER, passwords.superuser, SUPERUSER),
        redis_url=redis_url,
    )


def _there(server: S | None) -> S:
    if server is None:
        raise ServersError("this server was not wanted here")
    return server
