"""A list waits for its approval, and its money is spent and earned again: what reports tell of the
days in between does not depend on how much of the ledger was summed up meanwhile."""

from datetime import datetime

import pytest

from tests.colleagues import BORIS
from tests.stories.months import FIRST, earns
from tests.stories.operators import Operator, work
from tests.tracker.certificates.saving import buy
from tests.tracker.reports.asking import reading
from tests.tracker.reports.pasts import is_recorded_long_ago, sums_up
from tests.world import World, confirmed, created, day, rubles
from tracker.kit.database import unit_of_work
from tracker.purchases.service import Programme
from tracker.settlement.ports import Outcome
from tracker.settlement.service import approve, start


def figures(world: World, at: datetime) -> dict[str, int]:
    with reading(world, "liability", as_of=at) as found:
        return dict(found.figures() or {})


@pytest.mark.parametrize("says", [Outcome.PAID, Outcome.FAILED])
def test_nobody_is_below_zero_in_between(world: World, says: Outcome) -> None:
    """The list of the 1st is sent on the 4th. The member has ordered a certificate of the same
    money on the 2nd, and earned as much again on the 3rd."""
    world.programme = Programme(welcome_bonus=0)
    shop, (member, other) = world.shop(cashback=1000), world.members(2)
    earns(world, shop, member, 100, on=1)
    earns(world, shop, other, 70, on=2)
    run = world.prepare("2011-01", FIRST)
    buy(world, member, 100, now=day(32))
    world.tell(shop, created("again", world.click(member, shop, day(32)), 1000, at=day(33)))
    world.tell(shop, confirmed("again", at=day(33)))
    with unit_of_work(world.tools.engine) as session:
        approve(session, "2011-01", run.sha256, BORIS)
        start(session, "2011-01")
    work(world, Operator(acts=says is Outcome.PAID, says=says))
    for number in range(12):  # life goes on
        world.tell(shop, created(f"o{number}", world.click(other, shop, day(40)), 100, at=day(41)))

    before = figures(world, day(32.5))
    is_recorded_long_ago(world)
    assert sums_up(world)

    assert figures(world, day(32.5)) == before
    assert before["debts"] == 0
    assert before["available"] == (0 if says is Outcome.PAID else rubles(70))
    assert world.differences() == []
