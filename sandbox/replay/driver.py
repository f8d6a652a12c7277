"""Drives the product through the calendar of a file, one business day at a time."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.progress import Progress

from sandbox.replay.commands import Commands
from sandbox.replay.dataset import Dataset
from sandbox.replay.events import Event
from sandbox.replay.opening import Opening, open_programme
from sandbox.replay.payday import Payday
from sandbox.replay.schedule import BusinessDay, calendar, schedule
from sandbox.replay.sender import Message, Sender, message
from sandbox.replay.summary import Reading
from sandbox.replay.tally import Tally
from sandbox.replay.watch import InboxWatch

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Manner:
    """How events are sent."""

    copies: int = 1
    seed: int | None = None
    """Of the order within each day; None keeps the file's."""


@dataclass(slots=True)
class Replay:
    """One replay of a dataset, on the product at a URL, which commands reach as well."""

    dataset: Dataset
    commands: Commands
    url: str
    manner: Manner
    progress: Progress
    _runs: dict[str, Any] = field(default_factory=dict)

    def run(self, folder: Path) -> tuple[Tally, Reading]:
        """All of it, from the import of the shops to the ledger proof. ``folder`` takes files.

        Raises EventRefused, ProductAway, EventsParked, InboxStuck, RunStuck, CommandFailed.
        """
        days = list(calendar(self.dataset.events))
        before = days[0].closes_at - 2 * _A_DAY
        opening = open_programme(self.dataset, self.commands, folder, before)
        payday = Payday(self.commands)
        watch = InboxWatch(self.url, lambda: self.commands.text("inbox", "nudge"))
        events = self.progress.add_task("events", total=self._sendings)
        passing = self.progress.add_task("days", total=len(days))
        with Sender(self.url, opening.keys) as sender:
            for day in days:
                self.progress.update(passing, description=f"{day.day}")
                sender.send(
                    self._messages(day.events, opening), lambda: self.progress.advance(events)
                )
                watch.wait()
                self._midnight(day, payday)
                self.progress.advance(passing)
        return sender.tally, self._read()

    @property
    def _sendings(self) -> int:
        return len(self.dataset.events) * self.manner.copies

    def _messages(self, events: Iterable[Event], opening: Opening) -> Iterator[Message]:
        for one in schedule(events, self.manner.copies, self.manner.seed):
            yield message(one.shop, one.webhook_id, one.body(opening.click_ids))

    def _midnight(self, day: BusinessDay, payday: Payday) -> None:
        self.commands.text("holds", "run", "--as-of", day.closes_at.isoformat())
        if day.settles:
            self._runs[day.settles] = payday.settle(day.settles, day.closes_at)

    def _read(self) -> Reading:
        figures = self.commands.figures
        _, proof = self.commands.outcome("ledger", "proof", "--json")
        return Reading(
            purchases=figures("purchases", "totals"),
            ledger=figures("ledger", "totals"),
            members=figures("members", "count")["members"],
            inbox=figures("inbox", "status"),
            proof=json.loads(proof)["ledger_proof"],
            runs=self._runs,
        )
