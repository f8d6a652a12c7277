"""The 1st of a month: one person prepares the run, another approves it, the workers deliver."""

import secrets
import time
from datetime import datetime
from typing import Any

from sandbox.replay.commands import Commands
from tracker.kit.errors import TrackerError

PATIENCE = 300.0
"""Seconds that the payouts of a month may take."""
_LOOK = 0.1


class RunStuck(TrackerError):
    """Payouts of a month have not ended within five minutes."""

    code = "run_stuck"


class Payday:
    """Two members of staff, who settle months."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._preparer = self._hire("operator")
        self._approver = self._hire("approver")

    def settle(self, period: str, as_of: datetime) -> dict[str, Any]:
        """Pay a month, as of a moment; returns how its payouts ended. Raises RunStuck."""
        month = ("--period", period)
        moment = ("--as-of", as_of.isoformat())
        prepared = self._ask("prepare", *month, *moment, "--token", self._preparer)
        seal = ("--sha256", str(prepared["sha256"]))
        self._ask("approve", *month, *seal, "--token", self._approver)
        give_up = time.monotonic() + PATIENCE
        # Given again, the command nudges again: there is no scheduler that would.
        while (run := self._ask("run", *month))["state"] not in ("done", "closed"):
            if time.monotonic() > give_up:
                raise RunStuck(f"the payouts of {period} have not ended: {run['payouts']}")
            time.sleep(_LOOK)
        return run

    def _ask(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = self._commands.figures("settlement", *arguments)
        return found

    def _hire(self, role: str) -> str:
        login = f"replay-{role}-{secrets.token_hex(4)}"
        return str(self._commands.figures("staff", "add", login, "--role", role)["token"])
