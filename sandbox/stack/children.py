"""A process of the stack, and whatever that process starts: its family."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sandbox.servers.families import end_families, marked
from sandbox.servers.launching import Log


class Child:
    """One process by its name, with its log beside the others'. Can be started again."""

    def __init__(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], data: Path
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = Log(data / "logs" / f"{name}.log", 0)
        self._data = data
        self.environ = marked(environ, data, name)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Of its last run, as ``subprocess`` tells it; None while it runs or before its first."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it; nothing to do when it runs.

        It gets a session of its own, so that Ctrl-C reaches only the owner, who then stops things
        in their order. What its last run may have left is ended first.
        """
        if self.pid is not None:
            return
        end_families(self._data, self.name)
        self.log.path.parent.mkdir(exist_ok=True)
        self.log = Log.open(self.log.path)
        self.log.path.touch(mode=0o600)
        with self.log.path.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                cwd=self._data,  # not where we are: a stranger's wsgi.py may lie there
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ask_to_stop(self) -> None:
        """SIGTERM, to the process itself; it stops its own."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, *, patience: float = 10.0) -> None:
        """SIGTERM, and SIGKILL for what is left after ``patience`` seconds."""
        self.ask_to_stop()
        try:
            if self._process is not None:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(patience)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole family, as an outage would; all have ended on return."""
        end_families(self._data, self.name)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
