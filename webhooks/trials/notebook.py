"""Test traffic at the door of one web process: events at once, refusals in the background."""

import threading
from collections import deque
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tracker.kit.database import AWAY, unit_of_work
from tracker.kit.logs import log
from webhooks.errors import SignatureNotAccepted
from webhooks.inbox.announcing import Announcer
from webhooks.inbox.writer import Stored
from webhooks.trials.arrivals import LetIn, Refused
from webhooks.trials.rules import TrialOver
from webhooks.trials.service import keep, note

PAUSE = 0.2
"""Seconds between two writings of refusals."""

WAITING = 1_000
"""Refusals that wait to be written; past it, the oldest are let go of."""

_LOG = log("trials")


class Notebook:
    """Where a web process writes down what comes in trials."""

    def __init__(self, engine: Engine, pause: float = PAUSE) -> None:
        self._engine = engine
        self._refused: deque[Refused] = deque(maxlen=WAITING)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._soon = Announcer(self.write, pause)

    def keep(self, one: LetIn) -> Stored:
        """Write down an event that a trial secret has let in; durable on return.

        Raises WebhookIdReused, RateExceeded, and SignatureNotAccepted when the trial is over.
        """
        if self._refused or self._writing.locked():
            self.write()  # so that what came first is written down first
        try:
            with unit_of_work(self._engine) as session:
                answer = keep(session, one)
        except TrialOver:
            raise SignatureNotAccepted from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def note(self, one: Refused) -> None:
        """Write down a refusal, soon. Waits for nothing: so a refusal takes no longer for it."""
        with self._lock:
            self._refused.append(one)
        self._soon.ask()

    def write(self) -> None:
        """Write down the refusals that wait. What cannot be written now waits for the next one."""
        with self._writing:
            with self._lock:
                batch = list(self._refused)
                self._refused.clear()
            if batch:
                self._write(batch)

    def _write(self, batch: Sequence[Refused]) -> None:
        try:
            with unit_of_work(self._engine) as session:
                for one in batch:
                    note(session, one)
        except AWAY:
            with self._lock:
                self._refused.extendleft(reversed(batch))
            _LOG.warning("trial_waits", refusals=len(batch))
        except DBAPIError as error:
            _LOG.error("trial_not_written", refusals=len(batch), error=type(error.orig).__name__)
