"""Watching the inbox from outside, until nothing waits in it."""

import time
from collections.abc import Callable
from http import HTTPStatus

from sandbox.replay.line import LOST, Line
from tracker.kit.errors import TrackerError

PATIENCE = 120.0
"""Seconds without any event being handled before the replay gives up."""
_LOOK = 0.03
_NUDGE = 2.0


class EventsParked(TrackerError):
    """Events were set aside, so the money is not what it ought to be."""

    code = "events_parked"


class InboxStuck(TrackerError):
    """Events wait, and nobody handles them."""

    code = "inbox_stuck"


class InboxWatch:
    """Looks at ``/health/ready``. Where no scheduler runs, nobody else sees that a nudge was lost
    or that a worker went away, so while nothing moves this one asks for a nudge."""

    def __init__(self, url: str, nudge: Callable[[], object]) -> None:
        self._line = Line(url)
        self._nudge = nudge

    def wait(self) -> None:
        """Until nothing waits. Raises EventsParked and InboxStuck."""
        seen, moved = -1, time.monotonic()
        nudged = moved
        while waiting := self._waiting():
            now = time.monotonic()
            if waiting != seen:
                seen, moved, nudged = waiting, now, now
            elif now - moved > PATIENCE:
                raise InboxStuck(f"{waiting} events wait: see `tracker inbox status`")
            elif now - nudged > _NUDGE:
                nudged = now
                self._nudge()
            time.sleep(_LOOK)

    def _waiting(self) -> int:
        """How many events wait; 1 while that cannot be told."""
        try:
            answer = self._line.ask("GET", "/health/ready")
        except LOST:
            return 1
        if answer.status != HTTPStatus.OK:
            return 1
        if parked := int(answer.document["inbox_parked"]):
            raise EventsParked(f"{parked} events are parked: see `tracker inbox status --parked`")
        return int(answer.document["inbox_waiting"])
