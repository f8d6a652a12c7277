"""A ledger with a past: postings of months, and which day each of them was recorded on."""

from datetime import datetime

from tests.signing_in import at
from tests.stories.months import earns
from tests.world import Shop, World, confirmed, created, day, returned
from tracker.kit.database import unit_of_work
from tracker.ledger.rollups import roll_up


def lives_through_a_winter(world: World) -> tuple[Shop, Shop]:
    """Two shops and four members: earned, paid, given back before and after, saved, owed."""
    tea, rail = world.shop("tea", cashback=1000, commission=1200), world.shop("rail", cashback=500)
    anna, boris, vera, gleb = world.members(4)
    for member, sum_ in ((anna, 300), (boris, 500), (vera, 2000)):
        earns(world, tea, member, sum_, on=member % 3 + 1)
    world.tell(rail, created("R-1", world.click(gleb, rail), 4000, 60, at=day(3)))
    world.tell(rail, returned("R-1", "back", {"2": 60}, at=day(9)))
    world.settle("2011-01", day(31))
    world.tell(tea, returned(f"order-{boris}-{boris % 3 + 1}-500", "late", at=day(40)))
    world.tell(rail, confirmed("R-1", at=day(35)))
    world.tell(tea, created("T-9", world.click(boris, tea, day(43)), 900, at=day(44)))
    world.tell(tea, created("T-7", world.click(vera, tea, day(32)), 2500, at=day(33)))
    world.tell(tea, confirmed("T-7", at=day(34)))
    cabinet = at(world, day(46)).signed_in(vera)
    cabinet.post("/api/v1/goals", json={"name": "чай", "target": "150.00"})
    ordered = cabinet.post("/api/v1/certificates", json={"amount": "100.00"})
    assert ordered.status_code == 201, ordered.get_json()
    world.settle("2011-02", day(62))
    world.change(
        "INSERT INTO purchase_flags (purchase_id, flag)"
        " SELECT id, 'many_orders' FROM purchases WHERE order_id IN ('R-1', 'T-9')"
    )
    world.tell(tea, created("T-8", world.click(anna, tea, day(62)), 700, 20, at=day(63)))
    return tea, rail


def is_recorded_long_ago(world: World) -> None:
    """Let postings have been recorded in the week before yesterday, in their order."""
    owner = world.change_as_owner
    triggers = "ALTER TABLE ledger_transactions {} TRIGGER ledger_transactions_append_only"
    owner(triggers.format("DISABLE"))
    owner(
        "UPDATE ledger_transactions SET recorded_at = date_trunc('day', now())"
        " - make_interval(hours => 24 + CAST(144 * placed AS integer))"
        " FROM (SELECT id AS moved, percent_rank() OVER (ORDER BY id DESC) AS placed"
        "       FROM ledger_transactions) AS places WHERE moved = id"
    )
    owner(triggers.format("ENABLE"))


def sums_up(world: World, days: int = 100) -> int:
    """Let days be summed up, so many at most; how many were."""
    for done in range(days):
        with unit_of_work(world.tools.engine) as session:
            if roll_up(session) is None:
                return done
    return days


def moments(world: World) -> list[datetime]:
    """When what is there was recorded, each moment once."""
    rows = world.query("SELECT DISTINCT recorded_at FROM ledger_transactions ORDER BY 1")
    return [row.recorded_at for row in rows]
