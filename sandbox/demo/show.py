"""The demonstration as a whole: prepare, set everyone to work, show, sum up."""

import math
import time
from contextlib import suppress
from datetime import datetime

import click
from rich.console import Console

from sandbox.demo.board import Board, standing
from sandbox.demo.clicks import Clicks
from sandbox.demo.crew import Crew
from sandbox.demo.finance import Finance
from sandbox.demo.memory import Memory
from sandbox.demo.orders import LETTERS_PER_ORDER
from sandbox.demo.outcome import outcome_of, runs_of
from sandbox.demo.people import some_members, some_shops
from sandbox.demo.post import NoAnswer, Post
from sandbox.demo.preparing import APPROVER, Preparation
from sandbox.demo.screen import screen_for
from sandbox.demo.traffic import Traffic
from sandbox.demo.watching import Watching
from sandbox.demo.words import how_it_ended
from sandbox.stack import CommandFailed, Stack
from sandbox.stack.tending import Tending
from tracker.kit.clock import MOSCOW, ScaledClock

START = datetime(2010, 12, 10, tzinfo=MOSCOW)
"""Business time when the processes are started; traffic flows from about the 20th."""
SPEED = 86_400
"""A business day a second."""

_CLICKS_AHEAD = 8.0
"""Seconds, and so business days, that a batch of clicks is for."""
_STEP = 0.2
_KEEP_EVERY = 5.0
_LAST_EVENTS = 5.0


class Demonstration:
    """On a running stack whose processes have been given ``clock``; ``rate`` is events a second."""

    def __init__(self, stack: Stack, memory: Memory, clock: ScaledClock, *, rate: float) -> None:
        run = f"{int(clock.real_start):x}"
        orders = rate / LETTERS_PER_ORDER
        self._stack = stack
        self._memory = memory
        self._clock = clock
        self._preparation = Preparation(stack, memory, some_shops())
        self._post = Post(stack.url, memory.secrets)
        self._clicks = Clicks(
            stack,
            clock,
            [member.phone for member in some_members(memory.moment)],
            self._preparation.open_shops,
            batch=math.ceil(orders * _CLICKS_AHEAD),
            run=run,
        )
        self._traffic = Traffic(
            clock, self._clicks, self._post, self._preparation.open_shops, rate=rate, run=run
        )
        self._board = Board(stack.url, self._traffic.tally, clock.now())
        self._watching = Watching(self._post, self._board)

    def prepare(self) -> None:
        """What must be there before the first order. Raises CommandFailed."""
        self._preparation.begin()
        self._keep()

    def go_on(self, seconds: float) -> None:
        """Show it all for so long. Raises StackBroken, and what went wrong in its threads."""
        tending = Tending(self._stack, self._board.tell)
        until = time.monotonic() + seconds
        keep_at = time.monotonic() + _KEEP_EVERY
        hurry = self._stack.drop_commands
        with Crew(self._board.tell, hurry) as crew, screen_for(Console()) as screen:
            self._set_to_work(crew)
            while time.monotonic() < until:
                crew.check()
                tending.look()
                self._board.moment = self._clock.now()
                screen.show(self._board)
                if time.monotonic() > keep_at:
                    self._keep()
                    keep_at = time.monotonic() + _KEEP_EVERY
                time.sleep(_STEP)

    def sum_up(self) -> bool:
        """Print how it ended; whether every kopeck is where it ought to be."""
        click.echo("stopping: the last events, the ledger proof, then all that was started")
        self._keep()
        self._await_empty_inbox()
        proof = self._proof()
        click.echo(how_it_ended(self._board, self._months_settled(), proof, self._stack.data))
        return proof == "ok"

    def _set_to_work(self, crew: Crew) -> None:
        finance = Finance(self._stack, self._post, self._board, self._memory.tokens[APPROVER])
        self._traffic.begin()
        crew.set_to_work(self._clicks.restock, every=0.1)
        crew.set_to_work(self._traffic.go_on, every=0.02)
        crew.set_to_work(finance.look, every=0.4)
        crew.set_to_work(self._watching.look, every=0.4)
        crew.set_to_work(self._preparation.go_on, every=0.5)

    def _keep(self) -> None:
        self._board.moment = self._memory.moment = self._clock.now()
        self._memory.keep(self._stack.data)

    def _await_empty_inbox(self) -> None:
        until = time.monotonic() + _LAST_EVENTS
        self._watching.look()
        while self._board.figures.waiting and time.monotonic() < until:
            time.sleep(_STEP)
            self._watching.look()

    def _proof(self) -> str:
        try:
            found = self._stack.tracker("ledger", "proof", json=True)
        except CommandFailed as error:
            return error.detail
        proof: str = found["ledger_proof"]
        return proof

    def _months_settled(self) -> list[str]:
        with suppress(NoAnswer):
            token = self._memory.tokens[APPROVER]
            done = [run for run in runs_of(self._post, token) if run["state"] in ("done", "closed")]
            return [
                f"{run['period']}: {standing(outcome_of(self._post, run['period'], token))}"
                for run in reversed(done)
            ]
        return []
