"""The console script's own commands, given from within one of them.

A replay gives some two hundred commands, each of a few milliseconds, and an interpreter takes a
second to start. What a command takes and prints is the same.
"""

import io
import json
from collections.abc import Sequence
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

    def outcome(self, *arguments: str) -> tuple[int, str]:
        """The exit code of a command, and what it prints. Raises what the command raises.

        After an outage of the database the command is given again: it goes on where it was, or
        begins anew, and books nothing twice.
        """
        for attempt in stamina.retry_context(on=AWAY, attempts=None, timeout=_OUTAGE):
            with attempt:
                return self._once(arguments)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, arguments: Sequence[str]) -> tuple[int, str]:
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = self._script.main(list(arguments), prog_name="tracker", standalone_mode=False)
        return int(code or 0), printed.getvalue()
