"""A shop with statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest

from partners.reconciliation.deciding import Decided, Say, Which, decide
from partners.reconciliation.models import ShopStatement
from partners.reconciliation.rules import Decision, Kind, days
from partners.reconciliation.service import File, match_again, save_format, statement_of, take
from partners.reconciliation.working import work
from tests.colleagues import BORIS
from tests.world import Shop, World, created, day
from tracker.kit.database import unit_of_work

DAYS = days(date(2010, 12, 1), date(2010, 12, 31))

OWN: Mapping[str, Any] = {
    "file": {"kind": "csv"},
    "columns": {
        "order_id": "order",
        "ordered_at": "day",
        "amount": "sum",
        "status": "status",
        "commission": "commission",
        "click_id": "click",
    },
    "statuses": {"open": "open", "confirmed": "confirmed", "returned": "returned", "-": "unsaid"},
    "numbers": {"unit": "rubles"},
    "dates": {"format": "%Y-%m-%d", "zone": "Europe/Moscow"},
}


@dataclass(slots=True)
class Desk:
    """Whoever reconciles one shop."""

    world: World
    shop: Shop

    def buys(self, order: str, *amounts: int, on: int = 0, member: int | None = None) -> str:
        """A member's order that the shop reports; the click's id."""
        click = self.world.click(member or self.world.member(), self.shop, day(on))
        self.world.tell(self.shop, created(order, click, *amounts, at=day(on)))
        return click

    def writes(self, told: Mapping[str, Any]) -> None:
        """The shop writes its statements so from now on."""
        with unit_of_work(self.world.tools.engine) as session:
            save_format(session, self.shop.id, told, "anna")

    def sends(
        self, *rows: Sequence[str], at: Any = DAYS, skip_faulty: bool = False
    ) -> ShopStatement:
        """A statement: number, day, sum, status, commission, click; as a worker leaves it."""
        header = ("order", "day", "sum", "status", "commission", "click")
        raw = "".join(",".join(row) + "\n" for row in (header, *rows)).encode()
        return self.sends_raw(raw, at=at, skip_faulty=skip_faulty)

    def sends_raw(self, raw: bytes, at: Any = DAYS, skip_faulty: bool = False) -> ShopStatement:
        with unit_of_work(self.world.tools.engine) as session:
            file = File("december.csv", at, skip_faulty)
            made = take(
                session, self.world.tools.settings.keys, self.shop.id, file, raw=raw, who="anna"
            )
        self.works()
        return self.statement(made.id)

    def statement(self, statement_id: int) -> ShopStatement:
        with unit_of_work(self.world.tools.engine) as session:
            return statement_of(session, self.shop.id, statement_id)

    def works(self) -> None:
        """A worker does all that waits."""
        tools = self.world.tools
        while work(tools.engine, tools.settings.keys, self.world.programme):
            pass

    def matches_again(self, statement: ShopStatement) -> ShopStatement:
        with unit_of_work(self.world.tools.engine) as session:
            match_again(session, statement_of(session, self.shop.id, statement.id))
        self.works()
        return self.statement(statement.id)

    def decides(
        self,
        statement: ShopStatement,
        decision: Decision,
        kind: Kind | None = None,
        at: datetime | None = None,
        **options: Any,
    ) -> Decided:
        say = Say(decision, "by agreement", BORIS, at or day(40))
        with unit_of_work(self.world.tools.engine) as session:
            which = Which(kind=kind)
            return decide(session, self.shop.id, statement.id, which, say, **options)

    def found(self) -> list[tuple[Any, ...]]:
        """Kind, number, figures and state of each finding."""
        rows = self.world.query("SELECT * FROM partner_findings ORDER BY order_id, kind, id")
        return [(row.kind, row.order_id, row.figures, row.state) for row in rows]

    def purchase(self, order: str) -> Any:
        (row,) = self.world.query("SELECT * FROM purchases WHERE order_id = :order", order=order)
        return row


@pytest.fixture
def desk(world: World) -> Desk:
    """A shop of 10 % cashback and 12 % commission, which writes as OWN says."""
    made = Desk(world, world.shop())
    made.writes(OWN)
    return made
