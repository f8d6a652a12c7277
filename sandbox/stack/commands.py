"""The console script of this very environment, as a command line and as a question."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracker.kit.errors import TrackerError

_SCRIPT = "import sys; sys.argv[0] = 'tracker'; from wiring.start import main; main()"


class CommandFailed(TrackerError):
    """A command ended with an exit code other than 0; the detail is what it said."""

    code = "command_failed"

    def __init__(self, arguments: Sequence[str], exit_code: int, said: str) -> None:
        super().__init__(f"`tracker {' '.join(arguments)}` ended with {exit_code}: {said.strip()}")
        self.exit_code = exit_code


def tracker_command(*arguments: str) -> list[str]:
    """The console script's command line; -P keeps strangers' modules in the folder out."""
    return [sys.executable, "-P", "-c", _SCRIPT, *arguments]


def module_command(module: str, *arguments: str) -> list[str]:
    """The command line of a module of ours."""
    return [sys.executable, "-P", "-m", module, *arguments]


def ask(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, *, timeout: float
) -> str:
    """Run the console script and return what it prints.

    Raises CommandFailed, and subprocess.TimeoutExpired after ``timeout`` seconds.
    """
    done = subprocess.run(
        tracker_command(*arguments),
        env=dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        start_new_session=True,  # Ctrl-C at the terminal is for the owner alone
    )
    if done.returncode != 0:
        raise CommandFailed(arguments, done.returncode, done.stderr or done.stdout)
    return done.stdout
