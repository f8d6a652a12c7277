"""The console script's own commands, given from within one of them.

A replay gives some two hundred commands, each of a few milliseconds, and an interpreter takes a
second to start. What a command takes and prints is the same.
"""

import io
import json
from contextlib import redirect_stdout
from typing import Any

import click
import stamina

from tracker.kit.database import AWAY
from tracker.kit.errors import TrackerError

_OUTAGE = 60.0
"""Seconds."""


class CommandFailed(TrackerError):
    """A command ended with an exit code other than 0."""

    code = "command_failed"


class Commands:
    """Commands of the script that a context belongs to, on the stack that it finds."""

    def __init__(self, ctx: click.Context) -> None:
        self._script = ctx.find_root().command

    def text(self, *arguments: str) -> str:
        """What a command prints. Raises CommandFailed and what the command raises."""
        code, printed = self.outcome(*arguments)
        if code:
            raise CommandFailed(f"`tracker {' '.join(arguments)}` ended with {code}: {printed}")
        return printed

    def figures(self, *arguments: str) -> Any:
        """What a command prints as JSON. Raises CommandFailed and what the command raises."""
        return json.loads(self.text(*arguments, "--json"))

    def again(self, *arguments: str) -> Any:
        """As ``figures``, and once more after an outage of the database.

        For calendar commands: given again, they go on where they were.
        """
        for attempt in stamina.retry_context(on=AWAY, attempts=None, timeout=_OUTAGE):
            with attempt:
                return self.figures(*arguments)
        raise AssertionError("the last attempt returns or raises")

    def outcome(self, *arguments: str) -> tuple[int, str]:
        """The exit code of a command, and what it prints. Raises what the command raises."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = self._script.main(list(arguments), prog_name="tracker", standalone_mode=False)
        return int(code or 0), printed.getvalue()
