"""The eye on the door of one web process: it counts at once, and writes down in the background."""

from datetime import datetime

from sqlalchemy import Engine

from tracker.kit.database import AWAY, unit_of_work
from tracker.kit.logs import log
from webhooks.inbox.announcing import Announcer
from webhooks.observations.models import NOBODY
from webhooks.observations.rules import FORGED, Outcome
from webhooks.observations.service import raise_alarms, write_down
from webhooks.observations.tallies import Batch, Tally

PAUSE = 3.0
"""Seconds between two writings while there is something to write."""

_LOG = log("observations")


class Watch:
    """Counts requests. Noting one waits for nothing but other threads' noting, and cannot fail.

    Without a ``pause`` it writes when it is told to, and not by itself.
    """

    def __init__(self, engine: Engine, pause: float | None = PAUSE) -> None:
        self._engine = engine
        self._tally = Tally()
        self._soon = None if pause is None else Announcer(self.write, pause)

    def note(
        self, shop_id: int, outcome: Outcome, now: datetime, secret_id: int | None = None
    ) -> None:
        """What became of a request, by the door of which shop (0 for none), and which secret was
        shown."""
        self._tally.note(shop_id, outcome, now, secret_id)
        if self._soon:
            self._soon.ask()

    def write(self) -> None:
        """Write down what was counted. What cannot be written now is kept, until after the next
        request."""
        batch = self._tally.take()
        try:
            with unit_of_work(self._engine) as session:
                write_down(session, batch)
        except AWAY as error:
            self._tally.put_back(batch)
            _LOG.warning("counts_wait", counts=len(batch.counts), error=_first_line(error))
        else:
            self._look_for_alarms(batch)

    def _look_for_alarms(self, batch: Batch) -> None:
        failures = {
            shop_id: seen.last_at
            for (shop_id, _, outcome), seen in batch.counts.items()
            if outcome in FORGED and shop_id != NOBODY
        }
        if not failures:
            return
        now = max(failures.values())
        try:
            with unit_of_work(self._engine) as session:
                raised = raise_alarms(session, failures, now)
        except AWAY as error:  # the next failure is a reason to look again
            _LOG.warning("alarms_wait", error=_first_line(error))
            return
        for slug in raised:
            _LOG.error("signatures_failing", shop=slug)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
