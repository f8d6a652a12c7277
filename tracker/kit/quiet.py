"""Hours of the day in which nobody is to be disturbed. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time

from tracker.kit.clock import MOSCOW

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begins`` (included) to ``ends`` (not) by Moscow's clock, over midnight as a rule."""

    begins: time
    ends: time

    def __contains__(self, moment: datetime) -> bool:
        now = moment.astimezone(MOSCOW).time()
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends


def quiet_hours_from(text: str) -> QuietHours | None:
    """Read ``22:00-09:00``; None when it is empty. Raises ValueError."""
    if not text:
        return None
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError("must be written as 22:00-09:00, or be empty")
    begins, ends = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if begins == ends:
        raise ValueError("must end at another time than it begins")
    return QuietHours(begins, ends)
