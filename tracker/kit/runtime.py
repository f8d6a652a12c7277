"""What the composition root hands to every edge: settings, engine, nudges, and the clock."""

from dataclasses import dataclass

from sqlalchemy import Engine

from tracker.kit.clock import Clock
from tracker.kit.settings import Settings
from tracker.kit.tasks import Nudger


@dataclass(frozen=True, slots=True)
class Runtime:
    """The tools of one process."""

    settings: Settings
    engine: Engine
    nudger: Nudger

    @property
    def clock(self) -> Clock:
        """Business time."""
        return self.settings.clock
