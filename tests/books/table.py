"""What a game of random acts is played on: the world, the dice, the time, and what is there."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.stories.operators import Operator
from tests.tracker.certificates.salon import salon_of
from tests.world import Shop, World, day
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.clock import FixedClock
from tracker.kit.errors import TrackerError


@dataclass(slots=True)
class Table:
    """One game. ``days`` is how many have passed since the beginning."""

    world: World
    dice: Random
    shops: Sequence[Shop]
    members: Sequence[int]
    days: float = 1.0
    orders: list[tuple[Shop, str]] = field(default_factory=list)
    operator: Operator = field(default_factory=Operator)
    settled: int = 0
    waits: tuple[str, str] | None = None
    """The month's list that awaits a second person, and its hash."""
    closed: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """The documents of each closed month as they were then."""
    did: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _serial: int = 0

    @property
    def now(self) -> datetime:
        return day(self.days)

    def earlier(self) -> datetime:
        """Now, or some time before."""
        back = self.dice.choice((0, 0, 0, 0.5, 3, 12, 40)) * self.dice.random()
        return day(max(0.0, self.days - back))

    def name(self, prefix: str) -> str:
        """A name that nothing has."""
        self._serial += 1
        return f"{prefix}-{self._serial}"

    def one_of(self, sql: str) -> Any:
        """A row by chance, or nothing."""
        rows = self.world.query(sql)
        return self.dice.choice(rows) if rows else None

    def play(self, acts: Sequence[Callable[["Table"], None]], count: int) -> None:
        """So many acts by chance; what is refused is refused."""
        tools = self.world.tools
        for _ in range(count):
            self.days += self.dice.random() * 1.6
            clock = FixedClock(self.now)
            self.world.tools = replace(tools, settings=replace(tools.settings, clock=clock))
            act = self.dice.choice(acts)
            try:
                act(self)
                self.did[act.__name__] += 1
            except TrackerError as error:
                self.refused[f"{act.__name__}: {error.code}"] += 1


def laid(world: World, seed: int) -> Table:
    """A table with three shops, five members and a salon."""
    shops = [
        world.shop("tea", cashback=1000, commission=1200, hold_days=10),
        world.shop(
            "rail", cashback=333, commission=500, hold_days=20, on_hold_end=OnHoldEnd.REJECT
        ),
        world.shop("zero", cashback=2500, commission=2500, hold_days=5),
    ]
    salon_of(world)
    members = world.members(5, joined=day(0) - timedelta(hours=1))
    return Table(world, Random(seed), shops, members)
