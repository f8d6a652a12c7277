"""The whole product on a data folder, for as long as its owner wants it."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from json import loads
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self, overload

import sandbox.billing.server
from sandbox.billing.server import HOST, reserved
from sandbox.messages.addresses import at_port_of, own_urls
from sandbox.servers import EmbeddedServers
from sandbox.servers.families import end_families, marked
from sandbox.stack.children import Child
from sandbox.stack.commands import ask, module_command, tracker_command
from sandbox.stack.errors import PortTaken, StackError
from sandbox.stack.readiness import announced_urls, await_health
from sandbox.stack.surroundings import announce, is_given, settings_of, surroundings
from tracker.kit.settings import STACK_FILE

WEB = "web"
BILLING = "billing"
TELECOM = "telecom"
SCHEDULER = "scheduler"
COMMAND = "command"
_COMMAND_LIMIT = 600.0


class Stack:
    """Servers, stand-ins, web service, workers and scheduler: a context manager.

    All runs from ``start`` to ``stop``, and dies with its owner however that ends. ``port`` 0
    takes a free one. ``clock`` is a TRACKER_CLOCK for all processes. ``faults`` is a script for the
    sandbox billing. ``environ`` (default: this process's) may name DATABASE_URL, REDIS_URL,
    BILLING_URL, SMS_URL or MAIL_URL: then that one is used instead of starting one's own.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        clock: str = "",
        scheduler: bool = True,
        workers: int = 2,
        web_processes: int = 2,
        faults: Path | None = None,
        environ: Mapping[str, str] | None = None,
        durable: bool = True,
    ) -> None:
        self.data = data.resolve()
        given = os.environ if environ is None else environ
        self.servers = EmbeddedServers(
            self.data,
            durable=durable,
            postgres=not is_given(given, "DATABASE_URL"),
            valkey=not is_given(given, "REDIS_URL"),
        )
        self._given = given
        self._port = port
        self._clock = clock
        self._names = [
            *([SCHEDULER] if scheduler else []),
            *(f"worker-{number}" for number in range(1, workers + 1)),
        ]
        self._web_processes = web_processes
        self._faults = faults
        self._children: dict[str, Child] = {}
        self._settings: dict[str, str] = {}
        self._undo = ExitStack()

    @property
    def url(self) -> str:
        """Where the web service listens."""
        return f"http://{HOST}:{self._port}"

    @property
    def environ(self) -> dict[str, str]:
        """A complete environment, in which ``tracker`` commands find this stack."""
        return surroundings(self._given, self._settings, self.data)

    @property
    def settings(self) -> Mapping[str, str]:
        """What ``stack.json`` says: the settings by which commands find this stack."""
        return MappingProxyType(self._settings)

    @property
    def processes(self) -> Mapping[str, Child]:
        """By name: ``billing``, ``telecom``, ``web``, ``scheduler``, ``worker-1`` and so on; each
        has a pid."""
        return MappingProxyType(self._children)

    def start(self) -> Self:
        """Start everything; returns when the web service takes traffic.

        Raises PortTaken, ProcessNotReady, CommandFailed and what EmbeddedServers raises; nothing
        is left running then.
        """
        with ExitStack() as undo:
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def stop(self) -> None:
        """Stop everything, in order, losing nothing. Harmless when nothing runs."""
        self._undo.close()

    def kill(self, name: str) -> None:
        """SIGKILL a process with all that it started, as an outage would."""
        self._child(name).kill()

    def restart(self, name: str) -> None:
        """Stop a process if it runs, and start it again at the same address.

        Returns when one that takes calls does so. Raises ProcessNotReady.
        """
        child = self._child(name)
        child.stop()
        child.start()
        if name == WEB:
            await_health(child, self.url)
        elif name in (BILLING, TELECOM):
            announced_urls(child)

    @overload
    def tracker(self, *arguments: str | Path, json: Literal[False] = False) -> str: ...

    @overload
    def tracker(self, *arguments: str | Path, json: Literal[True]) -> Any: ...

    def tracker(self, *arguments: str | Path, json: bool = False) -> Any:
        """Run a ``tracker`` command on this stack: what it prints, or with ``json`` its figures.

        Paths are best absolute: it runs in the data folder. Raises CommandFailed with what the
        command said, and subprocess.TimeoutExpired after ten minutes.
        """
        told = [*map(str, arguments), *(["--json"] if json else [])]
        environ = marked(self.environ, self.data, COMMAND)
        said = ask(told, environ, self.data, timeout=_COMMAND_LIMIT)
        return loads(said) if json else said

    def drop_commands(self) -> None:
        """Cut short the commands that are being run: whoever waits for one gets CommandFailed."""
        end_families(self.data, COMMAND)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, undo: ExitStack) -> None:
        """Each step leaves in ``undo`` how it is taken back, last things first."""
        self._port = self._reserve(undo)
        undo.callback(self.servers.stop)
        addresses = self.servers.start()
        self._settings = settings_of(self._given, addresses, self.data, self._clock)
        self._settings.setdefault("PUBLIC_URL", self.url)
        undo.callback(end_families, self.data)  # commands, should some still run
        telecom = self._start_telecom(undo)  # it gets ready while the billing does
        self._start_billing(undo)
        if telecom is not None:
            self._settle_telecom(telecom)
        self.tracker("db", "upgrade")
        self._start_children(undo)
        undo.callback((self.data / STACK_FILE).unlink, missing_ok=True)
        announce(self.data / STACK_FILE, self._settings)

    def _reserve(self, undo: ExitStack) -> int:
        """Hold the port for as long as the stack runs: the web service shares it."""
        try:
            return undo.enter_context(reserved(self._port))
        except sandbox.billing.server.PortTaken as error:
            raise PortTaken(
                f"port {self._port} is taken: stop what listens there, or choose another by --port"
            ) from error

    def _start_billing(self, undo: ExitStack) -> None:
        """Settles its address, which all the others are told."""
        if "BILLING_URL" in self._settings:
            return
        arguments = ["--data", str(self.data), "--port"]
        faults = ["--faults", str(self._faults.resolve())] if self._faults else []
        billing = self._add(undo, BILLING, module_command("sandbox.billing", *arguments, "0"))
        billing.command += faults
        billing.start()
        (url,) = announced_urls(billing)
        self._settings["BILLING_URL"] = url
        port = url.rpartition(":")[2]
        billing.command = module_command("sandbox.billing", *arguments, port, *faults)

    def _start_telecom(self, undo: ExitStack) -> Child | None:
        """The SMS centre and the mail server, unless somebody names others for both."""
        if {"SMS_URL", "MAIL_URL"} <= self._settings.keys():
            return None
        command = module_command("sandbox.messages", "--data", str(self.data))
        telecom = self._add(undo, TELECOM, command)
        telecom.environ |= own_urls()
        telecom.start()
        return telecom

    def _settle_telecom(self, telecom: Child) -> None:
        """Settles their addresses, which all the others are told and a restart goes by."""
        for name, url in zip(("SMS_URL", "MAIL_URL"), announced_urls(telecom), strict=True):
            telecom.environ[name] = at_port_of(telecom.environ[name], url)
            self._settings.setdefault(name, telecom.environ[name])

    def _start_children(self, undo: ExitStack) -> None:
        processes = ("--processes", str(self._web_processes))
        web = tracker_command("serve", "--port", str(self._port), *processes)
        children = [
            self._add(undo, name, tracker_command(name.partition("-")[0]))
            for name in reversed(self._names)
        ]
        children.append(self._add(undo, WEB, web))
        for child in reversed(children):
            child.start()
        await_health(children[-1], self.url)

    def _add(self, undo: ExitStack, name: str, command: Sequence[str]) -> Child:
        child = Child(name, command, self.environ, self.data)
        self._children[name] = child
        undo.callback(child.stop)
        return child

    def _child(self, name: str) -> Child:
        if name not in self._children:
            raise StackError(f"no process is called {name!r}: {', '.join(self._children)}")
        return self._children[name]
