"""A few hundred events on few members and shops, and what they must come to however they arrive."""

from collections.abc import Mapping
from typing import Any

from tests.world import Shop, World, cancelled, confirmed, created, day, returned, updated

Told = tuple[Shop, dict[str, Any]]
Books = Mapping[tuple[str, int], int]
"""Kopecks by account and owner."""

MEMBERS = 6
SHOPS = 3
ORDERS = 90


def tell(world: World) -> int:
    """Everything that happens, into the inbox; how many events that were."""
    shops = [
        world.shop(f"shop-{number}", cashback=700 + 90 * number, commission=1_500)
        for number in range(SHOPS)
    ]
    members = [world.member() for _ in range(MEMBERS)]
    clicks = {
        (place, shop.id): world.click(member, shop)
        for place, member in enumerate(members)
        for shop in shops
    }
    sent = 0
    for number in range(ORDERS):
        shop = shops[number % SHOPS]
        for event in _life(number, clicks[number % MEMBERS, shop.id]):
            response = world.post(shop, event, webhook_id=f"msg_{sent}")
            assert response.status_code == 202, response.get_data()
            sent += 1
    return sent


def _life(number: int, click: str) -> list[dict[str, Any]]:
    """What a shop tells of one order; some of it before the order itself."""
    order, at = f"order-{number}", day(1 + number / 10)
    told = [created(order, click, 10 + number, 5.05, at=at)]
    if number % 2 == 0:
        told.append(returned(order, "R-1", {"1": 3.33}, at=day(20)))
    if number % 3 == 0:
        told.append(confirmed(order, at=day(15)))
    if number % 4 == 0:
        told.append(updated(order, click, 12 + number, 1, at=day(14)))
    if number % 5 == 0:
        told.append(returned(order, "R-2", {"2": 0.5}, at=day(25)))
    if number % 11 == 0:
        told.append(cancelled(order, at=day(22)))
    return told[::-1] if number % 7 == 0 else told


def close(world: World) -> Books:
    """End all holds, see that the proof finds nothing, and read the books."""
    stuck = world.query("SELECT * FROM inbox_events WHERE state <> 'done'")
    assert stuck == []
    world.end_holds(day(365))
    assert world.differences() == []
    rows = world.query("SELECT account, owner_id, sum(amount) FROM ledger_entries GROUP BY 1, 2")
    return {(row.account, row.owner_id): int(row.sum) for row in rows if row.sum}
