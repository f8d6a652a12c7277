"""When events are sent: day by day, each day in file order or shuffled, once or several times."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.catalogue.draws import rank
from sandbox.replay.events import Event
from tracker.kit.clock import moscow_midnight

LAST_DAY = date(2011, 3, 31)
"""By its midnight every hold of a purchase made in 2010 is over: none is longer than 90 days."""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """What happens on a day, and at the midnight that ends it."""

    day: date
    events: list[Event]
    closes_at: datetime
    """The midnight that ends the day in Moscow: holds are ended as of it."""
    settles: str | None
    """The month, as ``2011-01``, that is settled at that midnight, after the holds; or none."""


def calendar(events: Iterable[Event], last_day: date = LAST_DAY) -> Iterator[BusinessDay]:
    """Every day from the first event's to the last one given, or the last event's if later."""
    by_day: defaultdict[date, list[Event]] = defaultdict(list)
    for event in events:
        by_day[event.day].append(event)
    for day in _days(min(by_day, default=last_day), max(by_day.keys() | {last_day})):
        next_day = day + _A_DAY
        yield BusinessDay(
            day=day,
            events=by_day[day],
            closes_at=moscow_midnight(next_day),
            settles=f"{next_day:%Y-%m}" if next_day.day == 1 else None,
        )


def schedule(day_events: Iterable[Event], copies: int = 1, seed: int | None = None) -> list[Event]:
    """A day's events, each several times over, in file order or in the order of a seed.

    Without a seed an event's copies follow each other. Raises ValueError for less than one copy.
    """
    if copies < 1:
        raise ValueError("every event is sent at least once")
    numbered = [(copy, event) for event in day_events for copy in range(copies)]
    if seed is not None:
        numbered.sort(key=lambda one: rank(f"{seed}:{one[0]}:{one[1].shop}:{one[1].webhook_id}"))
    return [event for _, event in numbered]


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _A_DAY
