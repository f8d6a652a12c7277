"""A date that is too early, by mistake or on purpose, does not end a hold before its time."""

from datetime import datetime
from urllib.parse import urlencode

import pytest

from partners.credentials.rules import Secret
from partners.dialects.service import speak
from tests.world import BONUS, World, created, day, rubles
from tracker.kit.database import unit_of_work
from webhooks.dispatch import Dispatcher


@pytest.mark.parametrize(
    ("received", "ends"),
    [(day(29), day(59)), (day(1), day(31))],
    ids=["told-late", "told-at-once"],
)
def test_a_backdated_order_waits_from_its_receipt(
    world: World, received: datetime, ends: datetime
) -> None:
    """Ordered on the first day by its own word; the key stood in an address."""
    shop, member = world.shop("address", hold_days=30), world.member()
    click = world.click(member, shop, day(0))
    with unit_of_work(world.tools.engine) as session:
        speak(session, shop.id, "impact")
    said = {
        "Id": "1000.4533.155",
        "State": "PENDING",
        "Amount": "100",
        "Currency": "RUB",
        "Oid": "A-1",
        "SubId1": click,
        "EventDate": day(1).isoformat(),
    }
    key = Secret(1, shop.secret).shown["url_key"]
    answer = world.client().post(f"/webhooks/{shop.slug}?{urlencode({'key': key})}", json=said)
    assert answer.status_code == 202, answer.text
    while Dispatcher(world.tools.engine, world.programme, lambda _: received).handle_chunk():
        pass
    world.end_holds(ends - (day(1) - day(0)))
    assert world.balance(member).pending == rubles(10) + BONUS
    world.end_holds(ends)
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.differences() == []


def test_an_order_before_its_click_by_a_wrong_date_is_not_confirmed_at_once(world: World) -> None:
    """Proved, and written wrongly: the hold is counted from the click."""
    shop, member = world.shop("swapped", hold_days=30), world.member()
    click = world.click(member, shop, day(200))
    world.tell(shop, created("A-1", click, 100, at=day(201), ordered_at=day(9)))
    world.end_holds(day(229))
    assert world.balance(member).pending == rubles(10) + BONUS
    world.end_holds(day(230))
    assert world.balance(member).available == rubles(10) + BONUS
    assert world.differences() == []
