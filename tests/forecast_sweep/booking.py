"""A generated world in a real database: reported, confirmed, returned and decided there."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from partners.links.service import Visit, follow
from tests.forecast_sweep.worlds import NEVER, Purchase, World
from tests.world import Shop
from tests.world import World as House
from tracker.clicks.rules import OnHoldEnd
from tracker.kit.database import unit_of_work
from tracker.purchases.contracts import (
    Line,
    PurchaseConfirmed,
    PurchaseReport,
    PurchaseReturned,
    PurchaseStated,
)
from tracker.purchases.jobs import end_due_holds
from tracker.purchases.service import Programme, book, decide

NO_GIFTS = Programme(welcome_bonus=0, referral_reward=0)
_SILENCE = {True: OnHoldEnd.CONFIRM, False: OnHoldEnd.REJECT, None: OnHoldEnd.WAIT_FOR_STAFF}
_CASHBACK = 10
"""Of so many kopecks paid one is cashback."""


def put(house: House, world: World, today: datetime) -> dict[int, Shop]:
    """Let all that happened until today be booked; the shops by their numbers in the world."""
    shops = {
        one.id: house.shop(
            f"shop-{one.id}", hold_days=int(one.hold), on_hold_end=_SILENCE[one.silence]
        )
        for one in world.shops
    }
    members = house.members(len(world.people), joined=today - timedelta(days=400))
    purchases = sorted(world.purchases, key=lambda one: one.at)
    with unit_of_work(house.tools.engine) as session:
        visits = [
            Visit(members[one.member], shops[one.shop.id].id, _moment(today, one.at))
            for one in purchases
        ]
        clicks = [click.id for click in follow(session, visits, timedelta(days=30))]
    reports = [
        report
        for number, (one, click) in enumerate(zip(purchases, clicks, strict=True))
        for report in _reports(one, f"order-{number}", click, shops[one.shop.id].id, today)
    ]
    for batch in _batches(sorted(reports, key=lambda one: one.at)):
        with unit_of_work(house.tools.engine) as session:
            assert book(session, batch, NO_GIFTS) == {}
    while end_due_holds(house.tools.engine, today, NO_GIFTS):
        pass
    for number, one in enumerate(purchases):
        _decide(house, one, f"order-{number}", shops[one.shop.id].id, today)
    for person, member in zip(world.people, members, strict=True):
        if not person.is_paid:
            house.change("UPDATE members SET auto_payment = false WHERE id = :id", id=member)
    return shops


def _batches(reports: list[PurchaseReport]) -> Iterator[list[PurchaseReport]]:
    """Reports that may be booked together: of one purchase each its own, as they come in life."""
    batch: dict[str, PurchaseReport] = {}
    for one in reports:
        if one.order_id in batch or len(batch) == 200:
            yield list(batch.values())
            batch = {}
        batch[one.order_id] = one
    yield list(batch.values())


def _moment(today: datetime, at: float) -> datetime:
    return today + timedelta(days=at)


def _reports(
    one: Purchase, order: str, click: str, shop_id: int, today: datetime
) -> Iterator[PurchaseReport]:
    ordered_at = _moment(today, one.at)
    line = Line("1", 1, one.amount * _CASHBACK)
    yield PurchaseStated(
        shop_id, order, ordered_at, f"{order} stated", False, click, ordered_at, (line,)
    )
    said, confirmed = one.word
    at = _moment(today, one.at + said) if said < NEVER else today
    if said < one.shop.hold and at < today:
        if confirmed:
            yield PurchaseConfirmed(shop_id, order, at, f"{order} confirmed")
        else:
            yield PurchaseReturned(shop_id, order, at, f"{order} returned", "R-1", None)
    age, confirmed = one.ends
    if confirmed and one.taken_back < -one.at - age:
        back = _moment(today, one.at + age + one.taken_back)
        if age != one.shop.hold:
            yield PurchaseReturned(shop_id, order, back, f"{order} taken back", "R-2", None)


def _decide(house: House, one: Purchase, order: str, shop_id: int, today: datetime) -> None:
    """What staff say of a purchase that waited for them."""
    silent = one.word[0] >= one.shop.hold and one.shop.silence is None
    at = _moment(today, one.at + one.shop.hold + one.decided[0])
    if silent and at < today:
        found = "SELECT id FROM purchases WHERE shop_id = :shop AND order_id = :order"
        (row,) = house.query(found, shop=shop_id, order=order)
        outcome = OnHoldEnd.CONFIRM if one.decided[1] else OnHoldEnd.REJECT
        with unit_of_work(house.tools.engine) as session:
            decide(session, row.id, outcome, at, NO_GIFTS)
