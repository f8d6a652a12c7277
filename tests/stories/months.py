"""Months of the stories: money earned before the 1st, lists drawn up, approved and begun."""

from tests.colleagues import BORIS
from tests.world import Shop, World, confirmed, created, day
from tracker.kit.database import unit_of_work
from tracker.settlement.models import SettlementRun
from tracker.settlement.service import approve, start

FIRST = day(31)
"""1 January 2011 in Moscow."""


def earns(world: World, shop: Shop, member: int, cashback: float, on: float = 1) -> None:
    """The member has so many roubles more available."""
    order = f"order-{member}-{on}-{cashback}"
    world.tell(shop, created(order, world.click(member, shop), cashback * 10, at=day(on)))
    world.tell(shop, confirmed(order, at=day(on)))


def approved(world: World, period: str = "2011-01") -> SettlementRun:
    """A list that anna prepared and boris approved."""
    run = world.prepare(period, FIRST)
    with unit_of_work(world.tools.engine) as session:
        return approve(session, period, run.sha256, BORIS)


def started(world: World, period: str = "2011-01") -> None:
    """A list that was prepared, approved and given to the workers."""
    approved(world, period)
    with unit_of_work(world.tools.engine) as session:
        start(session, period)
