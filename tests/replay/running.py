"""Runs ``tracker replay`` as a person does, in a process of its own."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox.stack.commands import tracker_command
from tests.oracle.model import expected_of

_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of the command ended."""

    exit_code: int
    printed: str
    said: str

    @property
    def summary(self) -> dict[str, Any]:
        """The one JSON object that a successful run prints."""
        assert self.exit_code == 0, self.said
        found = json.loads(self.printed)
        assert isinstance(found, dict)
        return found


def start(
    *arguments: str | Path, environ: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start ``tracker replay`` with these arguments."""
    return subprocess.Popen(
        tracker_command("replay", *map(str, arguments)),
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> Run:
    """Wait for it; never for ever."""
    with process:
        try:
            printed, said = process.communicate(timeout=_SECONDS)
        finally:
            process.kill()
    return Run(process.returncode, printed, _of_the_replay(said))


def replay(*arguments: str | Path, environ: Mapping[str, str] | None = None) -> Run:
    """Run ``tracker replay`` with these arguments."""
    return finish(start(*arguments, environ=environ))


def expected(file: Path, *, events: int, copies: int = 1) -> dict[str, Any]:
    """The summary that the oracle's independent books ask for."""
    return {
        "events_sent": events * copies,
        "accepted": events,
        "duplicates": events * (copies - 1),
        **asdict(expected_of(file).figures),
        "ledger_proof": "ok",
    }


def _of_the_replay(said: str) -> str:
    """Without what the servers say where another account runs them, as under a root's home."""
    return "".join(
        line for line in said.splitlines(keepends=True) if "the servers' account" not in line
    )
