"""A few hundred events on few members and shops, and what they must come to however they arrive."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.world import Shop, World, cancelled, confirmed, created, day, returned, updated

Books = Mapping[tuple[str, int], int]
"""Kopecks by account and owner."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One event on its way."""

    shop: Shop
    webhook_id: str
    event: dict[str, Any]


MEMBERS = 6
SHOPS = 3
ORDERS = 90


def letters(world: World) -> list[Letter]:
    """Everything that will be told, in the order of sending; the shops and members are there."""
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
    told = [
        (shops[number % SHOPS], event)
        for number in range(ORDERS)
        for event in _life(number, clicks[number % MEMBERS, shops[number % SHOPS].id])
    ]
    # What is told of one order comes by different workers, in no order.
    Random(7).shuffle(told)
    return [Letter(shop, f"msg_{place}", event) for place, (shop, event) in enumerate(told)]


def tell(world: World) -> int:
    """Send all of it; how many events that were."""
    written = letters(world)
    for one in written:
        assert world.post(one.shop, one.event, webhook_id=one.webhook_id).status_code == 202
    return len(written)


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
