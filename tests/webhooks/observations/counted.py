"""What the tests of counting share: moments, a watch that writes when it is told to, the counts."""

from datetime import UTC, datetime, timedelta

from tests.world import Shop, World
from webhooks.observations.rules import Outcome
from webhooks.observations.watch import Watch

NOON = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def counts(world: World, shop_id: int) -> dict[str, int]:
    sql = "SELECT outcome, sum(count)::int AS sum FROM door_counts WHERE shop_id = :id GROUP BY 1"
    return {row.outcome: row.sum for row in world.query(sql, id=shop_id)}


def quiet(world: World) -> Watch:
    """It writes when the test says so."""
    return Watch(world.tools.engine, pause=None)


def see(watch: Watch, shop: Shop, outcome: Outcome, at: datetime, times: int = 1) -> None:
    for _ in range(times):
        watch.note(shop.id, outcome, at)
    watch.write()
