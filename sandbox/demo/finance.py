"""The finance team of the demonstration: the second person's word, and the start of each month."""

from collections.abc import Mapping
from typing import Any

from sandbox.demo.board import Board, Month, rub, standing
from sandbox.demo.outcome import outcome_of, runs_of
from sandbox.demo.post import NoAnswer, Post
from sandbox.stack import Stack
from tracker.kit.money import parse_rubles

OVER = ("done", "closed")


class Finance:
    """Approves what the scheduler has prepared, over HTTP, and starts it by the command."""

    def __init__(self, stack: Stack, post: Post, board: Board, token: str) -> None:
        self._stack = stack
        self._post = post
        self._board = board
        self._token = token
        self._ended: set[str] | None = None
        """Periods whose end is no news any more; None before the first look."""

    def look(self) -> None:
        """Do what is due with the months' runs. Raises CommandFailed."""
        try:
            runs = runs_of(self._post, self._token)
            if self._ended is None:
                self._ended = {run["period"] for run in runs if run["state"] in OVER}
            for run in reversed(runs):
                self._deal_with(run, self._ended)
            if runs:
                self._board.month = self._month(runs[0])
        except NoAnswer:
            return

    def _deal_with(self, run: Mapping[str, Any], ended: set[str]) -> None:
        period, state, total = run["period"], run["state"], rub(parse_rubles(run["total"]))
        told = f"{period}: {run['payouts']} payouts of {total}"
        if state == "prepared":
            self._post.approve(period, run["sha256"], self._token)
            self._board.tell(f"{told}, sealed {run['sha256'][:12]}…, approved by a second person")
        elif state == "approved":
            self._stack.tracker("settlement", "run", "--period", period)
            self._board.tell(f"{period}: the workers are topping up phones")
        elif state in OVER and period not in ended:
            self._board.tell(f"{period}: {standing(outcome_of(self._post, period, self._token))}")
            ended.add(period)

    def _month(self, run: Mapping[str, Any]) -> Month:
        period, state, shown = run["period"], run["state"], self._board.month
        if shown and shown.state == state and state in OVER and shown.period == period:
            return shown  # nothing of it changes any more
        return Month(period, state, outcome_of(self._post, period, self._token))
