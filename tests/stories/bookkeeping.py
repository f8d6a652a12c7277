"""An operator whose statements may be told to differ, and what the stories see of the findings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from tests.colleagues import BORIS
from tests.stories.operators import Operator
from tests.world import BONUS, World, confirmed, created, day, rubles
from tracker.kit.clock import moscow_date
from tracker.kit.database import unit_of_work
from tracker.reconciliation.watching import compare_day
from tracker.settlement.ports import Answer, GatewayUnavailable, StatementLine, TopUp
from tracker.settlement.service import approve, start

DUE = rubles(100) + BONUS
PERIOD = "2011-01"


@dataclass(slots=True)
class Bookkeeper(Operator):
    """Its statement may be told to differ from what it did."""

    left_out: set[str] = field(default_factory=set)
    changed: dict[str, StatementLine] = field(default_factory=dict)
    added: list[StatementLine] = field(default_factory=list)
    breaks_off: bool = False

    def statement(self, day: date) -> Iterator[StatementLine]:
        lines = [
            self.changed.get(one.key, one)
            for one in Operator.statement(self, day)
            if one.key not in self.left_out
        ]
        lines += [one for one in self.added if moscow_date(one.at) == day]
        yield from sorted(lines, key=lambda line: (line.key, line.reference))
        if self.breaks_off:
            raise GatewayUnavailable("cut off")

    def submit(self, batch: Sequence[TopUp]) -> list[Answer]:
        return [
            replace(one, paid_at=self.paid_at.get(one.key)) for one in Operator.submit(self, batch)
        ]


@dataclass(frozen=True, slots=True)
class Later:
    """So many days from now; what was done is as long ago as it is."""

    days: int

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)

    def at(self, real: datetime) -> datetime:
        return real


def today() -> date:
    return moscow_date(datetime.now(UTC))


def three_due(world: World) -> Bookkeeper:
    """Three members with 300.00 each on the started list of January."""
    shop = world.shop(cashback=1000)
    for number, member in enumerate(world.members(3)):
        world.tell(shop, created(f"A-{number}", world.click(member, shop), 1000, at=day(1)))
        world.tell(shop, confirmed(f"A-{number}", at=day(2)))
    run = world.prepare(PERIOD, day(31))
    with unit_of_work(world.tools.engine) as session:
        approve(session, PERIOD, run.sha256, BORIS)
        start(session, PERIOD)
    return Bookkeeper()


def compare(world: World, operator: Operator, on: date | None = None) -> None:
    """The day after: the statement of the day on which it was paid."""
    compare_day(replace(world.watch_of(operator), clock=Later(3)), on or today())


def found(world: World) -> list[tuple[str, str, str, int | None, int | None, str]]:
    rows = world.query("SELECT * FROM settlement_findings ORDER BY kind, key, reference")
    return [(row.kind, row.key, row.detail, row.ours, row.theirs, row.state) for row in rows]
