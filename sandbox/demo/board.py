"""What there is to see at a moment, whatever way it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue

from sandbox.demo import traffic
from sandbox.demo.outcome import Tally
from tracker.kit.clock import MOSCOW


@dataclass(frozen=True, slots=True)
class Figures:
    """The product's own figures; sums are kopecks."""

    waiting: int = 0
    pending: int = 0
    confirmed: int = 0
    rejected: int = 0
    nobodys: int = 0
    pending_sum: int = 0
    available_sum: int = 0
    in_flight_sum: int = 0
    paid_sum: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """The latest month's run, and how its payouts stand."""

    period: str
    state: str
    outcome: tuple[Tally, ...] = ()


@dataclass(slots=True)
class Board:
    """Written by several threads, each its own part, and read by the one that shows it."""

    url: str
    tally: traffic.Tally
    moment: datetime
    figures: Figures = Figures()
    month: Month | None = None
    news: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def tell(self, text: str) -> None:
        """Something that happened, in a line or a few."""
        self.news.put(text)

    def new_lines(self) -> list[str]:
        """What was told since the last look."""
        found = []
        while True:
            try:
                found.append(self.news.get_nowait())
            except Empty:
                return found


def day_of(moment: datetime) -> str:
    """A business date as people write it."""
    local = moment.astimezone(MOSCOW)
    return f"{local.day} {local:%B %Y}"


def rub(kopecks: int) -> str:
    """A sum as people read it: ``12,345.60 RUB``."""
    sign = "-" if kopecks < 0 else ""
    whole, cents = divmod(abs(kopecks), 100)
    return f"{sign}{whole:,}.{cents:02d} RUB"


def standing(outcome: Sequence[Tally]) -> str:
    """Payouts in words: ``123 paid, 87,977.06 RUB; 12 withheld, 9,906.91 RUB``."""
    words = [f"{one.count} {one.state.replace('_', ' ')}, {rub(one.amount)}" for one in outcome]
    return "; ".join(words) or "nobody was due anything"
